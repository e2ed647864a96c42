import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transform, type Options } from '@swc/core';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const SRC = join(ROOT, 'src');
/** Inside node_modules, so that package imports resolve. */
const CACHE = join(ROOT, 'node_modules', '.cache', 'committee-compiled');
/** What the program finds beside its own folder, as it does beside dist/. */
const BESIDE = ['package.json', 'data', 'docs', 'schema.graphql', 'web'];
const KEPT_FOR_MS = 24 * 3600 * 1000;

const OPTIONS: Options = {
  swcrc: false, configFile: false, sourceMaps: 'inline',
  jsc: {
    target: 'es2022', parser: { syntax: 'typescript', decorators: true }, keepClassNames: true,
    transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
  },
  module: { type: 'es6' },
};

/** A defect that is seeded into a copy of the program, so that a test is seen red: a text that stands once in a file of `src/`, and what stands there instead. */
export interface Defect { readonly file: string; readonly text: string; readonly instead: string }

/**
 * src/ as JavaScript, for tests that start a second, real process: the folder that stands for dist/. Compiled once a content,
 * without type check (1 s instead of 5 s); safe when several tests ask at once. `defects` go into the copy only.
 */
export async function compiledSrc(defects: readonly Defect[] = []): Promise<string> {
  const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) => statSync(join(SRC, file)).isFile()).sort();
  const contents = files.map((file) => defects.filter((defect) => defect.file === file).reduce(withDefect, readFileSync(join(SRC, file))));
  for (const { file } of defects) if (!files.includes(file)) throw new Error(`There is no src/${file} to seed a defect into`);
  const hash = createHash('sha256').update(JSON.stringify([OPTIONS, BESIDE]));
  files.forEach((file, i) => hash.update(`\0${file}\0`).update(contents[i] as Buffer));
  const home = join(CACHE, hash.digest('hex').slice(0, 16));
  if (existsSync(home)) {
    utimesSync(home, new Date(), new Date());
    return join(home, 'dist');
  }

  mkdirSync(CACHE, { recursive: true });
  for (const old of readdirSync(CACHE)) if (Date.now() - statSync(join(CACHE, old)).mtimeMs > KEPT_FOR_MS) rmSync(join(CACHE, old), { recursive: true, force: true });
  const draft = mkdtempSync(join(CACHE, 'draft-'));
  for (const name of BESIDE) if (existsSync(join(ROOT, name))) symlinkSync(relative(draft, join(ROOT, name)), join(draft, name));
  await Promise.all(files.map(async (file, i) => {
    const target = join(draft, 'dist', file.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(target), { recursive: true });
    if (!file.endsWith('.ts')) cpSync(join(SRC, file), target);
    else if (!file.endsWith('.d.ts')) writeFileSync(target, (await transform((contents[i] as Buffer).toString(), { ...OPTIONS, filename: join(SRC, file) })).code);
  }));
  try {
    renameSync(draft, home);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    // Another test was faster.
    if (!existsSync(home)) throw error;
  }
  return join(home, 'dist');
}

function withDefect(content: Buffer, { file, text, instead }: Defect): Buffer {
  const parts = content.toString().split(text);
  // A control that breaks nothing would prove nothing.
  if (parts.length !== 2) throw new Error(`"${text}" stands ${parts.length - 1} times in src/${file}, not once: the defect has to be written anew`);
  return Buffer.from(parts.join(instead));
}
