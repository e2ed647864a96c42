import 'reflect-metadata';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { derivedId } from '../../../src/decider/decider.js';
import { Problem } from '../../../src/decider/problem.js';
import type { Provision } from '../../../src/events/shared.js';
import type { GraphqlContext } from '../../../src/graphql/context.js';
import type { Reads } from '../../../src/graphql/reads.js';
import type { Visibility } from '../../../src/graphql/visibility.js';
import { VISITOR } from '../../../src/identity/standing.js';
import { difference } from '../../../src/modules/documents/difference.js';
import { documentIdOf } from '../../../src/modules/documents/documents.decider.js';
import { DocumentFieldsResolver, DocumentVersionResolver } from '../../../src/modules/documents/documents.resolver.js';
import type { DocumentParent } from '../../../src/modules/documents/documents.things.js';
import { DEFAULT_RULES } from '../../../src/modules/membership/default-rules.js';
import { documentTable } from '../../../src/projections/documents.view.js';
import { Kernel, SYSTEM, type Input, type Processes } from '../../support/kernel.js';
import { below, randomFrom, SEED } from '../../support/random.js';

const LETTER = { kind: 'LETTER_OF_ADHESION', sha256: 'a'.repeat(64), signedAs: 'President', date: '2019-01-01' };
let kernel: Kernel;
let processes: Processes;

beforeEach(async () => {
  kernel = new Kernel();
  await kernel.send('EstablishCommittee', { name: 'C', rules: { ...DEFAULT_RULES, matters: DEFAULT_RULES.matters.map(({ matter }) => ({ matter, rule: { name: 'SIMPLE_MAJORITY_OF_VOTES_CAST' } })) }, secretariat: 'secretariat' }, SYSTEM);
  await kernel.send('DefineKeyArea', { code: 'KA1', title: 'One' }, 'secretariat');
  await kernel.send('ElectChair', { person: 'chair' }, 'secretariat');
  const { id } = await kernel.send('JoinCommittee', { region: { name: 'Tuscany', country: 'IT' }, letterOfAdhesion: LETTER }, 'contact');
  await kernel.send('AcceptAccession', { accession: id }, 'secretariat');
  tuscany = derivedId(id, 'region');
  await kernel.send('AppointRepresentative', { region: tuscany, person: 'Tuscany' }, 'contact');
  processes = await kernel.processes();
});
afterEach(async () => {
  expect(processes.failures).toEqual([]);
  await kernel.close();
});
let tuscany: string;

const refusal = async (name: string, input: Input): Promise<string> => (await kernel.refusal(name, input, 'secretariat')).reason ?? '';

/** An adopted recommendation, and the document that follows from it, or that it revises. */
async function adopted(text = 'One.', drain = true, more: Input = {}): Promise<{ recommendation: string; document: string }> {
  const { id: recommendation } = await kernel.send('InitiateRecommendation', { title: 'Records', keyAreas: ['KA1'], addressees: ['EC'], text: [{ text }], ...more }, 'Tuscany');
  await kernel.send('TableRecommendation', { recommendation }, 'Tuscany');
  const { commandId: ballot } = await kernel.send('SubmitRecommendationToBallot', { recommendation }, 'chair');
  await kernel.send('OpenBallot', { ballot, subject: recommendation, procedure: 'MEETING', present: [tuscany] }, 'chair');
  await kernel.send('CastPosition', { ballot, expressed: 'IN_FAVOUR' }, 'Tuscany');
  await kernel.send('CloseBallot', { ballot }, 'chair');
  if (drain) await processes.drain();
  return { recommendation, document: documentIdOf(recommendation) };
}
const textOf = (): Provision[] => (kernel.last().data as { text: Provision[] }).text;
const numbers = (): string[] => kernel.entries().flatMap((e) => (e.type === 'RegisterNumberAssigned' ? [(e.data as { registerNumber: string }).registerNumber] : []));

describe('Policy documents', () => {
  it('follow from an adoption by themselves, once, whoever else creates them', async () => {
    const { recommendation, document } = await adopted();
    expect(kernel.typesAfter(kernel.head - 2)).toEqual(['RecommendationAdopted', 'DocumentCreated']);
    expect(await refusal('CreateDocument', { recommendation })).toBe('NOTHING_TO_CHANGE');
    expect((await kernel.refusal('CreateDocument', { recommendation: 'none' }, 'secretariat')).code).toBe('NOT_FOUND');
    const { id: draft } = await kernel.send('InitiateRecommendation', { title: 'x', keyAreas: ['KA1'], addressees: ['x'], text: [{ text: 'x' }] }, 'Tuscany');
    expect(await refusal('CreateDocument', { recommendation: draft })).toBe('NOT_ADOPTED');
    expect(kernel.entries().filter((e) => e.type === 'DocumentCreated').map((e) => (e.data as { documentId: string }).documentId)).toEqual([document]);
  });

  it('P1 P2 a change is a new version, and names the newest one', async () => {
    const { document } = await adopted();
    expect(await refusal('DraftVersion', { document, basedOn: 1 })).toBe('NOT_BASED_ON_NEWEST');
    await kernel.send('DraftVersion', { document }, 'secretariat');
    expect(kernel.last().data).toMatchObject({ number: 1, text: [{ text: 'One.' }] });
    expect(await refusal('DraftVersion', { document, basedOn: 1 })).toBe('NOTHING_TO_CHANGE');
    const answers = await Promise.all(['Two.', 'Three.'].map((text) => kernel.answer('DraftVersion', { document, basedOn: 1, text: [{ text }] }, 'secretariat')));
    expect(answers.map((a) => (a instanceof Problem ? a.reason : 'drafted'))).toEqual(['drafted', 'NOT_BASED_ON_NEWEST']);
    expect((await kernel.refusal('DraftVersion', { document: 'none' }, 'secretariat')).code).toBe('NOT_FOUND');
  });

  it('P3 a version is published on an adopted recommendation with exactly its text', async () => {
    const { document } = await adopted();
    await kernel.send('DraftVersion', { document, text: [{ text: 'Other.' }] }, 'secretariat');
    expect(await refusal('PublishVersion', { document, number: 1 })).toBe('OTHER_TEXT');
    expect(await refusal('PublishVersion', { document, number: 7 })).toBe('NOT_DRAFTED');
    expect(await refusal('PublishVersion', { document, number: 1, recommendation: 'none' })).toBe('NOT_DECIDED');
    await kernel.send('DraftVersion', { document, basedOn: 1 }, 'secretariat');
    await kernel.send('PublishVersion', { document, number: 2 }, 'secretariat');
    expect(await refusal('PublishVersion', { document, number: 2 })).toBe('NOT_DRAFTED');
    expect(await refusal('PublishVersion', { document, number: 1 })).toBe('NOT_DRAFTED');
  });

  it('P3 P4 P5 a recommendation that revises one becomes the next version of its document, and is registered as -REV', async () => {
    const { recommendation, document } = await adopted();
    await kernel.send('DraftVersion', { document }, 'secretariat');
    const [provision] = textOf();
    await kernel.send('PublishVersion', { document, number: 1, effectiveFrom: '2026-03-01' }, 'secretariat');
    const next = await adopted('', true, { revises: recommendation, text: [{ id: provision?.id, text: 'One, revised.' }, { text: 'Two.' }] });
    expect(kernel.entries().filter((e) => e.type === 'DocumentCreated')).toHaveLength(1);
    expect(await refusal('CreateDocument', { recommendation: next.recommendation })).toBe('REVISES_A_DOCUMENT');
    await kernel.send('DraftVersion', { document, basedOn: 1, recommendation: next.recommendation }, 'secretariat');
    expect(textOf().map(({ id, text }) => [id === provision?.id, text])).toEqual([[true, 'One, revised.'], [false, 'Two.']]);
    expect(await refusal('PublishVersion', { document, number: 2 })).toBe('OTHER_TEXT');
    expect(await refusal('PublishVersion', { document, number: 2, recommendation: next.recommendation, effectiveFrom: '2026-02-28' })).toBe('BEFORE_PREDECESSOR');
    await kernel.send('PublishVersion', { document, number: 2, recommendation: next.recommendation, effectiveFrom: '2026-04-01' }, 'secretariat');
    await processes.drain();
    expect(numbers()).toEqual(['IC/2026/1', 'IC/2026/2-REV1']);
    const row = processes.reads.get(documentTable, document, kernel.head);
    expect(row?.versions.map(({ number, state, until }) => [number, state, until])).toEqual([[1, 'SUPERSEDED', '2026-04-01'], [2, 'PUBLISHED', undefined]]);
    // A third names the second, and still belongs to the same document.
    const third = await adopted('', true, { revises: next.recommendation, text: [{ id: provision?.id, text: 'One, once more.' }] });
    expect(kernel.entries().filter((e) => e.type === 'RecommendationAdopted').at(-1)?.data).toMatchObject({ revises: recommendation });
    await kernel.send('DraftVersion', { document, basedOn: 2, recommendation: third.recommendation }, 'secretariat');
  });

  it('P3 only what revises it decides on a document, and only what is adopted is revised', async () => {
    const { recommendation, document } = await adopted();
    const other = await adopted('Another text.');
    await kernel.send('DraftVersion', { document }, 'secretariat');
    expect(await refusal('PublishVersion', { document, number: 1, recommendation: other.recommendation })).toBe('NOT_DECIDED');
    expect(await refusal('DraftVersion', { document, basedOn: 1, recommendation: other.recommendation })).toBe('NOT_DECIDED');
    const draft: Input = { title: 'x', keyAreas: ['KA1'], addressees: ['x'], text: [{ text: 'x' }] };
    const { id } = await kernel.send('InitiateRecommendation', draft, 'Tuscany');
    expect(await refusal('InitiateRecommendation', { ...draft, revises: id })).toBe('NOT_ADOPTED');
    expect((await kernel.refusal('InitiateRecommendation', { ...draft, revises: 'none' }, 'secretariat')).code).toBe('NOT_FOUND');
    expect((await kernel.refusal('InitiateRecommendation', { ...draft, text: [{ id: 'strange', text: 'x' }], revises: recommendation }, 'secretariat')).code).toBe('INVALID');
  });

  it('P4 one version is in force at a time: a later one is never in force from an earlier day', async () => {
    const { document } = await adopted();
    expect(await refusal('IssueCorrigendum', { document, basedOn: 1, reason: 'SPELLING', text: [{ text: 'x' }] })).toBe('NOT_PUBLISHED');
    await kernel.send('DraftVersion', { document }, 'secretariat');
    await kernel.send('PublishVersion', { document, number: 1, effectiveFrom: '2026-02-01' }, 'secretariat');
    expect(await refusal('IssueCorrigendum', { document, basedOn: 1, reason: 'SPELLING', text: [{ text: 'One!' }], effectiveFrom: '2026-01-31' })).toBe('BEFORE_PREDECESSOR');
    expect(await refusal('IssueCorrigendum', { document, basedOn: 2, reason: 'SPELLING', text: [{ text: 'One!' }] })).toBe('NOT_BASED_ON_NEWEST');
    await kernel.send('IssueCorrigendum', { document, basedOn: 1, reason: 'SPELLING', text: [{ text: 'One!' }] }, 'secretariat');
    expect(kernel.last().data).toMatchObject({ number: 2, basedOn: 1, effectiveFrom: '2026-02-01', reason: 'SPELLING' });
  });

  it('P5 register numbers are given once, from 1 without a hole or a double, by the year of the publication in Brussels', async () => {
    const [one, two] = [await adopted('a'), await adopted('b')];
    for (const { document } of [one, two]) await kernel.send('DraftVersion', { document }, 'secretariat');
    kernel.clock.standAt('2026-12-31T22:30:00.000Z');
    await kernel.send('PublishVersion', { document: one.document, number: 1 }, 'secretariat');
    kernel.clock.standAt('2026-12-31T23:30:00.000Z');
    await kernel.send('PublishVersion', { document: two.document, number: 1 }, 'secretariat');
    await kernel.send('IssueCorrigendum', { document: two.document, basedOn: 1, reason: 'NUMBERING', text: [{ text: 'b!' }] }, 'secretariat');
    await processes.drain();
    expect(numbers()).toEqual(['IC/2026/1', 'IC/2027/1', 'IC/2027/2-COR1']);
    expect(await kernel.answer('AssignRegisterNumber', { document: one.document, number: 1, year: 2026 }, SYSTEM)).toMatchObject({ reason: 'HAS_A_NUMBER' });
    expect(await kernel.answer('AssignRegisterNumber', { document: one.document, number: 1, year: 2027 }, SYSTEM)).toMatchObject({ reason: 'NOT_PUBLISHED' });
    expect((await kernel.refusal('AssignRegisterNumber', { document: one.document, number: 1, year: 2026 }, 'secretariat')).code).toBe('FORBIDDEN');
  });

  it('P5 200 publications at once have the numbers 1 to 200, also when they are stopped in the middle and begun again', async () => {
    const documents: string[] = [];
    for (let i = 0; i < 200; i++) documents.push((await adopted(`text ${i}`, false)).document);
    await processes.drain();
    await Promise.all(documents.map((document) => kernel.send('DraftVersion', { document }, 'secretariat')));
    await Promise.all(documents.map((document) => kernel.send('PublishVersion', { document, number: 1 }, 'secretariat')));
    // Half of what follows is done, then everything is forgotten and begun again from the log.
    await processes.views.reaches(kernel.head, 10_000);
    const half = processes.consequences('WAITING').slice(0, 100);
    expect(half).toHaveLength(100);
    for (const { command, input, commandId } of half) await kernel.send(command, { ...input, commandId }, SYSTEM);
    kernel = await kernel.reopen();
    processes = await kernel.processes();
    await processes.drain();
    expect(numbers()).toEqual(Array.from({ length: 200 }, (_, i) => `IC/2026/${i + 1}`));
    expect(processes.consequences('REFUSED')).toEqual([]);
  }, 60_000);
});

describe('The versions of a document', () => {
  it('are shown, a hundred of them, without reading a text; one text is read where one is asked for', async () => {
    const read: number[] = [];
    const reads = { part: (_: unknown, __: string, number: number) => { read.push(number); return { text: [{ id: 'p', text: `text ${number}` }] }; } } as unknown as Reads;
    const versions = Array.from({ length: 100 }, (_, i) => ({ number: i + 1, publishedAt: '2026-01-01T00:00:00.000Z', draftedBy: { office: 'SECRETARIAT' } }));
    const document = { id: 'd', at: 7, row: { language: 'en', versions } } as unknown as DocumentParent;
    const { edges } = await new DocumentFieldsResolver(reads, {} as Visibility).versions(document, { first: 100 }, { reader: VISITOR } as GraphqlContext);
    expect(edges.map(({ node }) => (node as { number: number }).number)).toEqual(versions.map(({ number }) => number));
    expect(read).toEqual([]);
    const version = edges[41]?.node as Parameters<DocumentVersionResolver['text']>[0];
    expect(new DocumentVersionResolver(reads).text(version)).toEqual([{ id: 'p', text: 'text 42' }]);
    expect(read).toEqual([42]);
  });
});

describe('The difference of two texts', () => {
  const provision = fc.record({ id: fc.constantFrom('a', 'b', 'c', 'd', 'e'), heading: fc.option(fc.lorem({ maxCount: 2 }), { nil: undefined }), text: fc.lorem({ maxCount: 8 }) });
  const text = fc.uniqueArray(provision, { selector: (p) => p.id, maxLength: 5 });
  const read = ({ heading, text: body }: Provision): string => (heading === undefined ? body : `${heading}\n${body}`);

  it(`applied to the first gives the second, and taken back the first (seed ${SEED})`, () => {
    fc.assert(fc.property(text, text, fc.nat(100), (from, to, work) => {
      const found = difference(from, to, work);
      const without = (kind: string) => new Map(found.map((d) => [d.provision, d.words.filter((w) => w.kind !== kind).map((w) => w.text).join('')]).filter(([, words]) => words !== '') as [string, string][]);
      expect(without('REMOVED')).toEqual(new Map(to.map((p) => [p.id, read(p)])));
      expect(without('ADDED')).toEqual(new Map(from.map((p) => [p.id, read(p)])));
      expect(found.filter((d) => d.kind !== 'REMOVED').map((d) => d.provision)).toEqual(to.map((p) => p.id));
    }), { seed: SEED, numRuns: 300 });
  });

  const words = (random: () => number, count: number): string => Array.from({ length: count }, () => `w${below(random, 50_000)}`).join(' ');

  it('takes a provision of which too much differs as a whole, and goes on by words with what is left', () => {
    const random = randomFrom(SEED);
    const [from, to] = [words(random, 30_000), words(random, 30_000)];
    const differs = (before: string, after: string, work?: number) => difference([{ id: 'a', text: before }, { id: 'b', text: 'One two.' }], [{ id: 'a', text: after }, { id: 'b', text: 'One three.' }], work);
    const whole = { provision: 'a', kind: 'CHANGED', words: [{ kind: 'REMOVED', text: from }, { kind: 'ADDED', text: to }] };
    // All that there was is spent on the first.
    expect(differs(from, to)).toEqual([whole, { provision: 'b', kind: 'CHANGED', words: [{ kind: 'REMOVED', text: 'One two.' }, { kind: 'ADDED', text: 'One three.' }] }]);
    // A text as long, of which little differs, costs little.
    const [first, second] = differs(from, `${from} more`);
    expect(first?.words.at(-1)).toEqual({ kind: 'ADDED', text: ' more' });
    expect(second?.words.map(({ kind }) => kind)).toEqual(['SAME', 'REMOVED', 'ADDED', 'SAME']);
    // Two words differ by two: four of work, of which there is one too few.
    expect(differs('x', 'y', 4)[0]?.words).toEqual([{ kind: 'REMOVED', text: 'x' }, { kind: 'ADDED', text: 'y' }]);
    expect(differs('same x', 'same y', 4)[0]?.words[0]).toEqual({ kind: 'SAME', text: 'same ' });
    expect(differs('same x', 'same y', 3)[0]?.words[0]).toEqual({ kind: 'REMOVED', text: 'same x' });
  });
});
