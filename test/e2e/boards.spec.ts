import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RECOMMENDATION_STATES } from '../../src/projections/recommendations.view.js';
import { TestServer, until, type Json } from '../support/server.js';

const ROW = '{ keyArea { code } recommendations { state count } openBallots jointInvestments money { needed pledged confirmed } }';
const BOARD = `board { rows ${ROW} total ${ROW} }`;
/** What the board is counted from, one by one. */
const THINGS = `
  keyAreas { code }
  recommendations(first: 100) { edges { node { id state keyAreas { code } } } }
  ballots(first: 100, filter: { state: OPEN }) { edges { node { subject { id } } } }
  jointInvestments(first: 100) { edges { node { id state keyAreas { code }
    financingPlan { partners { sources { kind amount } } } pledges { kind amount } } } }`;

const nodes = (connection: Json): Json[] => connection.edges.map((edge: Json) => edge.node);
const sum = (amounts: readonly string[]): string => String(amounts.reduce((total, amount) => total + BigInt(amount), 0n));

/** Second, naive: the board as somebody counts it who reads every thing. */
function counted(committee: Json): Json {
  const [recommendations, investments] = [nodes(committee.recommendations), nodes(committee.jointInvestments)];
  const open = nodes(committee.ballots).map((ballot) => ballot.subject.id as string);
  const row = (area: string | undefined): Json => {
    const ofArea = (things: Json[]): Json[] => things.filter(({ keyAreas }) => area === undefined || keyAreas.some(({ code }: Json) => code === area));
    const alive = ofArea(investments).filter(({ state }) => state !== 'NOT_ENDORSED');
    const plans = alive.flatMap(({ financingPlan }) => (financingPlan ? [financingPlan] : []));
    const pledges = (...kinds: string[]): string => sum(alive.flatMap((one) => one.pledges).filter(({ kind }) => kinds.includes(kind as string)).map(({ amount }) => amount as string));
    return {
      keyArea: area === undefined ? null : { code: area },
      recommendations: RECOMMENDATION_STATES.map((state) => ({ state, count: ofArea(recommendations).filter((one) => one.state === state).length })),
      openBallots: ofArea([...recommendations, ...investments]).filter(({ id }) => open.includes(id as string)).length,
      jointInvestments: alive.length,
      money: {
        needed: plans.length === 0 ? null : sum(plans.flatMap(({ partners }) => partners.flatMap(({ sources }: Json) => sources)).filter(({ kind }: Json) => kind === 'REGIONAL').map(({ amount }: Json) => amount as string)),
        pledged: pledges('INDICATIVE', 'CONFIRMED'), confirmed: pledges('CONFIRMED'),
      },
    };
  };
  return { rows: committee.keyAreas.map(({ code }: Json) => row(code as string)), total: row(undefined) };
}

describe('The board', () => {
  let server: TestServer;
  beforeAll(async () => { server = await TestServer.start(); });
  afterAll(() => server.stop());

  it('is, at every position of the sample, what somebody counts who reads every thing there', async () => {
    for (let at = 0; at <= server.head; at++) {
      const { board } = await server.committee(BOARD, undefined, at);
      expect([at, board]).toEqual([at, counted(await server.committee(THINGS, 'auditor', at))]);
    }
    const { board } = await server.committee(BOARD);
    expect(board.total.money).toEqual({ needed: '225000000', pledged: '215000000', confirmed: '185000000' });
  });

  it('followed by a visitor with latest from position 0, is the one that is asked at each position told, and at the head', async () => {
    const { client } = server.socket();
    const told: Json[] = [];
    const errors: unknown[] = [];
    client.subscribe({ query: `subscription { committee(after: "0", latest: true) { position ${BOARD} } }` }, {
      next: ({ data }) => { told.push((data as Json).committee); }, error: (error) => { errors.push(error); }, complete: () => undefined,
    });
    await until(() => told.length > 0);
    // While it follows: money and ballots move.
    const [investment] = nodes((await server.committee('jointInvestments(first: 1) { edges { node { id } } }')).jointInvestments);
    const proposal = { title: 'Shared biobanks', keyAreas: ['KA1', 'KA5'], stage: 'LEARN', s3Priority: 'Life sciences', relatedInitiatives: [] };
    for (let i = 0; i < 5; i++) {
      await server.send('proposeJointInvestment', proposal, 'tuscany-representative');
      await server.send('withdrawPledge', { investment: investment.id, reason: 'The budget is discussed anew.' }, 'galicia-representative');
      await Promise.all([1, 2, 3].map((n) => server.send('indicatePledge', { investment: investment.id, amount: String(1_000 * (i + 1) + n) }, 'galicia-representative')));
    }
    await until(() => told.at(-1)?.position === String(server.head));
    expect(errors).toEqual([]);
    // Not all of them: what comes within a tenth of a second is one round.
    expect(told.length).toBeGreaterThan(2);
    expect(told.map(({ position }) => Number(position))).toEqual(told.map(({ position }) => Number(position)).sort((a, b) => a - b));
    for (const { position, board } of told) expect([position, board]).toEqual([position, (await server.committee(BOARD, undefined, Number(position))).board]);
    expect(told.at(-1).board).toEqual((await server.committee(BOARD)).board);
    expect(told.at(-1).board.total).toMatchObject({ jointInvestments: 6, money: { pledged: '185005003' } });
    await client.dispose();
  });
});
