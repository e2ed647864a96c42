import { build } from './build.mjs';

build();
process.argv[1] = new URL('../dist/main.js', import.meta.url).pathname;
await import('../dist/main.js');
