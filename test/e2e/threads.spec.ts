import { availableParallelism } from 'node:os';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { LOG_FILE } from '../../src/event-store/log-file.js';
import { compiledSrc } from '../support/compiled.js';
import { entriesOf, truthOf } from '../support/log-truth.js';
import { prepared, RealServer } from '../support/real-server.js';
import { Voter } from '../support/voters.js';
import { describeWhere } from '../support/where.js';

const CLIENTS = 8;

describeWhere(availableParallelism() > 1 ? undefined : 'one processor has no use for two threads')('The thread that writes, in the program as it is started', () => {
  it('ends the process with 70 when it ends by an error of ours: nobody waits for ever, and what was acknowledged is there at the next start', async () => {
    const at = await prepared(CLIENTS);
    const dist = await compiledSrc([{ file: 'writing-thread.ts', text: 'onDecided: () => undefined,', instead: "onDecided: (_, { position }) => { if (position > Number(process.env.FAILS_AFTER)) setTimeout(() => { throw new Error('of ours'); }); }," }]);
    const server = await RealServer.start(dist, at.dataDir, { env: { FAILS_AFTER: String(at.head + 40), LOG_LEVEL: 'error' } });
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

  it('is begun and ends with the process, and leaves files that stand alone', async () => {
    const at = await prepared(CLIENTS);
    const server = await RealServer.start(await compiledSrc(), at.dataDir);
    const voters = Voter.of(at, CLIENTS);
    const voting = voters.map((voter) => voter.until(server, () => voter.acknowledged.size >= 20, (refused) => { throw refused; }));
    await Promise.all(voting);
    expect(await server.kill('SIGTERM')).toBe(0);
    expect(server.stderr).toBe('');
    expect(statSync(join(at.dataDir, `${LOG_FILE}-wal`)).size).toBe(0);
    expect(entriesOf(at.dataDir).length).toBe(at.head + CLIENTS * 20);
  }, 120_000);
});
