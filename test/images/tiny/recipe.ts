import type { LayerRecipe, Recipe } from '../recipe.ts';

/** One program of this machine and what it is linked with. */
const program: LayerRecipe = {
  script: `{ echo /bin/sleep; ldd /bin/sleep | grep -o '/[^ ]*'; } | sort -u |
    xargs cp --parents --dereference --target-directory "$ROOT"
    mkdir "$ROOT/etc"; printf 'root:x:0:0::/:/bin/sh\\n' >"$ROOT/etc/passwd"`,
};

/** What a release puts on the host: `more` are files that other releases have not. */
function exported(release: string, ...more: string[]): LayerRecipe {
  return {
    script: `cd "$ROOT"; mkdir -p exports/hostfs/usr/local/bin exports/hostfs/etc/tiny/conf.d
      echo '{"version": "1.0"}' >exports/manifest.json
      echo 'd $STATE_DIRECTORY/$NAME 0700 root root -' >exports/tmpfiles.template
      echo 'echo ${release}' >exports/hostfs/usr/local/bin/tiny; chmod 755 exports/hostfs/usr/local/bin/tiny
      ln -s tiny exports/hostfs/usr/local/bin/tiny-link
      for file in release ${more.join(' ')}; do echo ${release} >exports/hostfs/etc/tiny/conf.d/$file; done`,
  };
}

/** The smallest service that brings everything that a change puts on a host: what crash tests install again and again. */
export const tiny: Recipe = {
  name: 'tiny',
  tags: ['1', 'latest'],
  folder: import.meta.dirname,
  layers: [program, exported('1', 'old', 'both')],
  config: { Cmd: ['/bin/sleep', 'infinity'], StopSignal: 'SIGKILL' },
};

/** Its next release: a file is gone, one is new, one has changed. */
export const tinyNext: Recipe = {
  ...tiny,
  name: 'tiny-next',
  tags: ['2', 'latest'],
  layers: [program, exported('2', 'both', 'new')],
};
