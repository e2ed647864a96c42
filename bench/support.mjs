// What the measures share: the built program's own parts, a committee with seats, medians.
import 'reflect-metadata';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { Clock } from '../dist/config/clock.js';
import { readConfig } from '../dist/config/config.js';
import { registrations } from '../dist/contexts.js';
import { derivedId } from '../dist/decider/decider.js';
import { CommandRegistry } from '../dist/decider/dispatch.js';
import { parseCommand } from '../dist/decider/parse-command.js';
import { DEV_ISSUER } from '../dist/identity/dev-issuer.js';
import { personIdOf } from '../dist/identity/person-id.js';
import { DEFAULT_RULES } from '../dist/modules/membership/default-rules.js';
import { openSystem } from '../dist/system.js';

export const folder = () => mkdtempSync(join(tmpdir(), 'committee-bench-'));
export const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const registry = new CommandRegistry(registrations);

export async function openKernel(dataDir) {
  const config = readConfig({ DATA_DIR: dataDir, LOG_LEVEL: 'silent', SAMPLE: 'none' });
  const system = await openSystem(config, new Clock(), pino({ level: 'silent' }), (error) => { throw error; });
  const persons = new Map();
  const person = (name) => persons.get(name) ?? persons.set(name, personIdOf(system.secret, DEV_ISSUER, name)).get(name);
  const send = (name, input, who) => {
    const registration = registry.get(name);
    return system.decisions.submit({ registration, command: parseCommand(registration.command, input), sender: who === 'SYSTEM' ? who : { personId: person(who) }, correlationId: 'bench' });
  };
  return { system, send, person };
}

/** A committee of so many member regions. */
export async function committee({ send, person }, members) {
  await send('EstablishCommittee', { name: 'Bench', rules: DEFAULT_RULES, secretariat: person('secretariat') }, 'SYSTEM');
  await send('DefineKeyArea', { code: 'KA1', title: 'One' }, 'secretariat');
  await send('ElectChair', { person: person('chair') }, 'secretariat');
  const letterOfAdhesion = { kind: 'LETTER_OF_ADHESION', sha256: 'a'.repeat(64), signedAs: 'President', date: '2019-01-01' };
  const regions = [];
  for (let i = 0; i < members; i++) {
    const { id } = await send('JoinCommittee', { region: { name: `Region ${i}`, country: 'IT' }, letterOfAdhesion }, `contact-${i}`);
    await send('AcceptAccession', { accession: id }, 'secretariat');
    regions.push(derivedId(id, 'region'));
    await send('AppointRepresentative', { region: regions[i], person: person(`member-${i}`) }, `contact-${i}`);
  }
  await send('AdoptPopulationTable', { year: 2020, source: 'bench', figures: regions.map((region, i) => ({ region, population: 1000 + i })) }, 'secretariat');
  return regions;
}

/** A recommendation put to the vote; answers the ballot's id, opened unless told otherwise. */
export async function ballot({ send }, regions, { open = true } = {}) {
  const { id: recommendation } = await send('InitiateRecommendation', { title: 'T', keyAreas: ['KA1'], addressees: ['EC'], text: [{ text: 'One.' }] }, 'secretariat');
  await send('TableRecommendation', { recommendation }, 'secretariat');
  const { commandId } = await send('SubmitRecommendationToBallot', { recommendation }, 'secretariat');
  if (open) await send('OpenBallot', { ballot: commandId, subject: recommendation, procedure: 'MEETING', present: regions }, 'chair');
  return { id: commandId, recommendation };
}

/** `callers` at once, each doing `one(caller)` again and again for `ms`; answers how many a second. */
export async function rate(callers, ms, one) {
  const end = performance.now() + ms;
  let done = 0;
  const started = performance.now();
  await Promise.all(Array.from({ length: callers }, async (_, caller) => {
    while (performance.now() < end) {
      await one(caller);
      done++;
    }
  }));
  return (done * 1000) / (performance.now() - started);
}

/** The two in turn, so that a machine whose speed drifts drifts for both. */
export async function interleaved(rounds, ours, reference) {
  const [a, b] = [[], []];
  for (let i = 0; i < rounds; i++) {
    a.push(await ours());
    b.push(await reference());
  }
  return { ours: median(a), reference: median(b), ratio: median(a.map((value, i) => value / b[i])) };
}
