/** What stands for the name of an image in a service that has none: the path of its root file system. */
export function rootfsImageName(named: string): string {
  return `rootfs:${named}`;
}

/** No registry's host can be called so: a port has digits. */
export function isRootfsImageName(name: string): boolean {
  return name.startsWith('rootfs:/');
}
