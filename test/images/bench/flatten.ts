import { execa } from 'execa';
import { imageDirectory } from '../cache.ts';
import { benchImages } from './recipe.ts';

// Usage: flatten.ts NAME ROOT. Unpacks all layers of an image of this folder that is built into a directory.

const [name, root = ''] = process.argv.slice(2);
const recipe = benchImages.find((each) => each.name === name);
if (recipe === undefined) throw new Error(`no such image: ${name}`);
await execa('umoci', ['raw', 'unpack', '--image', `${await imageDirectory(recipe)}/layout:${name}`, root]);
