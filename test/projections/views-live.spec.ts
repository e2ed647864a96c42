import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { views } from '../../src/contexts.js';
import type { Apply } from '../../src/projections/view.js';
import { ViewStore } from '../../src/projections/view-store.js';
import { removeDatabase } from '../../src/event-store/sqlite.js';
import { VIEWS_FILE } from '../../src/projections/view-store.js';
import { openBallot, TestServer } from '../support/server.js';

interface Health { readonly status: string; readonly position: number; readonly behind: number; readonly problems: readonly string[] }

describe('A view that fails while the server runs', () => {
  let server: TestServer;
  let ballot: string;
  let recommendation: string;
  const mended: (() => void)[] = [];

  beforeEach(async () => {
    server = await TestServer.start({ sample: 'none' });
    ({ ballot, recommendation } = await openBallot(server, 3));
  });
  afterEach(async () => {
    mended.splice(0).forEach((mend) => mend());
    jest.restoreAllMocks();
    await server.stop();
  });

  /** From now on this view cannot apply this event. */
  function breakView(name: string, event: string): void {
    const listens = views.find((view) => view.name === name)?.listens as Map<string, Apply>;
    const before = listens.get(event);
    listens.set(event, () => { throw new Error('broken on purpose'); });
    mended.push(() => (before ? listens.set(event, before) : listens.delete(event)));
  }
  const health = async (): Promise<readonly [number, Health]> => {
    const response = await fetch(`${server.url}/health/ready`);
    return [response.status, await response.json() as Health];
  };
  const reason = async (query: string, person?: string): Promise<string | undefined> => {
    const { errors } = await server.ask(query, person);
    return (errors?.[0] as { extensions: { code: string; reason?: string } } | undefined)?.extensions.reason;
  };

  it('is stopped with its own fields; the others go on, decisions too, and health tells', async () => {
    expect((await health())[0]).toBe(200);
    breakView('ballots', 'PositionCast');
    const { position } = await server.send('castPosition', { ballot, expressed: 'IN_FAVOUR' }, 'member-0') as { position: string };
    await server.send('renameKeyArea', { code: 'KA1', title: 'After the failure' }, 'secretariat');
    expect((await server.ask(`{ committee(notBefore: "${server.head}") { position keyAreas { title } recommendations(first: 1) { edges { node { title } } } } }`, 'chair')).data)
      .toEqual({ committee: { position: String(server.head), keyAreas: [{ title: 'After the failure' }], recommendations: { edges: [{ node: { title: 'T' } }] } } });
    for (const field of [`ballot(id: "${ballot}") { state }`, 'ballots(first: 1) { edges { cursor } }', 'myDesk { tasks(first: 1) { edges { cursor } } }', 'board { total { openBallots } }']) {
      expect([field, await reason(`{ committee { ${field} } }`, 'chair')]).toEqual([field, 'VIEW_STOPPED']);
    }
    // What it has applied can still be asked.
    expect((await server.committee(`ballot(id: "${ballot}") { state }`, 'chair', Number(position) - 1) as { ballot: unknown }).ballot).toEqual({ state: 'OPEN' });
    expect(await health()).toEqual([503, { status: 'not ready', position: server.head, behind: 0, problems: [`the view ballots stopped at position ${position}`] }]);
    expect((await fetch(`${server.url}/health/live`)).status).toBe(200);
    // Decisions rest on the log, not on views.
    expect(await server.send('castPosition', { ballot, expressed: 'AGAINST', replaces: position }, 'member-0')).toMatchObject({ repeated: false });
  });

  it('stays stopped after a restart, and is whole again once it is built anew', async () => {
    breakView('recommendations', 'RecommendationWithdrawn');
    const { id } = await server.send('initiateRecommendation', { title: 'U', keyAreas: ['KA1'], addressees: ['X'], text: [{ text: 'x' }] }, 'member-0') as { id: string };
    const { position } = await server.send('withdrawRecommendation', { recommendation: id }, 'member-0') as { position: string };
    await server.running.system.views.reaches(server.head, 5_000);
    const { dataDir, head } = server;
    await server.stop({ keep: true });
    mended.splice(0).forEach((mend) => mend());
    server = await TestServer.start({ sample: 'none', dataDir });
    expect((await health())[1].problems).toEqual([`the view recommendations stopped at position ${position}`]);
    expect(await reason(`{ committee { recommendation(id: "${recommendation}") { state } } }`, 'chair')).toBe('VIEW_STOPPED');
    await server.stop({ keep: true });
    removeDatabase(`${dataDir}/${VIEWS_FILE}`);
    server = await TestServer.start({ sample: 'none', dataDir });
    expect(await health()).toEqual([200, { status: 'ready', position: head, behind: 0, problems: [] }]);
    expect((await server.committee(`recommendation(id: "${id}") { state }`, 'chair') as { recommendation: unknown }).recommendation).toEqual({ state: 'WITHDRAWN' });
  });

  it('that says what has still to be done stops the processes, and nothing else: no consequence is lost', async () => {
    breakView('consequences', 'BallotClosed');
    breakView('consequences', '*');
    for (let i = 0; i < 3; i++) await server.send('castPosition', { ballot, expressed: 'IN_FAVOUR' }, `member-${i}`);
    await server.send('closeBallot', { ballot }, 'chair');
    await wait(200);
    expect((await health())[1].problems).toEqual([expect.stringContaining('the view consequences stopped at position')]);
    expect(await reason('{ committee { consequences(first: 1) { edges { cursor } } } }', 'secretariat')).toBe('VIEW_STOPPED');
    const state = async () => (await server.committee(`recommendation(id: "${recommendation}") { state }`, 'chair') as { recommendation: { state: string } }).recommendation.state;
    expect(await state()).toBe('IN_BALLOT');
    await server.send('renameKeyArea', { code: 'KA1', title: 'Still deciding' }, 'secretariat');
    // Built anew, the view knows what has to follow.
    const { dataDir } = server;
    await server.stop({ keep: true });
    mended.splice(0).forEach((mend) => mend());
    removeDatabase(`${dataDir}/${VIEWS_FILE}`);
    server = await TestServer.start({ sample: 'none', dataDir });
    for (let i = 0; i < 100 && await state() === 'IN_BALLOT'; i++) await wait(20);
    expect(await state()).toBe('ADOPTED');
  });

  it('waits and tries again where it is the file that fails, without a row lost or doubled', async () => {
    const { runner: { store } } = server.running.system;
    const apply = store.apply.bind(store);
    let failures = 0;
    jest.spyOn(store, 'apply').mockImplementation((entries) => {
      if (failures++ < 1) throw Object.assign(new Error('database or disk is full'), { errcode: 13 });
      apply(entries);
    });
    const { position } = await server.send('castPosition', { ballot, expressed: 'IN_FAVOUR' }, 'member-0') as { position: string };
    expect(await server.running.system.views.reaches(Number(position), 3_000)).toBe(true);
    expect(failures).toBe(2);
    expect(store.stopped).toEqual([]);
    const { log } = server.running.system.engine;
    const fresh = new ViewStore(`${server.dataDir}/fresh.db`, views, server.running.system.codec, log.logId);
    fresh.apply(log.read(0, 1_000).map((entry) => server.running.system.codec.decode(entry)));
    expect(store.digest()).toBe(fresh.digest());
    fresh.close();
  });

  it('is no view whose clock is set back: it goes on', async () => {
    const vote = (member: number) => server.running.dispatch.send('CastPosition', { ballot, expressed: 'IN_FAVOUR' }, { sender: { personId: server.personId(`member-${member}`) }, correlationId: 'test' });
    const now = Date.now();
    jest.spyOn(Date, 'now').mockImplementation(() => now + 3_600_000);
    const { runner } = server.running.system;
    expect(await runner.reaches((await vote(0)).position, 2_000)).toBe(true);
    jest.restoreAllMocks();
    expect(await runner.reaches((await vote(1)).position, 2_000)).toBe(true);
  });
});
