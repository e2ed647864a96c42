import { describe, expect, it } from '@jest/globals';
import { getMetadataStorage } from 'class-validator';
import type { Command, CommandClass } from '../../src/decider/command.js';
import { parseCommand } from '../../src/decider/parse-command.js';
import { Problem } from '../../src/decider/problem.js';
import { ProvisionInput } from '../../src/graphql/provision.input.js';
import { RecusalInput } from '../../src/modules/ballots/ballots.commands.js';
import { DecisionRuleInput, MatterRuleInput, PopulationFigureInput, QuorumInput, RulesInput } from '../../src/modules/membership/committee.commands.js';
import { EvidenceInput } from '../../src/graphql/evidence.input.js';
import { CostLineInput, PartnerPlanInput, SourceLineInput } from '../../src/modules/investments/investments.commands.js';
import { RegionInput } from '../../src/modules/membership/roll.commands.js';
import { confirming, partOf, PROPOSAL } from '../support/investments.js';
import { commandRegistrations } from '../support/commands.js';
import { DRAFT, establishing, joining, letterOf, rulesInput } from '../support/committee.js';
import { TODAY } from '../support/given.js';
import type { Input } from '../support/kernel.js';

/** Something wrong, and the words that say what would be right. */
type Wrong = readonly [what: string, value: unknown, right: RegExp];
interface Kind { readonly wrong: readonly Wrong[]; readonly optional?: boolean; readonly fields?: Fields; readonly list?: boolean }
type Fields = Readonly<Record<string, Kind>>;

const NO_STRING: readonly Wrong[] = [['a number', 5, /must be/], ['an object', {}, /must be/], ['a list', ['x'], /must be/], ['true', true, /must be/]];
const optional = (kind: Kind): Kind => ({ ...kind, optional: true });
const text = (atMost: number): Kind => ({ wrong: [
  ...NO_STRING, ['empty', '', /must be longer than or equal to 1|must not be blank/], ['blank', ' \n\t', /must not be blank/],
  ['too long', 'x'.repeat(atMost + 1), new RegExp(`shorter than or equal to ${atMost} characters`)],
] });
const id = text(100);
const int = (least: number, most: number): Kind => ({ wrong: [
  ['a text', '5', /must be an integer|must not be/], ['a fraction', 1.5, /must be an integer/], ['no number', Number.NaN, /must/], ['a list', [5], /must/],
  ['too small', least - 1, new RegExp(`must not be less than ${least}`)], ['too large', most + 1, new RegExp(`must not be greater than ${most}`)],
] });
const oneOf = (...values: string[]): Kind => {
  const right = new RegExp(`must be one of ${values.join(', ')}`);
  return { wrong: [['another word', 'PERHAPS', right], ['in small letters', values[0]?.toLowerCase(), right], ['a number', 0, right], ['empty', '', right], ['an inherited name', 'constructor', right]] };
};
const pattern = (right: RegExp, ...wrong: string[]): Kind => ({ wrong: [['a number', 5, /must be/], ...wrong.map((value) => [JSON.stringify(value), value, right] as const)] });
const moment: Kind = pattern(/must be a (time in UTC such as|valid ISO 8601)/, 'now', '2026-03-01', '2026-03-01T12:00:00Z', '2026-03-01T12:00:00.000+01:00', '2026-02-30T12:00:00.000Z', '2026-13-01T12:00:00.000Z', '2026-03-01T24:00:00.000Z', '2026-03-01T12:60:00.000Z');
const day: Kind = pattern(/must be a (day such as|valid ISO 8601)/, '1.3.2026', '2026-3-1', '2026-02-30', TODAY);
const sha256: Kind = pattern(/must be 64 lower-case hex digits/, 'abc', 'A'.repeat(64), 'g'.repeat(64), 'a'.repeat(65));
const boolean: Kind = { wrong: [['a text', 'true', /must be a boolean/], ['a number', 1, /must be a boolean/]] };
const list = (atMost: number, one: readonly Wrong[], { atLeast = 0, example }: { atLeast?: number; example: (i: number) => unknown }): Kind => ({ wrong: [
  ['no list', 'x', /must be an array/], ['an object', {}, /must be an array/],
  ['too many', Array.from({ length: atMost + 1 }, (_, i) => example(i)), new RegExp(`no more than ${atMost} elements`)],
  ...(atLeast > 0 ? [['empty', [], new RegExp(`at least ${atLeast} element`)] as const] : []),
  ...one.map(([what, value, right]) => [`with ${what}`, [example(0), value], right] as const),
] });
const unique = (kind: Kind, twice: readonly unknown[]): Kind => ({ ...kind, wrong: [...kind.wrong, ['one twice', twice, /unique/]] });
const object = (fields: Fields): Kind => ({ fields, wrong: [
  ['a text', 'x', /must be given as an object/], ['a number', 5, /must be given as an object/], ['a list', [], /must be given as an object/], ['a list of one', [{}], /must be given as an object/],
] });
const objects = (fields: Fields, atMost = 1_000, atLeast = 0): Kind => ({ fields, list: true, ...list(atMost, [
  ['a text', 'x', /must be given as an object/], ['null', null, /must be given as an object/], ['a list', [], /must be given as an object/],
], { atLeast, example: () => ({}) }) });

const KEY_AREAS = ['KA1', 'KA2', 'KA3', 'KA4', 'KA5'];
const keyArea = oneOf(...KEY_AREAS);
const rules = object({
  matters: objects({
    matter: oneOf('RECOMMENDATION', 'JOINT_INVESTMENT', 'PROCEDURE', 'RULES_OF_PROCEDURE'),
    rule: object({
      name: oneOf('SIMPLE_MAJORITY_OF_VOTES_CAST', 'SIMPLE_MAJORITY_OF_MEMBERS', 'TWO_THIRDS_OF_MEMBERS', 'DOUBLE_MAJORITY', 'REINFORCED_MAJORITY', 'UNANIMITY'),
      tie: optional(oneOf('REJECTED', 'CASTING_VOTE')), fixedBlockingMinority: optional(int(1, 1_000)),
    }),
  }),
  quorum: object({ numerator: int(0, 1_000), denominator: int(1, 1_000), strict: boolean }),
  writtenDaysAtLeast: int(1, 365), effectiveFrom: optional(moment),
});
const evidence = object({ kind: oneOf('LETTER_OF_ADHESION', 'COMMITMENT_LETTER', 'APPROVED_MINUTES'), sha256, signedAs: text(200), date: day });
const region = object({
  code: optional(pattern(/must be a NUTS code such as ITC4/, 'itc4', 'IT', 'ITC4CC', '')), nutsVersion: optional(pattern(/must be the year of a NUTS version/, '24', '20240')),
  name: text(200), country: pattern(/must be two capital letters, such as IT/, 'it', 'ITA', 'I', ''),
});
const provisions = objects({ id: optional(id), heading: optional(text(300)), text: text(200_000) }, 1_000, 1);
const recusal = { region: id, reason: oneOf('DECLARED_CONFLICT', 'RULED_CONFLICT') };
const cents: Kind = { wrong: [
  ['a text', '5', /must be euro cents, a whole number/], ['a part of a cent', 1.5, /must be euro cents, a whole number/], ['nothing', 0, /must not be less than 1/], ['less than nothing', -1, /must not be less than 1/],
  ['above the integers of JSON', 2 ** 53, /must not be greater than 9007199254740991/],
] };
const partners = objects({
  region: id,
  costs: objects({ name: text(200), amount: cents }, 200, 1),
  sources: objects({ kind: oneOf('EU_FUND', 'REGIONAL', 'NATIONAL', 'PRIVATE', 'IN_KIND'), name: text(200), amount: cents }, 200, 1),
}, 200, 1);
const language = pattern(/must be a language code such as en/, 'EN', 'e', 'english', '');
const corrigendum = oneOf('SPELLING', 'NUMBERING', 'REFERENCE', 'TRANSLATION', 'OTHER_CLERICAL');
const version = int(1, 1_000_000);
const appointment: Fields = { region: id, person: id, until: optional(moment), letter: optional(evidence) };
const followsBallot: Fields = { recommendation: id, ballot: id };
const position: Kind = { wrong: [['a text', '5', /must/], ['a fraction', 1.5, /must be an integer/], ['below nought', -1, /must not be less than 0/]] };
const everyCommand: Fields = {
  commandId: optional({ wrong: [['no UUID', 'mine', /must be a UUID/], ['a number', 5, /must be a UUID/], ['empty', '', /must be a UUID/]] }),
  revision: optional({ wrong: [['a text', '1', /must be/], ['a fraction', 0.5, /must be an integer/], ['below nought', -1, /must be 0 or more/]] }),
};

/** Every field of every command, and an input of each that is right. */
const COMMANDS: Readonly<Record<string, { readonly fields: Fields; readonly right: Input }>> = {
  EstablishCommittee: { fields: { name: text(200), rules, secretariat: id }, right: establishing(rulesInput({ name: 'DOUBLE_MAJORITY', tie: 'REJECTED', fixedBlockingMinority: 4 }, { effectiveFrom: TODAY })) },
  AppointToOffice: { fields: { office: oneOf('SECRETARIAT', 'AUDITOR', 'OPERATOR'), person: id }, right: { office: 'AUDITOR', person: 'p' } },
  EndOffice: { fields: { office: oneOf('CHAIR', 'SECRETARIAT', 'AUDITOR', 'OPERATOR'), person: id }, right: { office: 'CHAIR', person: 'p' } },
  ElectChair: { fields: { person: id, from: optional(moment), until: optional(moment) }, right: { person: 'p', from: TODAY, until: TODAY } },
  AdoptRulesOfProcedure: { fields: { rules }, right: { rules: rulesInput() } },
  AdoptPopulationTable: {
    fields: { year: int(1900, 2200), source: text(300), figures: objects({ region: id, population: int(1, 2_147_483_647) }) },
    right: { year: 2026, source: 'Eurostat', figures: [{ region: 'r', population: 1 }] },
  },
  DefineKeyArea: { fields: { code: keyArea, title: text(200) }, right: { code: 'KA1', title: 'T' } },
  RenameKeyArea: { fields: { code: keyArea, title: text(200) }, right: { code: 'KA1', title: 'T' } },
  JoinCommittee: { fields: { region, letterOfAdhesion: evidence }, right: joining(1) },
  AcceptAccession: { fields: { accession: id, population: optional(int(1, 2_147_483_647)) }, right: { accession: 'a', population: 1 } },
  DeclineAccession: { fields: { accession: id }, right: { accession: 'a' } },
  AppointRepresentative: { fields: appointment, right: { region: 'r', person: 'p', until: TODAY, letter: letterOf() } },
  AppointAlternate: { fields: appointment, right: { region: 'r', person: 'p', until: TODAY, letter: letterOf() } },
  EndMandate: {
    fields: { region: id, office: oneOf('REPRESENTATIVE', 'ALTERNATE'), reason: oneOf('RESIGNATION', 'OFFICE_ENDED', 'REPLACED', 'DEATH') },
    right: { region: 'r', office: 'ALTERNATE', reason: 'DEATH' },
  },
  WithdrawMembership: { fields: { region: id }, right: { region: 'r' } },
  OpenBallot: {
    fields: {
      ballot: id, subject: id, procedure: oneOf('MEETING', 'WRITTEN'), deadline: optional(moment),
      present: optional(unique(list(1_000, id.wrong, { example: (i) => `r${i}` }), ['r', 'r'])), recusals: optional(objects(recusal)),
    },
    right: { ballot: 'b', subject: 's', procedure: 'MEETING', deadline: TODAY, present: ['r'], recusals: [{ region: 'r', reason: 'RULED_CONFLICT' }] },
  },
  CastPosition: { fields: { ballot: id, expressed: oneOf('IN_FAVOUR', 'AGAINST', 'ABSTENTION'), replaces: optional(position) }, right: { ballot: 'b', expressed: 'AGAINST', replaces: 1 } },
  CloseBallot: { fields: { ballot: id, castingVote: optional(oneOf('IN_FAVOUR', 'AGAINST')) }, right: { ballot: 'b', castingVote: 'AGAINST' } },
  InitiateRecommendation: {
    fields: {
      title: text(300), text: provisions, revises: optional(id),
      keyAreas: unique(list(1_000, keyArea.wrong, { atLeast: 1, example: () => 'KA1' }), ['KA1', 'KA1']),
      addressees: unique(list(50, text(200).wrong, { atLeast: 1, example: (i) => `EC ${i}` }), ['EC', 'EC']),
    },
    right: DRAFT,
  },
  ReviseDraft: { fields: { recommendation: id, title: optional(text(300)), text: provisions }, right: { recommendation: 'r', title: 'T', text: [{ id: 'p', heading: 'H', text: 'x' }] } },
  TableRecommendation: { fields: { recommendation: id }, right: { recommendation: 'r' } },
  SubmitRecommendationToBallot: { fields: { recommendation: id }, right: { recommendation: 'r' } },
  WithdrawRecommendation: { fields: { recommendation: id }, right: { recommendation: 'r' } },
  AdoptRecommendation: { fields: followsBallot, right: { recommendation: 'r', ballot: 'b' } },
  RejectRecommendation: { fields: followsBallot, right: { recommendation: 'r', ballot: 'b' } },
  LeaveRecommendationWithoutOpinion: { fields: followsBallot, right: { recommendation: 'r', ballot: 'b' } },
  CreateDocument: { fields: { recommendation: id, language: optional(language) }, right: { recommendation: 'r', language: 'en' } },
  DraftVersion: {
    fields: { document: id, basedOn: optional(version), text: optional(provisions), recommendation: optional(id) },
    right: { document: 'd', basedOn: 1, text: [{ id: 'p', heading: 'H', text: 'x' }], recommendation: 'r' },
  },
  PublishVersion: {
    fields: { document: id, number: version, effectiveFrom: optional(day), recommendation: optional(id) }, right: { document: 'd', number: 1, effectiveFrom: '2026-03-01', recommendation: 'r' },
  },
  IssueCorrigendum: {
    fields: { document: id, basedOn: version, text: provisions, reason: corrigendum, effectiveFrom: optional(day) },
    right: { document: 'd', basedOn: 1, text: [{ id: 'p', heading: 'H', text: 'x' }], reason: 'SPELLING', effectiveFrom: '2026-03-01' },
  },
  AssignRegisterNumber: { fields: { document: id, number: version, year: int(1_900, 9_999) }, right: { document: 'd', number: 1, year: 2026 } },
  ProposeJointInvestment: {
    fields: {
      title: text(300), s3Priority: text(200), stage: oneOf('LEARN', 'CONNECT', 'DEMONSTRATE', 'COMMERCIALISE', 'SCALE_UP'),
      keyAreas: unique(list(1_000, keyArea.wrong, { atLeast: 1, example: () => 'KA1' }), ['KA1', 'KA1']),
      relatedInitiatives: optional(unique(list(50, text(300).wrong, { example: (i) => `Pilot ${i}` }), ['ICPerMed', 'ICPerMed'])),
    },
    right: PROPOSAL,
  },
  InvitePartner: { fields: { investment: id, region: id }, right: { investment: 'i', region: 'r' } },
  AcceptPartnership: { fields: { investment: id, s3Priority: text(200) }, right: { investment: 'i', s3Priority: 'Health' } },
  SetFinancingPlan: { fields: { investment: id, partners }, right: { investment: 'i', partners: [partOf('r', 3)] } },
  OpenPledging: { fields: { investment: id }, right: { investment: 'i' } },
  IndicatePledge: { fields: { investment: id, amount: cents }, right: { investment: 'i', amount: 1 } },
  ConfirmPledge: { fields: { investment: id, amount: optional(cents), evidence, validUntil: day }, right: confirming('i', { amount: 1 }) },
  WithdrawPledge: { fields: { investment: id, reason: text(300) }, right: { investment: 'i', reason: 'The budget was cut.' } },
  SubmitInvestmentToBallot: { fields: { investment: id }, right: { investment: 'i' } },
  EndorseInvestment: { fields: { investment: id, ballot: id }, right: { investment: 'i', ballot: 'b' } },
  DeclineEndorsement: { fields: { investment: id, ballot: id }, right: { investment: 'i', ballot: 'b' } },
  LeaveInvestmentWithoutOpinion: { fields: { investment: id, ballot: id }, right: { investment: 'i', ballot: 'b' } },
};

const classOf = (name: string): CommandClass => commandRegistrations.find(({ command }) => command.name === name)?.command as CommandClass;
const checkedFields = (target: new () => object): string[] =>
  [...new Set(getMetadataStorage().getTargetValidationMetadatas(target, '', false, false).map(({ propertyName }) => propertyName))].sort();

interface Case { readonly title: string; readonly path: string; readonly input: Input; readonly right: RegExp }

/** `input` with another value at `path`; undefined takes the field away. */
function changed(input: unknown, path: readonly string[], value: unknown): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return value;
  if (Array.isArray(input)) return input.map((one, i) => (String(i) === first ? changed(one, rest, value) : one as unknown));
  const object = (input ?? {}) as Record<string, unknown>;
  return { ...object, [first]: changed(object[first], rest, value) };
}

/** One case for each way in which each field can be wrong, down to the last one. */
function cases(fields: Fields, right: Input, prefix: readonly string[] = []): Case[] {
  const told = (path: readonly string[]) => path.join('.');
  const unknown = [...prefix, 'unknownField'];
  return [
    { title: `a field that there is not: ${told(unknown)}`, path: told(unknown), input: changed(right, unknown, 'x') as Input, right: /must be left out: there is no such field/ },
    ...Object.entries(fields).flatMap(([name, kind]): Case[] => {
      const path = [...prefix, name];
      const wrongWays: readonly Wrong[] = [...(kind.optional ? [] : [['left out', undefined, /must/] as const, ['null', null, /must/] as const]), ...kind.wrong];
      return [
        ...wrongWays.map(([what, value, words]) => ({ title: `${told(path)} ${what}`, path: told(path), input: changed(right, path, value) as Input, right: words })),
        ...(kind.fields ? cases(kind.fields, right, kind.list ? [...path, '0'] : path) : []),
      ];
    }),
  ];
}

function refusalOf(command: CommandClass, input: unknown): Problem {
  try {
    parseCommand(command, input);
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error(`${command.name} was taken for right: ${JSON.stringify(input).slice(0, 300)}`);
}

describe('The fields that are tried here', () => {
  it('are those of every command and of every input within one', () => {
    expect(Object.keys(COMMANDS).sort()).toEqual(commandRegistrations.map(({ command }) => command.name).sort());
    for (const [name, { fields }] of Object.entries(COMMANDS)) expect([name, checkedFields(classOf(name))]).toEqual([name, Object.keys({ ...fields, ...everyCommand }).sort()]);
    const nested: readonly (readonly [new () => object, Kind | undefined])[] = [
      [RulesInput, rules], [MatterRuleInput, rules.fields?.['matters']], [DecisionRuleInput, rules.fields?.['matters']?.fields?.['rule']], [QuorumInput, rules.fields?.['quorum']],
      [PopulationFigureInput, COMMANDS['AdoptPopulationTable']?.fields['figures']], [RegionInput, region], [EvidenceInput, evidence], [ProvisionInput, provisions], [RecusalInput, { wrong: [], fields: recusal }],
      [PartnerPlanInput, partners], [CostLineInput, partners.fields?.['costs']], [SourceLineInput, partners.fields?.['sources']],
    ];
    for (const [input, kind] of nested) expect([input.name, checkedFields(input)]).toEqual([input.name, Object.keys(kind?.fields ?? {}).sort()]);
  });
});

describe.each(Object.entries(COMMANDS))('%s', (name, { fields, right }) => {
  const command = classOf(name);

  it('takes what is right, whole or without what may be left out, and null for left out', () => {
    expect({ ...parseCommand(command, right) }).toMatchObject(right);
    const nulls = Object.fromEntries(Object.entries(fields).filter(([, kind]) => kind.optional).map(([field]) => [field, null]));
    const least = parseCommand(command, { ...right, ...nulls, commandId: null, revision: null });
    expect(Object.keys(least).filter((field) => least[field as keyof Command] !== undefined).sort()).toEqual(Object.keys(fields).filter((field) => !fields[field]?.optional).sort());
  });

  it.each(cases({ ...fields, ...everyCommand }, right))('refuses $title', ({ path, input, right: words }) => {
    const { code, message, facts } = refusalOf(command, input);
    expect(code).toBe('INVALID');
    const told = facts['fields'] as { path: string; message: string }[];
    // Only what is wrong is told: the field itself, or what lies within it.
    for (const one of told) expect(one.path === path || one.path.startsWith(`${path}.`)).toBe(true);
    const first = told[0] as { path: string; message: string };
    expect(told.map((one) => one.message).join('. ')).toMatch(words);
    expect(first.message).toContain(path);
    expect(message).toContain(first.message);
    expect(message).not.toMatch(/undefined|\[object|unknown value|nested property/);
  });

  it.each([undefined, null, 'x', 5, [], [{}]])('refuses %j instead of an object', (input) => {
    const { code, message } = refusalOf(command, input);
    expect({ code, message }).toEqual({ code: 'INVALID', message: `${name} must be given as an object with its fields.` });
  });
});

it('All that is wrong is told at once, each by its field', () => {
  const { facts } = refusalOf(classOf('JoinCommittee'), { region: { name: ' ', country: 'Italy' }, letterOfAdhesion: { kind: 'X', sha256: '', signedAs: '', date: 'today' }, more: 1 });
  expect((facts['fields'] as { path: string }[]).map(({ path }) => path).sort()).toEqual([
    'letterOfAdhesion.date', 'letterOfAdhesion.kind', 'letterOfAdhesion.sha256', 'letterOfAdhesion.signedAs', 'more', 'region.country', 'region.name',
  ]);
});

it('What JavaScript gives every object is no field', () => {
  const input = JSON.parse('{"ballot":"b","expressed":"AGAINST","__proto__":{"replaces":1},"constructor":{"prototype":{"replaces":1}}}') as unknown;
  const command = classOf('CastPosition');
  const parsed = parseCommand(command, input);
  expect(Object.getPrototypeOf(parsed)).toBe(command.prototype);
  expect({ ...parsed }).toEqual({ ballot: 'b', expressed: 'AGAINST' });
  expect('replaces' in parsed || 'replaces' in {}).toBe(false);
});
