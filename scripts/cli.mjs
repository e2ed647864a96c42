import { build } from './build.mjs';

build();
process.argv[1] = new URL('../dist/cli.js', import.meta.url).pathname;
await import('../dist/cli.js');
