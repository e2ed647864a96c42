import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execute, getNamedType, isInterfaceType, isObjectType, parse, type DocumentNode, type GraphQLInputType, type GraphQLOutputType, type GraphQLSchema } from 'graphql';
import { Clock } from '../../src/config/clock.js';
import { registrations } from '../../src/contexts.js';
import type { Office } from '../../src/events/shared.js';
import { mutationName } from '../../src/graphql/core.contribution.js';
import type { Standing } from '../../src/identity/standing.js';
import { tableOfCommands } from '../support/contract.js';
import { argumentsOf, everyField, waysTo } from '../support/every-field.js';
import { inputFor } from '../support/inputs.js';
import { TestServer, until, type Json } from '../support/server.js';

const DAY_MS = 24 * 60 * 60 * 1_000;
const MEMBERS: readonly Office[] = ['CHAIR', 'SECRETARIAT', 'AUDITOR', 'REPRESENTATIVE', 'ALTERNATE', 'CONTACT_PERSON'];
const PERSONS: readonly Office[] = ['SECRETARIAT', 'AUDITOR'];
const CONSEQUENCES: readonly Office[] = ['SECRETARIAT', 'OPERATOR', 'AUDITOR'];

/** Fields that are not everybody's, as the contract says it, beside the table of rights in src. A `*` stands for every field of a type. */
const RESTRICTED: Readonly<Record<string, readonly Office[]>> = {
  'Committee.offices': ['SECRETARIAT', 'CHAIR', 'AUDITOR'], 'Committee.accession': PERSONS, 'Committee.accessions': PERSONS, 'Committee.consequences': CONSEQUENCES, 'Committee.log': ['AUDITOR'],
  'Actor.personId': PERSONS, 'Mandate.personId': PERSONS, 'OfficeHeld.personId': PERSONS, 'Region.representative': MEMBERS, 'Region.alternate': MEMBERS,
  'Accession.*': PERSONS, 'AccessionConnection.*': PERSONS, 'AccessionEdge.*': PERSONS,
  'Consequence.*': CONSEQUENCES, 'ConsequenceConnection.*': CONSEQUENCES, 'ConsequenceEdge.*': CONSEQUENCES,
  'LogEntry.*': ['AUDITOR'], 'LogEntryConnection.*': ['AUDITOR'], 'LogEntryEdge.*': ['AUDITOR'],
};
const audienceOf = (name: string): readonly Office[] | undefined => RESTRICTED[name] ?? RESTRICTED[name.replace(/\..*/, '.*')];

/** Every kind of reader, and what each holds today. */
const PEOPLE: Readonly<Record<string, readonly Office[]>> = {
  visitor: [], stranger: ['SIGNED_IN'], 'lombardy-representative': ['SIGNED_IN', 'REPRESENTATIVE'], 'lombardy-alternate': ['SIGNED_IN', 'ALTERNATE'],
  'lombardy-contact': ['SIGNED_IN', 'CONTACT_PERSON'], 'galicia-representative': ['SIGNED_IN', 'REPRESENTATIVE'], chair: ['SIGNED_IN', 'CHAIR'], secretariat: ['SIGNED_IN', 'SECRETARIAT'],
  auditor: ['SIGNED_IN', 'AUDITOR'], operator: ['SIGNED_IN', 'OPERATOR'], 'whose-term-ran-out': ['SIGNED_IN'], 'whose-office-ended': ['SIGNED_IN'],
};
const isOneOf = (person: string, offices: readonly Office[]): boolean => offices.some((office) => PEOPLE[person]?.includes(office));
const OUTSIDE = Object.keys(PEOPLE).filter((person) => !isOneOf(person, MEMBERS));

let server: TestServer;
let schema: GraphQLSchema;
let later = 0;
/** What no visitor may meet, by what it is. */
const hidden = new Map<string, string>();
let region: Readonly<Record<string, string>>;
let things: Readonly<Record<string, readonly string[]>>;
let closedOnHidden: string;

const as = (person: string): string | undefined => (person === 'visitor' ? undefined : person);
const standing = (person: string): Standing => server.running.system.decisions.standings.of(person === 'visitor' ? undefined : server.personId(person));
const begin = async (title: string): Promise<string> => {
  const text = [{ heading: `heading of ${title}`, text: `provision of ${title}` }];
  const { id } = await server.send('initiateRecommendation', { title, keyAreas: ['KA2'], addressees: ['European Commission'], text }, 'lombardy-representative');
  for (const [what, value] of Object.entries({ id, title, heading: text[0]?.heading, text: text[0]?.text })) hidden.set(`${what} of ${title}`, value as string);
  return id as string;
};

/** What a person reads at a position who asks for every field that may be asked. */
const documents = new Map<string, DocumentNode>();
async function everything(person: string, at: number): Promise<Json> {
  const reader = standing(person);
  let document = documents.get(person);
  if (!document) {
    const { visibility } = server.running.system;
    const type = schema.getQueryType()?.getFields()['committee']?.type as GraphQLOutputType;
    document = parse(`query ($at: Position) { committee(at: $at) ${everyField(schema, type, { mayAsk: (name, field) => visibility.mayAsk(reader, name, field), ids: things })} }`);
    documents.set(person, document);
  }
  const { data, errors } = await execute({ schema, document, variableValues: { at: String(at) }, contextValue: { correlationId: 'test', reader }, rootValue: {} });
  expect([person, at, errors]).toEqual([person, at, undefined]);
  return JSON.parse(JSON.stringify(data)) as Json;
}

beforeAll(async () => {
  server = await TestServer.start({ clock: new Clock(() => Date.now() + later) });
  ({ schema } = server.running);
  const { regions } = await server.committee('regions(first: 10) { edges { node { id name } } }');
  region = Object.fromEntries(regions.edges.map(({ node }: Json) => [node.name, node.id]));

  // A mandate whose term runs out, an office that ends.
  const until = new Date(Date.now() + DAY_MS).toISOString();
  await server.send('endMandate', { region: region['Galicia'], office: 'ALTERNATE', reason: 'RESIGNATION' }, 'galicia-contact');
  await server.send('appointAlternate', { region: region['Galicia'], person: server.personId('whose-term-ran-out'), until }, 'galicia-contact');
  await server.send('appointToOffice', { office: 'AUDITOR', person: server.personId('whose-office-ended') }, 'secretariat');
  await server.send('endOffice', { office: 'AUDITOR', person: server.personId('whose-office-ended') }, 'secretariat');

  // A recommendation in each state that is not public, beside those of the sample; accessions; a draft of a published document.
  const ended = await begin('canary withdrawn');
  await server.send('withdrawRecommendation', { recommendation: ended }, 'lombardy-representative');
  await begin('canary draft');
  const tabled = await begin('canary tabled');
  const submitted = await begin('canary submitted');
  for (const recommendation of [tabled, submitted]) await server.send('tableRecommendation', { recommendation }, 'lombardy-representative');
  await server.send('submitRecommendationToBallot', { recommendation: submitted }, 'secretariat');
  const letter = (sha256: string) => ({ kind: 'LETTER_OF_ADHESION', sha256, signedAs: 'canary who signed', date: '2020-01-01' });
  const { id: asking } = await server.send('joinCommittee', { region: { name: 'Canary Region', country: 'FR' }, letterOfAdhesion: letter('c'.repeat(64)) }, 'stranger-of-another-region');
  const { id: declined } = await server.send('joinCommittee', { region: { name: 'Declined Region', country: 'FR' }, letterOfAdhesion: letter('d'.repeat(64)) }, 'stranger-of-another-region');
  await server.send('declineAccession', { accession: declined }, 'secretariat');
  for (const [what, value] of Object.entries({ 'id of a waiting accession': asking, 'id of a declined accession': declined, 'who signed a letter': 'canary who signed', 'hash of a letter': 'c'.repeat(64), 'name of a region that asks': 'Canary Region', 'name of a region that was declined': 'Declined Region' })) hidden.set(what, value as string);
  // A joint investment that is not endorsed, with partners, plan and pledge.
  const proposal = { title: 'canary proposal', keyAreas: ['KA2'], stage: 'LEARN', s3Priority: 'canary priority', relatedInitiatives: ['canary initiative'] };
  const { id: investment } = await server.send('proposeJointInvestment', proposal, 'lombardy-representative');
  await server.send('invitePartner', { investment, region: region['Galicia'] }, 'lombardy-representative');
  await server.send('acceptPartnership', { investment, s3Priority: 'canary priority of a partner' }, 'galicia-representative');
  const line = { name: 'canary cost', amount: '7654321' };
  await server.send('setFinancingPlan', { investment, partners: [{ region: region['Lombardy'], costs: [line], sources: [{ ...line, name: 'canary source', kind: 'PRIVATE' }] }] }, 'lombardy-representative');
  await server.send('openPledging', { investment }, 'lombardy-representative');
  for (const [what, value] of Object.entries({
    'id of a joint investment': investment, 'title of one': proposal.title, 'priority of one': proposal.s3Priority, 'initiative of one': 'canary initiative', 'priority of a partner': 'canary priority of a partner',
    'cost of one': 'canary cost', 'source of one': 'canary source', 'amount of one': '7654321',
  })) hidden.set(what, value as string);
  const { policyDocuments, recommendations, ballots, accessions, jointInvestments } = await server.committee(
    `policyDocuments(first: 5) { edges { node { id versions(first: 10) { edges { node { number } } } } } } recommendations(first: 20) { edges { node { id state title text { text } } } }
     ballots(first: 20) { edges { node { id state subject { id } } } } accessions(first: 20) { edges { node { id } } } jointInvestments(first: 20) { edges { node { id } } }`, 'secretariat');
  const document = policyDocuments.edges[0].node;
  await server.send('draftVersion', { document: document.id, basedOn: document.versions.edges.at(-1).node.number, text: [{ text: 'canary of a drafted version' }] }, 'secretariat');
  hidden.set('text of a drafted version', 'canary of a drafted version');

  for (const { node } of recommendations.edges) {
    if (node.state === 'ADOPTED') continue;
    hidden.set(`id of ${node.title}`, node.id);
    hidden.set(`title of ${node.title}`, node.title);
    for (const [i, { text }] of node.text.entries()) hidden.set(`provision ${i + 1} of ${node.title}`, text);
  }
  for (const { node } of ballots.edges) if (node.state !== 'CLOSED') hidden.set('id of the open ballot', node.id);
  for (const { node } of accessions.edges) hidden.set(`id of accession ${node.id}`, node.id);
  for (const person of [...Object.keys(PEOPLE), 'lombardy-contact', 'stranger-of-another-region']) hidden.set(`person id of ${person}`, server.personId(person));
  closedOnHidden = ballots.edges.find(({ node }: Json) => node.state === 'CLOSED' && hidden.has(`id of ${recommendations.edges.find((r: Json) => r.node.id === node.subject.id)?.node.title}`)).node.id;
  const idsOf = (list: Json): string[] => list.edges.map(({ node }: Json) => node.id);
  things = {
    'Committee.region': Object.values(region), 'Committee.recommendation': idsOf(recommendations), 'Committee.ballot': idsOf(ballots), 'Committee.accession': idsOf(accessions),
    'Committee.policyDocument': idsOf(policyDocuments), 'Committee.jointInvestment': idsOf(jointInvestments),
  };
  later = 2 * DAY_MS;
}, 120_000);
afterAll(() => server.stop());

describe('The table of rights to read', () => {
  it('is asked for every field of the schema and every kind of reader: answered or FORBIDDEN, as the contract says', async () => {
    const ways = waysTo(schema, (type, field) => audienceOf(`${type}.${field}`) === undefined, things);
    const [wrong, unreached]: [string[], string[]] = [[], []];
    const count = { asked: 0, refused: 0 };
    for (const type of Object.values(schema.getTypeMap())) {
      if (type.name.startsWith('__') || !(isObjectType(type) || isInterfaceType(type))) continue;
      if (['Mutation', 'Subscription', 'Receipt', 'ErrorExtensions'].includes(type.name)) continue;
      const way = ways.get(type.name);
      if (!way) {
        unreached.push(type.name);
        continue;
      }
      for (const field of Object.values(type.getFields())) {
        const named = getNamedType(field.type);
        const inner = isObjectType(named) || isInterfaceType(named) ? ' { __typename }' : '';
        const query = way.query(`${field.name}${argumentsOf(type.name, field, things)}${inner}`);
        const audiences = [...way.steps, `${type.name}.${field.name}`].map(audienceOf).filter((audience) => audience !== undefined);
        await Promise.all(Object.keys(PEOPLE).map(async (person) => {
          const allowed = audiences.every((audience) => isOneOf(person, audience));
          const { status, errors } = await server.ask(query, as(person));
          const told = errors === undefined ? 'answered' : errors.map((error) => error.extensions.code).join();
          if (told !== (allowed ? 'answered' : 'FORBIDDEN') || status !== (allowed ? 200 : 403)) wrong.push(`${person}: ${query} -> ${status} ${told}, not ${allowed ? 'answered' : 'FORBIDDEN'}`);
          count.asked++;
          if (!allowed) count.refused++;
        }));
      }
    }
    expect(wrong).toEqual([]);
    expect(unreached).toEqual([]);
    expect(count.asked).toBeGreaterThan(2_000);
    expect(count.refused).toBeGreaterThan(300);
  }, 120_000);

  it('holds for a field that is hidden in a fragment, behind an alias or under a directive', async () => {
    const ways = [
      'query { committee { ...F } } fragment F on Committee { log(first: 1) { edges { cursor } } }',
      'query { committee { ... on Committee { x: log(first: 1) { edges { cursor } } } } }',
      'query ($no: Boolean = false) { committee { log(first: 1) @include(if: $no) { edges { cursor } } } }',
      'query A { committee { position } } query B { committee { log(first: 1) { edges { cursor } } } }',
      'query { committee { change { ...A } } } fragment A on Change { actor { ...B } } fragment B on Actor { someone: personId }',
      'query { committee(at: "3") { ... { change { actor { personId } } } } }',
    ];
    for (const person of OUTSIDE) {
      for (const query of ways) {
        const { data, errors } = await server.post(JSON.stringify({ query, operationName: query.includes('query A') ? 'A' : undefined }), person === 'visitor' ? {} : { authorization: `Bearer ${await server.token(person)}` });
        expect([person, query, data, errors?.[0].extensions.code]).toEqual([person, query, undefined, 'FORBIDDEN']);
      }
    }
  });

  it('holds over the socket too', async () => {
    const fields = Object.entries({ 'offices { office }': 'Committee.offices', 'log(first: 1) { edges { cursor } }': 'Committee.log', 'consequences(first: 1) { edges { cursor } }': 'Committee.consequences', 'accessions(first: 1) { edges { cursor } }': 'Committee.accessions', 'change { actor { personId } }': 'Actor.personId' });
    for (const person of Object.keys(PEOPLE)) {
      const { client } = server.socket(person === 'visitor' ? undefined : await server.token(person));
      for (const [selection, name] of fields) {
        const message = await new Promise<Json>((resolve) => {
          client.subscribe<Json>({ query: `subscription { committee(after: "0", latest: true) { position ${selection} } }` }, { next: resolve, error: resolve, complete: () => undefined });
        });
        const code = Array.isArray(message) ? message[0].extensions.code : message.errors?.[0].extensions.code;
        expect([person, name, code]).toEqual([person, name, isOneOf(person, audienceOf(name) ?? []) ? undefined : 'FORBIDDEN']);
      }
      await client.dispose();
    }
  });
});

describe('The table of rights to send', () => {
  /** Rights are asked before the revision, and the revision before the decision: so who may send it is told CONFLICT, and nothing is written. */
  const answerTo = async (command: string, person: string, given: Readonly<Record<string, unknown>>): Promise<Json> => {
    const type = schema.getType(`${command}Input`) as GraphQLInputType;
    const { errors } = await server.ask(`mutation ($input: ${command}Input!) { ${mutationName(command)}(input: $input) { id } }`, as(person), { input: inputFor(type, '', { ...given, revision: 1_000_000 }) });
    return errors?.[0];
  };
  const told = async (...args: Parameters<typeof answerTo>): Promise<string> => {
    const error = await answerTo(...args);
    return error.extensions.reason === 'REVISION' ? 'let through' : error.extensions.code;
  };

  it('is asked for every command and every kind of sender: let through, FORBIDDEN or UNAUTHENTICATED, as the contract says; nothing is written', async () => {
    const before = server.head;
    const wrong: string[] = [];
    let asked = 0;
    for (const { command, by } of tableOfCommands()) {
      if (registrations.find((r) => r.command.name === command)?.mutation === false || !registrations.some((r) => r.command.name === command)) continue;
      for (const person of Object.keys(PEOPLE)) {
        const ofAnotherRegion = person === 'galicia-representative' && command === 'WithdrawMembership';
        const holds = person === 'lombardy-alternate' && command === 'EndMandate';
        const right = person === 'visitor' ? 'UNAUTHENTICATED' : holds || (isOneOf(person, by) && !ofAnotherRegion) ? 'let through' : 'FORBIDDEN';
        const answer = await told(command, person, { ...(command !== 'JoinCommittee' && { region: region['Lombardy'] }), ...(command === 'EndMandate' && { office: 'ALTERNATE' }) });
        if (answer !== right) wrong.push(`${person} ${command}: ${answer}, not ${right}`);
        asked++;
      }
    }
    expect(wrong).toEqual([]);
    expect(asked).toBeGreaterThan(250);
    expect(server.head).toBe(before);
  }, 60_000);

  it('lets a region act for itself only', async () => {
    const draft = hidden.get('id of canary draft');
    for (const command of ['ReviseDraft', 'TableRecommendation', 'WithdrawRecommendation']) {
      for (const person of ['lombardy-representative', 'lombardy-alternate', 'secretariat']) expect([command, person, await told(command, person, { recommendation: draft })]).toEqual([command, person, 'let through']);
      for (const person of ['galicia-representative', 'lombardy-contact', 'chair', 'whose-term-ran-out']) expect([command, person, await told(command, person, { recommendation: draft })]).toEqual([command, person, 'FORBIDDEN']);
    }
    for (const command of ['AppointRepresentative', 'AppointAlternate', 'EndMandate', 'WithdrawMembership']) {
      expect([command, await told(command, 'lombardy-contact', { region: region['Lombardy'] })]).toEqual([command, 'let through']);
      expect([command, await told(command, 'lombardy-contact', { region: region['Galicia'] })]).toEqual([command, 'FORBIDDEN']);
    }
    expect(await told('WithdrawMembership', 'lombardy-representative', { region: region['Galicia'] })).toBe('FORBIDDEN');
  });

  it('lets whoever holds an office or a mandate lay it down, and nobody else', async () => {
    expect(await told('EndOffice', 'operator', { office: 'OPERATOR', person: server.personId('operator') })).toBe('let through');
    expect(await told('EndOffice', 'operator', { office: 'AUDITOR', person: server.personId('auditor') })).toBe('FORBIDDEN');
    expect(await told('EndMandate', 'lombardy-alternate', { region: region['Lombardy'], office: 'ALTERNATE' })).toBe('let through');
    expect(await told('EndMandate', 'lombardy-alternate', { region: region['Lombardy'], office: 'REPRESENTATIVE' })).toBe('FORBIDDEN');
    expect(await told('EndMandate', 'galicia-representative', { region: region['Lombardy'], office: 'REPRESENTATIVE' })).toBe('FORBIDDEN');
  });

  it('says who may, and tells somebody outside the same of a thing that is hidden and of one that is not there', async () => {
    const HIDDEN = { recommendation: hidden.get('id of canary tabled'), ballot: hidden.get('id of the open ballot'), accession: hidden.get('id of a waiting accession') };
    const MISSING = { recommendation: 'x'.repeat(36), ballot: 'x'.repeat(36), accession: 'x'.repeat(36) };
    for (const { command, mutation } of registrations.map((r) => ({ command: r.command.name, mutation: r.mutation }))) {
      if (mutation === false || command === 'JoinCommittee') continue;
      for (const person of OUTSIDE) {
        const [one, other] = [await answerTo(command, person, HIDDEN), await answerTo(command, person, MISSING)];
        const plain = ({ message, extensions: { correlationId: _, ...extensions } }: Json): unknown => ({ message, extensions });
        expect([command, person, plain(one)]).toEqual([command, person, plain(other)]);
        expect([command, person, one.message]).toEqual([command, person, expect.stringMatching(/is for |Nobody is signed in\. Send a token/)]);
      }
    }
  });
});

describe('A visitor', () => {
  const met = (answer: unknown): string[] => {
    const text = JSON.stringify(answer);
    return [...hidden].filter(([, value]) => text.includes(JSON.stringify(value).slice(1, -1))).map(([what]) => what);
  };

  it('meets nothing that is hidden, at any position, in any field: not by id, in lists, through subjects, histories, changes or what they are about', async () => {
    // The search finds what is there: a member of the secretariat meets all of it.
    expect(met(await everything('secretariat', server.head)).length).toBeGreaterThan(20);
    for (let at = 0; at <= server.head; at++) {
      const answer = await everything('visitor', at);
      expect([at, met(answer)]).toEqual([at, []]);
    }
  }, 120_000);

  it('sees the register all the same: adopted texts, results, positions by region of closed ballots, members, documents, aggregates', async () => {
    const { committee } = await everything('visitor', server.head);
    const [adopted, ...others] = committee.Committee_recommendations.RecommendationConnection_edges;
    expect(others).toEqual([]);
    expect(adopted.RecommendationEdge_node).toMatchObject({ Recommendation_state: 'ADOPTED', Recommendation_text: expect.arrayContaining([expect.objectContaining({ Provision_text: expect.stringContaining('electronic health records') })]) });
    const ballots = committee.Committee_ballots.BallotConnection_edges.map((edge: Json) => edge.BallotEdge_node);
    expect(ballots.map((ballot: Json) => [ballot.Ballot_state, ballot.Ballot_outcome, ballot.Ballot_positions.length, ballot.Ballot_outlook])).toEqual([['CLOSED', 'ADOPTED', 5, null], ['CLOSED', 'NO_OPINION', 5, null], ['CLOSED', 'ADOPTED', 5, null]]);
    // The result is public; the text that found no majority is not.
    expect(ballots.map((ballot: Json) => ballot.Ballot_subject?.__typename)).toEqual(['Recommendation', undefined, 'JointInvestment']);
    expect(committee.Committee_regions.RegionConnection_edges.map((edge: Json) => edge.RegionEdge_node.Region_membership)).toEqual(expect.arrayContaining(Array.from({ length: 5 }, () => 'MEMBER')));
    expect(committee.Committee_policyDocuments.PolicyDocumentConnection_edges).toHaveLength(1);
    expect(committee).toMatchObject({ Committee_name: 'Interregional Committee', Committee_rulesOfProcedure: { RulesOfProcedure_version: 1 }, Committee_myDesk: null });
    expect(committee.Committee_board).toEqual((await everything('lombardy-representative', server.head)).committee.Committee_board);
  });

  it('reads what a stranger, and whoever has lost a mandate or an office, reads: at any position the same', async () => {
    for (const at of [1, 30, 45, 60, server.head]) {
      const visitor = await everything('visitor', at);
      for (const person of ['stranger', 'whose-term-ran-out', 'whose-office-ended']) expect([at, person, await everything(person, at)]).toEqual([at, person, visitor]);
    }
  });

  it('is told of a hidden id what a missing one is told', async () => {
    const ask = async (id: string, person: string): Promise<unknown> => (await server.ask(
      `{ committee { recommendation(id: ${JSON.stringify(id)}) { id } ballot(id: ${JSON.stringify(id)}) { id } region(id: ${JSON.stringify(id)}) { id } policyDocument(id: ${JSON.stringify(id)}) { id } jointInvestment(id: ${JSON.stringify(id)}) { id }
         ballots(first: 100, filter: { subject: ${JSON.stringify(id)} }) { edges { cursor } pageInfo { hasNextPage } } } }`, as(person))).data.committee;
    const missing = { recommendation: null, ballot: null, region: null, policyDocument: null, jointInvestment: null, ballots: { edges: [], pageInfo: { hasNextPage: false } } };
    for (const person of OUTSIDE) {
      expect(await ask('none', person)).toEqual(missing);
      for (const [what, id] of hidden) if (what.startsWith('id of')) expect([person, what, await ask(id, person)]).toEqual([person, what, missing]);
    }
    // A ballot on a hidden text is public once closed, and its filter by that text is not.
    expect(await server.committee(`ballot(id: "${closedOnHidden}") { state subject { id } }`)).toEqual({ ballot: { state: 'CLOSED', subject: null } });
  });

  it('pages past what is left out without a trace of it', async () => {
    const page = async (list: string, first: number, after: string | null): Promise<Json> => (await server.committee(`${list}(first: ${first}${after === null ? '' : `, after: "${after}"`}) { edges { cursor node { id } } pageInfo { hasNextPage endCursor } }`))[list];
    for (const list of ['recommendations', 'ballots']) {
      const whole = await page(list, 100, null);
      const walked: string[] = [];
      for (let after: string | null = null, more = true; more;) {
        const { edges, pageInfo } = await page(list, 1, after);
        walked.push(...edges.map((edge: Json) => edge.node.id));
        ({ endCursor: after, hasNextPage: more } = pageInfo);
      }
      expect(walked).toEqual(whole.edges.map((edge: Json) => edge.node.id));
      expect(whole.pageInfo.hasNextPage).toBe(false);
    }
  });

  it('follows the log without meeting what is hidden, and hears nothing about a hidden thing', async () => {
    const { client } = server.socket();
    const plain: Json[] = [];
    const about: Json[] = [];
    const things = JSON.stringify([...hidden].filter(([what]) => what.startsWith('id of')).map(([, id]) => id));
    client.subscribe<Json>({ query: 'subscription { committee(after: "0") { position time change { kind parts about actor { office regionId onBehalfOfId } cause sentence } } }' }, { next: (message) => { plain.push(message); }, error: (e) => { plain.push(e); }, complete: () => undefined });
    client.subscribe<Json>({ query: `subscription { committee(after: "0", about: { things: ${things}, changes: [KEY_AREA_RENAMED] }) { position change { kind } } }` }, { next: ({ data }) => { about.push(data.committee); }, error: (e) => { about.push(e); }, complete: () => undefined });
    const { position } = await server.send('renameKeyArea', { code: 'KA5', title: 'Renamed at the end' }, 'secretariat');
    await until(() => plain.length >= server.head && about.length > 0);
    expect(plain.map((message) => Number(message.data?.committee.position))).toEqual(Array.from({ length: server.head }, (_, i) => i + 1));
    expect(met(plain)).toEqual([]);
    expect(about).toEqual([{ position, change: { kind: 'KEY_AREA_RENAMED' } }]);
    await client.dispose();
  });

  it('sees the stricter of then and now: what is public today was not yet then', async () => {
    const all = 'ballots(first: 20) { edges { node { state } } } recommendations(first: 20) { edges { node { state } } } change { kind }';
    const then = async (person?: string): Promise<Json> => (await server.ask(`{ committee(asOf: "2020-01-20T23:00:00Z") { ${all} } }`, person)).data.committee;
    expect(await then()).toEqual({ ballots: { edges: [] }, recommendations: { edges: [] }, change: null });
    expect(await then('galicia-representative')).toMatchObject({ ballots: { edges: [{ node: { state: 'OPEN' } }] }, change: { kind: 'POSITION_CAST' } });
  });
});

describe('Who a person is', () => {
  it('is read by the secretariat and the auditor only, whichever field is asked', async () => {
    for (const person of Object.keys(PEOPLE)) {
      for (const at of [36, 60, server.head]) {
        const text = JSON.stringify(await everything(person, at));
        // Hashes of texts and letters have 64 digits too: persons are looked for by their ids.
        const found = [...hidden].filter(([what, id]) => what.startsWith('person id') && text.includes(id)).map(([what]) => what);
        if (isOneOf(person, PERSONS)) expect([person, at, found.length > 3]).toEqual([person, at, true]);
        else expect([person, at, found]).toEqual([person, at, []]);
      }
    }
  }, 60_000);

  it('is told to that person alone by `me`', async () => {
    for (const person of Object.keys(PEOPLE)) {
      const { data } = await server.ask('{ me { personId } }', as(person));
      expect(data.me).toEqual(person === 'visitor' ? null : { personId: server.personId(person) });
    }
  });

  it('stands in no refusal', async () => {
    const { text } = await server.post(JSON.stringify({ query: `mutation { electChair(input: { person: "${server.personId('stranger')}" }) { id } }` }), { authorization: `Bearer ${await server.token('secretariat')}` });
    const { text: other } = await server.post(JSON.stringify({ query: `mutation { appointRepresentative(input: { region: "${region['Galicia']}", person: "${server.personId('lombardy-representative')}" }) { id } }` }), { authorization: `Bearer ${await server.token('galicia-contact')}` });
    expect(text).toContain('CHAIR_IN_OFFICE');
    expect(other).toContain('REPRESENTS_ANOTHER_REGION');
    for (const [what, id] of hidden) if (what.startsWith('person id')) expect([what, text.includes(id) || other.includes(id)]).toEqual([what, false]);
  });
});

describe('Rights end', () => {
  it('with the mandate, at once, and with a term that runs out, without any entry', async () => {
    const seen = async (person: string): Promise<number> => (await server.committee('recommendations(first: 50) { edges { cursor } }', person)).recommendations.edges.length;
    expect(await seen('lombardy-alternate')).toBeGreaterThan(3);
    await server.send('endMandate', { region: region['Lombardy'], office: 'ALTERNATE', reason: 'RESIGNATION' }, 'lombardy-contact');
    expect(await seen('lombardy-alternate')).toBe(1);
    await expect(server.send('endMandate', { region: region['Lombardy'], office: 'ALTERNATE', reason: 'RESIGNATION' }, 'lombardy-contact')).rejects.toThrow('REFUSED NO_MANDATE');

    expect(await seen('chair')).toBeGreaterThan(3);
    const head = server.head;
    later = 3 * 365 * DAY_MS;
    expect((await server.ask('{ me { offices { office } } }', 'chair')).data.me.offices).toEqual([]);
    expect(await seen('chair')).toBe(1);
    expect(server.head).toBe(head);
    later = 2 * DAY_MS;
  });
});
