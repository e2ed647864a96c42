import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { below } from './random.js';
import type { Traced } from './strace.js';

type Change = { readonly offset: number; readonly bytes: Buffer } | { readonly size: number };
interface File { content: Buffer; pending: Change[] }

const SECTOR = 512;

/**
 * A disk that keeps what was synced, and of the rest whatever it likes: each write that was not synced before the power went is there, is not there, or
 * is there sector by sector. Names of files are durable at once, which is the limit of this imitation; memory that is shared (-shm) is gone.
 */
export class Disk {
  private readonly files = new Map<string, File>();

  constructor(private readonly dir: string) {
    for (const name of readdirSync(dir)) if (statSync(join(dir, name)).isFile() && this.isKept(name)) this.files.set(name, { content: readFileSync(join(dir, name)), pending: [] });
  }

  private isKept(name: string): boolean {
    return !name.endsWith('-shm');
  }

  apply(op: Traced): void {
    if (op.call === 'send' || dirname(op.path) !== this.dir) return;
    const name = basename(op.path);
    if (!this.isKept(name)) return;
    if (op.call === 'remove') return void this.files.delete(name);
    const file = this.files.get(name) ?? { content: Buffer.alloc(0), pending: [] };
    this.files.set(name, file);
    if (op.call === 'write') file.pending.push({ offset: op.offset, bytes: op.bytes });
    else if (op.call === 'truncate') file.pending.push({ size: op.size });
    else if (!op.failed) {
      file.content = file.pending.reduce(changed, file.content);
      file.pending = [];
    }
  }

  /** What lies there after the power went now. @returns how many changes had not been synced */
  writeImage(target: string, names: (name: string) => boolean, random: () => number): number {
    mkdirSync(target, { recursive: true });
    // Nothing of it, all of it, or anything in between: the ends are the likely ones in real life.
    const mood = below(random, 4);
    let unsynced = 0;
    for (const [name, { content, pending }] of this.files) {
      if (!names(name)) continue;
      unsynced += pending.length;
      const kept = mood === 0 ? [] : mood === 1 ? pending : pending.flatMap((change) => this.some(change, random));
      writeFileSync(join(target, name), kept.reduce(changed, content));
    }
    return unsynced;
  }

  private some(change: Change, random: () => number): readonly Change[] {
    const fate = below(random, 3);
    if (fate === 0) return [];
    if (fate === 1 || 'size' in change) return [change];
    const sectors: Change[] = [];
    for (let at = 0; at < change.bytes.length;) {
      // As the disk cuts it: at multiples of its sectors.
      const until = Math.min(change.bytes.length, at + SECTOR - ((change.offset + at) % SECTOR));
      if (below(random, 2) === 0) sectors.push({ offset: change.offset + at, bytes: change.bytes.subarray(at, until) });
      at = until;
    }
    return sectors;
  }
}

function changed(content: Buffer, change: Change): Buffer {
  if ('size' in change) return change.size <= content.length ? Buffer.from(content.subarray(0, change.size)) : Buffer.concat([content, Buffer.alloc(change.size - content.length)]);
  const end = change.offset + change.bytes.length;
  const grown = end > content.length ? Buffer.concat([content, Buffer.alloc(end - content.length)]) : Buffer.from(content);
  change.bytes.copy(grown, change.offset);
  return grown;
}
