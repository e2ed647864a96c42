import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 as newId } from 'uuid';
import { EventStoreDbEngine, type EventStoreDbOptions } from '../../src/event-store/engines/eventstoredb.engine.js';
import { Server } from '../../src/event-store/engines/eventstoredb-server.js';
import { entriesAfter } from '../support/entries.js';
import { EventStoreDbDouble } from '../support/eventstoredb-double.js';
import { removeDir, tempDir } from '../support/temp.js';

/** Where a real server is given, the same is asked of it. */
const REAL = process.env['EVENTSTOREDB_URL'];
let double: EventStoreDbDouble;
beforeAll(async () => { double = await EventStoreDbDouble.start(); });
afterAll(() => double.stop());
const connection = (user = ''): string => (REAL ?? double.connection).replace('//', `//${user}`);
const newStream = (): string => `committee-test-${newId()}`;

const opened: { engine: EventStoreDbEngine; dir: string }[] = [];
async function open(stream: string, options: Partial<EventStoreDbOptions> = {}): Promise<EventStoreDbEngine> {
  const dir = tempDir();
  const engine = await EventStoreDbEngine.open({ connection: connection(), stream, dataDir: dir, onFatal: (error) => { throw new Error('onFatal was called', { cause: error }); }, ...options });
  opened.push({ engine, dir });
  return engine;
}
afterEach(async () => {
  for (const { engine, dir } of opened.splice(0)) {
    await engine.close();
    removeDir(dir);
  }
});

describe(`The stream of a Committee (${REAL === undefined ? 'protocol double; a real server was not run' : 'real server'})`, () => {
  const ACL = { $r: ['clerk', '$admins'], $w: ['clerk', '$admins'], $d: ['$admins'], $mr: ['clerk', '$admins'], $mw: ['$admins'] };
  const told = async (stream: string): Promise<object> => {
    const server = new Server({ connection: connection(), stream });
    const { metadata } = await server.metadata();
    await server.close();
    return metadata;
  };
  const prepared = async (stream: string, metadata: object): Promise<void> => {
    const server = new Server({ connection: connection(), stream });
    expect(await server.setMetadata(metadata, 'no_stream')).toBe(true);
    await server.close();
  };

  it('is for its user and administrators from the first start on; who comes later changes nothing and is not locked out', async () => {
    const stream = newStream();
    const first = await open(stream, { connection: connection('clerk:secret@') });
    expect(await told(stream)).toEqual({ committeeLogId: first.log.logId, $acl: ACL });
    await first.append(entriesAfter(0, 2), 0);
    // On a server without users the list is kept and asked by nobody.
    const second = await open(stream, { connection: connection('deputy:secret@') });
    await second.append(entriesAfter(2, 1), 2);
    expect((await first.head()).position).toBe(3);
    expect(await told(stream)).toEqual({ committeeLogId: first.log.logId, $acl: ACL });
  });

  it('that has no list yet is given one; a list that somebody has made stays', async () => {
    const [older, own] = [newStream(), newStream()];
    await prepared(older, { committeeLogId: newId() });
    await open(older, { connection: connection('clerk:secret@') });
    expect(await told(older)).toMatchObject({ $acl: ACL });
    const made = { $acl: { $r: '$all', $w: ['clerk', 'deputy'] } };
    await prepared(own, made);
    const engine = await open(own, { connection: connection('clerk:secret@') });
    expect(await told(own)).toEqual({ ...made, committeeLogId: engine.log.logId });
  });

  it('has none where the connection has no user', async () => {
    const stream = newStream();
    const { log } = await open(stream);
    expect(await told(stream)).toEqual({ committeeLogId: log.logId });
  });
});

/** What a real server does seldom is made to happen: only a double can be told to. */
if (REAL !== undefined) it.todo('not run on a real server: metadata that the user may not write');
else describe('The stream of a Committee, whose metadata the user may not write', () => {
  it('is used without a list, with a notice that says who should give it one', async () => {
    const stream = newStream();
    const { log } = await open(stream);
    const notices: string[] = [];
    double.next('append', 'ACCESS_DENIED');
    const engine = await open(stream, { connection: connection('clerk:secret@'), onNotice: (message) => notices.push(message) });
    expect([engine.log.logId, notices]).toEqual([log.logId, [expect.stringMatching(/has no access control list, and the user clerk may not give it one: somebody of \$admins should/)]]);
    await engine.append(entriesAfter(0, 1), 0);
  });

  it('is not begun without an id', async () => {
    double.next('append', 'ACCESS_DENIED');
    await expect(open(newStream(), { connection: connection('clerk:secret@') })).rejects.toThrow(/does not let this user read and write/);
  });
});
