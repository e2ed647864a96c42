import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { isObjectType, type GraphQLObjectType } from 'graphql';
import type { Office } from '../../src/events/shared.js';
import { TestServer, type Json } from '../support/server.js';

const PEOPLE: Readonly<Record<string, readonly Office[]>> = {
  visitor: [], stranger: ['SIGNED_IN'], 'lombardy-representative': ['SIGNED_IN', 'REPRESENTATIVE'], 'lombardy-alternate': ['SIGNED_IN', 'ALTERNATE'],
  'lombardy-contact': ['SIGNED_IN', 'CONTACT_PERSON'], chair: ['SIGNED_IN', 'CHAIR'], secretariat: ['SIGNED_IN', 'SECRETARIAT'], auditor: ['SIGNED_IN', 'AUDITOR'], operator: ['SIGNED_IN', 'OPERATOR'],
};

describe('Rights to read', () => {
  let server: TestServer;
  beforeAll(async () => { server = await TestServer.start(); });
  afterAll(() => server.stop());

  const as = (person: string): string | undefined => (person === 'visitor' ? undefined : person);

  it('are those of the table, for every field of the Committee and every kind of reader', async () => {
    const committee = server.running.schema.getType('Committee') as GraphQLObjectType;
    const { rights } = server.running.system.visibility;
    let [asked, refused] = [0, 0];
    for (const field of Object.values(committee.getFields())) {
      const args = field.args.map((arg) => (arg.name === 'first' ? 'first: 1' : arg.name === 'id' ? 'id: "none"' : undefined)).filter(Boolean);
      let type = field.type as Json;
      while (type.ofType) type = type.ofType;
      const selection = isObjectType(type) ? '{ __typename }' : '';
      for (const [person, offices] of Object.entries(PEOPLE)) {
        const audience = rights.audienceOf('Committee', field.name);
        const allowed = audience === 'EVERYBODY' || (audience ?? []).some((office) => offices.includes(office));
        const { errors } = await server.ask(`{ committee { ${field.name}${args.length ? `(${args.join(', ')})` : ''} ${selection} } }`, as(person));
        expect([field.name, person, errors?.[0].extensions.code]).toEqual([field.name, person, allowed ? undefined : 'FORBIDDEN']);
        asked++;
        if (!allowed) refused++;
      }
    }
    expect(asked).toBeGreaterThan(150);
    expect(refused).toBeGreaterThan(30);
  });

  it('let a visitor read the public register and aggregates, and nothing else', async () => {
    const all = `ballots(first: 20) { edges { node { state subject { id } positions { expressed } } } } recommendations(first: 20) { edges { node { state } } } board { total { openBallots } }`;
    const visitor = await server.committee(all);
    const member = await server.committee(all, 'galicia-representative');
    expect(member.ballots.edges.map((e: Json) => e.node.state)).toEqual(['CLOSED', 'CLOSED', 'OPEN']);
    expect(visitor.ballots.edges.map((e: Json) => e.node.state)).toEqual(['CLOSED', 'CLOSED']);
    expect(visitor.ballots.edges[0].node.positions).toHaveLength(5);
    // The result is public; the text that found no majority is not.
    expect(visitor.ballots.edges[1].node.subject).toBeNull();
    expect(visitor.recommendations.edges).toEqual([{ node: { state: 'ADOPTED' } }]);
    expect(member.recommendations.edges.length).toBe(3);
    expect(visitor.board).toEqual(member.board);
  });

  it('are the stricter of then and now for the past', async () => {
    const all = 'ballots(first: 20) { edges { node { state } } } recommendations(first: 20) { edges { node { state } } } change { kind }';
    const during = await server.ask(`{ committee(asOf: "2020-01-20T23:00:00Z") { ${all} } }`);
    expect(during.data.committee).toEqual({ ballots: { edges: [] }, recommendations: { edges: [] }, change: null });
    const member = await server.ask(`{ committee(asOf: "2020-01-20T23:00:00Z") { ${all} } }`, 'galicia-alternate');
    expect(member.data.committee.change).toEqual({ kind: 'POSITION_CAST' });
  });

  it('show who a person is to the secretariat and the auditor only', async () => {
    const query = '{ committee { regions(first: 1) { edges { node { representative { personId } } } } change { actor { personId } } } }';
    for (const person of Object.keys(PEOPLE)) {
      const { data, errors } = await server.ask(query, as(person));
      if (person === 'secretariat' || person === 'auditor') expect(data.committee.regions.edges[0].node.representative.personId).toMatch(/^[0-9a-f]{64}$/);
      else expect([person, errors?.[0].extensions.code]).toEqual([person, 'FORBIDDEN']);
    }
  });

  it('end with the mandate, at once', async () => {
    const { regions } = await server.committee('regions(first: 10) { edges { node { id name } } }');
    const region = regions.edges.find((e: Json) => e.node.name === 'Galicia').node.id;
    await server.send('endMandate', { region, office: 'ALTERNATE', reason: 'RESIGNATION' }, 'galicia-contact');
    expect((await server.committee('recommendations(first: 20) { edges { cursor } }', 'galicia-alternate')).recommendations.edges).toHaveLength(1);
    await expect(server.send('endMandate', { region, office: 'ALTERNATE', reason: 'RESIGNATION' }, 'galicia-contact')).rejects.toThrow('REFUSED NO_MANDATE');
  });
});
