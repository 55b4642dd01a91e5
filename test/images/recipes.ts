import { base } from './base/recipe.ts';
import { benchImages } from './bench/recipe.ts';
import { bigfile } from './bigfile/recipe.ts';
import { docker } from './docker/recipe.ts';
import { etcd } from './etcd/recipe.ts';
import { flanneld } from './flanneld/recipe.ts';
import { httpd } from './httpd/recipe.ts';
import { httpdPlain, httpdUser } from './httpd-plain/recipe.ts';
import { late, listener, listenerShipped } from './listener/recipe.ts';
import { missingValue } from './missing-value/recipe.ts';
import { readyCheck, readyLabel, readyNotify } from './ready/recipe.ts';
import type { Recipe } from './recipe.ts';
import { roots } from './roots/recipe.ts';
import { broken, crashing, sleeper } from './simple/recipe.ts';
import { tiny, tinyNext } from './tiny/recipe.ts';
import { whiteouts } from './whiteouts/recipe.ts';

/** The images that every registry of a test serves; a recipe comes after the one it is made from. */
export const STANDARD: Recipe[] = [
  base,
  etcd,
  flanneld,
  docker,
  httpdPlain,
  httpdUser,
  httpd,
  broken,
  crashing,
  sleeper,
  listener,
  listenerShipped,
  late,
  missingValue,
  readyCheck,
  readyLabel,
  readyNotify,
  tiny,
  tinyNext,
  whiteouts,
  ...roots,
];

/** Built only for who asks: it takes time and space. */
export const BIG: Recipe[] = [bigfile, ...benchImages];
