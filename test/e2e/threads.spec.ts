import { statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { LOG_FILE } from '../../src/event-store/log-file.js';
import { compiledSrc } from '../support/compiled.js';
import { entriesOf, truthOf } from '../support/log-truth.js';
import { prepared, RealServer } from '../support/real-server.js';
import { Voter } from '../support/voters.js';

const CLIENTS = 8;

describe('The program', () => {
  it('ends with 70 when its thread that writes ends by an error of ours: nobody waits for ever, and what was acknowledged is there at the next start', async () => {
    const at = await prepared(CLIENTS);
    const dist = await compiledSrc([{ file: 'serve-writing.ts', text: 'onAppended: server.appended }', instead: "onAppended: (entries, seconds) => { server.appended(entries, seconds); if (entries[0].position > Number(process.env.FAILS_AFTER)) setTimeout(() => { throw new Error('of ours'); }); } }" }]);
    const server = await RealServer.start(dist, at.dataDir, { env: { THREADS: '2', FAILS_AFTER: String(at.head + 40) } });
    const voters = Voter.of(at, CLIENTS);
    let over = false;
    const ended = server.ended.finally(() => { over = true; });
    await Promise.all(voters.map((voter) => voter.until(server, () => over, () => undefined).catch(() => undefined)));
    expect(await ended).toBe(70);
    const lines = server.stderr.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as { level: number; msg: string; err: { message: string; stack: string } });
    expect(lines.map(({ level, msg }) => [level, msg])).toEqual([[60, 'what was not answered may be recorded or not, so this process ends']]);
    expect(lines[0]?.err.message).toMatch(/^The thread that decides has ended: of ours$/);

    const acknowledged = voters.flatMap((voter) => [...voter.acknowledged.values()]);
    expect(acknowledged.length).toBeGreaterThan(30);
    const pending = new Set(voters.flatMap((voter) => (voter.pending ? [voter.pending.commandId] : [])));
    expect(truthOf(entriesOf(at.dataDir), acknowledged, ({ type }) => type === 'PositionCast', pending)).toEqual({ lost: 0, surplus: 0, holes: 0 });
    const again = await RealServer.start(await compiledSrc(), at.dataDir);
    expect((await again.ready()).body).toMatchObject({ status: 'ready', behind: 0, problems: [] });
    await again.kill('SIGTERM');
  }, 120_000);

  it.each(['1', '2'])('with THREADS=%s ends well when it is told to, has all that was acknowledged, and leaves a log that is one file', async (THREADS) => {
    const at = await prepared(CLIENTS);
    const server = await RealServer.start(await compiledSrc(), at.dataDir, { env: { THREADS } });
    const voters = Voter.of(at, CLIENTS);
    const voting = voters.map((voter) => voter.until(server, () => voter.acknowledged.size >= 20, (refused) => { throw refused; }));
    await Promise.all(voting);
    expect(await server.kill('SIGTERM')).toBe(0);
    expect(server.stderr).toBe('');
    expect(statSync(join(at.dataDir, `${LOG_FILE}-wal`)).size).toBe(0);
    expect(entriesOf(at.dataDir).length).toBe(at.head + CLIENTS * 20);
  }, 120_000);
});
