import { base } from '../base/recipe.ts';
import type { Compression, LayerRecipe, Recipe } from '../recipe.ts';

// Images for the bench alone, of Debian's packages: `bench` has some 35,000 files, 850 MB, in four gzip layers of
// 230 MB, `bench-small` has its lower two, a fifth of it. Of each there are four relatives:
//   -gzip, -zstd      one layer: of `bench` without its uppermost, 640 MB
//   -release, -next   with a release of an application on top: 10 MB that are others in each of them

/** Maps some megabytes of its files and then does nothing: what services of one image can share of them. */
const PROGRAM = 'use POSIX; use Socket; use Storable; use Encode; POSIX::pause()';

const TOOLS: LayerRecipe = { packages: ['git', 'perl', 'vim-runtime'] };
const GO: LayerRecipe = { packages: ['golang-go', 'golang-src'] };
const BOOST: LayerRecipe = { packages: ['libboost-dev'] };

const small = installed('bench-small', [TOOLS]);
const most = { ...installed('bench-most', [TOOLS, GO]), tags: [] };
const whole = installed('bench', [TOOLS, GO, BOOST]);

function installed(name: string, layers: LayerRecipe[]): Recipe {
  return {
    name,
    tags: ['latest'],
    folder: import.meta.dirname,
    from: base,
    layers,
    config: { ...base.config, Cmd: ['/usr/bin/perl', '-e', PROGRAM], StopSignal: 'SIGKILL' },
  };
}

/** All files of an image in one layer. */
function single(of: Recipe, name: string, compression: Compression): Recipe {
  const { from: _, ...rest } = of;
  return {
    ...rest,
    name,
    tags: ['latest'],
    layers: [{ script: `node $FOLDER/flatten.ts ${of.name} "$ROOT"`, compression }],
  };
}

function release(of: Recipe, name: string): Recipe {
  const script = `mkdir -p "$ROOT/opt/application"
    for number in $(seq 100); do head -c 100000 /dev/urandom >"$ROOT/opt/application/$number"; done`;
  return { ...of, name, from: of, layers: [{ script }] };
}

function relatives(of: Recipe, flat: Recipe): Recipe[] {
  return [
    single(flat, `${of.name}-gzip`, 'gzip'),
    single(flat, `${of.name}-zstd`, 'zstd'),
    release(of, `${of.name}-release`),
    release(of, `${of.name}-next`),
  ];
}

export const benchImages: Recipe[] = [
  small,
  ...relatives(small, small),
  most,
  whole,
  ...relatives(whole, most),
];
