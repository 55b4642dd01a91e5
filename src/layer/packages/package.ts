/** An installed package of an image, as the database of its package manager has it. */
export interface Package {
  manager: 'apk' | 'dpkg' | 'rpm';
  name: string;
  version: string;
  architecture: string;
  /** Bytes, as the package says; null where it does not. */
  size: number | null;
}

/** More than any image has, and few enough for memory. */
const MOST_PACKAGES = 100_000;

const LONGEST = 255;

/** Names, versions and architectures of all package managers are made of these. */
const WORD = /^[\w.+~^:@%-]+$/;

/**
 * The package that a database describes, with what it says checked: an image writes what it wants. Throws an
 * Error that says what is wrong.
 */
export function checkPackage(described: Package): Package {
  for (const part of ['name', 'version', 'architecture'] as const) {
    const text = described[part];
    if (text.length > LONGEST || !WORD.test(text)) throw new Error(`a package has no valid ${part}`);
  }
  const isSize = Number.isSafeInteger(described.size) && Number(described.size) >= 0;
  return isSize ? described : { ...described, size: null };
}

/** Throws an Error when there are more packages than any image has. */
export function checkCount(packages: number): void {
  if (packages > MOST_PACKAGES) throw new Error(`more than ${MOST_PACKAGES} packages`);
}
