import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const MISSING = 'this machine has no strace, or lets nobody trace (apt-get install strace)';

/** Undefined where system calls can be watched and made to fail; else why not (where.ts). */
export const straceMissing: string | undefined = ((): string | undefined => {
  const tried = spawnSync('strace', ['-f', '--seccomp-bpf', '-qq', '-o', '/dev/null', '-e', 'trace=fsync', '-e', 'inject=fsync:error=EIO:when=1', 'true']);
  return tried.status === 0 ? undefined : MISSING;
})();

/** One call that changes files, or bytes that leave the process, in the order in which they happened. */
export type Traced =
  | { readonly call: 'write'; readonly path: string; readonly offset: number; readonly bytes: Buffer }
  | { readonly call: 'truncate'; readonly path: string; readonly size: number }
  | { readonly call: 'sync'; readonly path: string; readonly failed: boolean }
  | { readonly call: 'remove'; readonly path: string }
  | { readonly call: 'send'; readonly bytes: Buffer };

/** The highest position that a `castPosition` among these bytes was answered with; 0: none. */
export const toldIn = (bytes: Buffer): number => Math.max(0, ...[...bytes.toString('latin1').matchAll(/"castPosition":\{[^}]*"position":"(\d+)"/g)].map((found) => Number(found[1])));

/** What strace is asked for, so that `readTrace` can read it: whole buffers, in hex. */
export const TRACE_OPTIONS: readonly string[] = ['-f', '--seccomp-bpf', '-y', '-qq', '-xx', '-s', '262144', '-e', 'trace=pwrite64,fsync,fdatasync,ftruncate,unlink,write,writev,sendto,sendmsg'];

const unhex = (text: string): Buffer => Buffer.from(text.replaceAll('\\x', ''), 'hex');

/**
 * Reads what strace wrote with TRACE_OPTIONS. A call that another thread's came into stands at its end if it is a sync, and at its beginning if not: what
 * is not known to be finished is not taken for durable, and what may have been done is taken for done.
 */
export function readTrace(file: string): readonly Traced[] {
  const found: Traced[] = [];
  const unfinished = new Map<string, string>();
  for (const line of readFileSync(file, 'latin1').split('\n')) {
    const [, thread, call] = /^(\d+)\s+(.*)$/.exec(line) ?? [];
    if (thread === undefined || call === undefined) continue;
    const resumed = /^<\.\.\. (\w+) resumed>/.exec(call);
    if (resumed) {
      const begun = unfinished.get(thread);
      unfinished.delete(thread);
      if (begun?.startsWith('f') && /sync$/.test(resumed[1] ?? '')) add(found, `${begun}${call.slice(resumed[0].length)}`);
    } else if (call.endsWith('<unfinished ...>')) {
      const begun = call.slice(0, -'<unfinished ...>'.length).trimEnd();
      unfinished.set(thread, begun);
      if (!/^f(data)?sync/.test(begun)) add(found, begun);
    } else add(found, call);
  }
  return found;
}

function add(found: Traced[], call: string): void {
  const name = /^\w+/.exec(call)?.[0];
  // With -xx the path in the brackets is in hex too.
  const path = (): string => unhex(/^\w+\(\d+<([^>]*)>/.exec(call)?.[1] ?? '').toString();
  switch (name) {
    case 'pwrite64': {
      const [, text, offset] = /, "((?:\\x[0-9a-f]{2})*)", \d+, (\d+)/.exec(call) ?? [];
      if (text === undefined) throw new Error(`A write that cannot be read: ${call.slice(0, 200)}`);
      found.push({ call: 'write', path: path(), offset: Number(offset), bytes: unhex(text) });
      break;
    }
    case 'ftruncate': found.push({ call: 'truncate', path: path(), size: Number(/, (\d+)/.exec(call)?.[1]) }); break;
    case 'fsync': case 'fdatasync': found.push({ call: 'sync', path: path(), failed: / = -1 /.test(call) }); break;
    case 'unlink': found.push({ call: 'remove', path: unhex(/^unlink\("([^"]*)"/.exec(call)?.[1] ?? '').toString() }); break;
    default: {
      const texts = [...call.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)].map((match) => unhex(match[1] as string));
      if (texts.length > 0) found.push({ call: 'send', bytes: Buffer.concat(texts) });
    }
  }
}
