// A Committee on a log of its own, told through the command way of the project, as everybody else tells it.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { load } from './project.mjs';

const [{ readConfig }, { Clock }, { openSystem }, { registrations, views }, { CommandRegistry }, { parseCommand }, { personIdOf }, { derivedId }, { DEFAULT_RULES }, { pino }, { newId }, { ViewStore }, { buildViews }, { Codec }] = await Promise.all([
  load('config/config.js'), load('config/clock.js'), load('system.js'), load('contexts.js'), load('decider/command-registry.js'), load('decider/parse-command.js'),
  load('identity/person-id.js'), load('decider/decider.js'), load('modules/membership/default-rules.js'), import('pino'), import('uuid').then(({ v7 }) => ({ newId: v7 })),
  load('projections/view-store.js'), load('projections/view-runner.js'), load('event-store/codec.js'),
]);
export { buildViews, Codec, newId, parseCommand, registrations, ViewStore, views };

export const ISSUER = 'http://127.0.0.1:4/bench';
export const SECRET = 'a secret of the bench, at least 32 characters';
const registry = new CommandRegistry(registrations);
const DAY_MS = 24 * 60 * 60 * 1_000;

export const settings = (dataDir, issuer = ISSUER) => ({
  DATA_DIR: dataDir, SAMPLE: 'none', INSTALLATION_SECRET: SECRET, OIDC_ISSUER: issuer, LOG_LEVEL: 'silent', PORT: '0', HOST: '127.0.0.1',
});

export const memberOf = (i) => `representative-${i}`;

/** Opens the system on a folder, with a clock that the caller may set. Its views follow unless `withViews` is false. `more`: further settings. */
export async function openCommittee(dataDir, { issuer = ISSUER, withViews = true, more = {} } = {}) {
  const clock = new Clock();
  const system = await openSystem(readConfig({ ...settings(dataDir, issuer), ...more }), clock, pino({ level: 'silent' }), (error) => { throw error; });
  if (!withViews) await system.runner.stop();
  const person = (subject) => personIdOf(SECRET, issuer, subject);
  const send = (name, input, subject, more = {}) => {
    const registration = registry.get(name);
    const sender = subject === 'SYSTEM' ? 'SYSTEM' : { personId: person(subject) };
    return (system.nodes ?? system.decisions).submit({ registration, command: parseCommand(registration.command, input), sender, correlationId: newId(), ...more });
  };
  return { system, clock, person, send, close: () => system.close() };
}

/** Established, with a chair, Key Areas, and so many member regions, each with a figure and a representative. @returns the regions' ids */
export async function found({ send, person }, regions) {
  await send('EstablishCommittee', { name: 'Bench', rules: DEFAULT_RULES, secretariat: person('secretariat') }, 'SYSTEM');
  await send('ElectChair', { person: person('chair'), until: '2100-01-01T00:00:00.000Z' }, 'secretariat');
  await Promise.all(['KA1', 'KA2', 'KA3', 'KA4', 'KA5'].map((code) => send('DefineKeyArea', { code, title: `Key Area ${code}` }, 'secretariat')));
  const letterOfAdhesion = { kind: 'LETTER_OF_ADHESION', sha256: 'a'.repeat(64), signedAs: 'President of the region', date: '2019-01-02' };
  const joined = await Promise.all(Array.from({ length: regions }, (_, i) => send('JoinCommittee', { region: { name: `Region ${i + 1}`, country: 'IT' }, letterOfAdhesion }, `contact-${i}`)));
  const ids = joined.map(({ commandId }) => derivedId(commandId, 'region'));
  await Promise.all(joined.map(({ commandId }) => send('AcceptAccession', { accession: commandId }, 'secretariat')));
  await send('AdoptPopulationTable', { year: 2025, source: 'Eurostat', figures: ids.map((region, i) => ({ region, population: 1_000_000 + 10_000 * i })) }, 'secretariat');
  await Promise.all(ids.map((region, i) => send('AppointRepresentative', { region, person: person(memberOf(i)) }, `contact-${i}`)));
  return ids;
}

const SENTENCE = 'Patients move between regions, and so must what is known of them: records follow the patient, with consent, in a form that both sides read. ';

/** A recommendation of `provisions` paragraphs, begun by one member, put to the vote. @returns the id of the ballot to open */
async function submit({ send }, i, { provisions = 6, drafts = 1 } = {}) {
  const text = Array.from({ length: provisions }, (_, n) => ({ heading: `Article ${n + 1}`, text: SENTENCE.repeat(2) }));
  const { id: recommendation } = await send('InitiateRecommendation', { title: `Recommendation ${i} on personalised medicine`, keyAreas: [`KA${1 + (i % 5)}`], addressees: ['European Commission'], text }, memberOf(i % 7));
  for (let draft = 2; draft <= drafts; draft++) {
    await send('ReviseDraft', { recommendation, text: text.map((p) => ({ ...p, text: `${p.text}Draft ${draft}.` })) }, memberOf(i % 7));
  }
  await send('TableRecommendation', { recommendation }, memberOf(i % 7));
  const { commandId: ballot } = await send('SubmitRecommendationToBallot', { recommendation }, 'chair');
  return { recommendation, ballot };
}

/** A ballot that all member regions are entitled to, open for a month. */
export async function openBallot(committee, i = 0, options = {}) {
  const ids = await submit(committee, i, options);
  const deadline = new Date(Date.parse(committee.clock.now()) + 30 * DAY_MS).toISOString();
  await committee.send('OpenBallot', { ballot: ids.ballot, subject: ids.recommendation, procedure: 'WRITTEN', deadline }, 'chair');
  return ids;
}

const OUTCOMES = { ADOPTED: 'AdoptRecommendation', REJECTED: 'RejectRecommendation', NO_OPINION: 'LeaveRecommendationWithoutOpinion' };

/** Votes of all members, some of them changed, the closing, and what follows from it. */
export async function decideBallot({ send, system }, { recommendation, ballot }, i, members) {
  const choice = (m) => ['IN_FAVOUR', 'IN_FAVOUR', 'AGAINST', 'IN_FAVOUR', 'ABSTENTION'][(m + i) % 5];
  const cast = await Promise.all(Array.from({ length: members }, (_, m) => send('CastPosition', { ballot, expressed: choice(m) }, memberOf(m))));
  await Promise.all(cast.flatMap(({ position }, m) => ((m + i) % 5 === 2 ? [send('CastPosition', { ballot, expressed: 'IN_FAVOUR', replaces: position }, memberOf(m))] : [])));
  const closed = await send('CloseBallot', { ballot }, 'chair');
  const { outcome } = JSON.parse(system.engine.log.at(closed.position).data);
  await send(OUTCOMES[outcome], { recommendation, ballot }, 'SYSTEM', { cause: { position: closed.position, commandId: closed.commandId } });
}

/**
 * A log as years of work leave it: recommendations in several drafts, ballots of all members, changed positions, closings and what follows.
 * Twenty things are under way at a time, so that their entries are mixed. At least so many entries.
 */
export async function tellYears(committee, entries, members) {
  const { log } = committee.system.engine;
  const one = async (i) => decideBallot(committee, await openBallot(committee, i, { drafts: 1 + (i % 4) }), i, members);
  // A log that is told on goes on from its last day.
  let day = Math.max(Date.parse('2020-01-01T09:00:00.000Z'), Date.parse(log.head.time));
  for (let i = 0; log.head.position < entries; i += 20) {
    committee.clock.standAt(new Date(day).toISOString());
    day += DAY_MS / 4;
    await Promise.all(Array.from({ length: 20 }, (_, n) => one(i + n)));
  }
}

/** Stands in for a real issuer of tokens: what `OIDC_ISSUER` names. */
export async function startIssuer() {
  const [{ createServer }, jose] = await Promise.all([import('node:http'), import('jose')]);
  const { publicKey, privateKey } = await jose.generateKeyPair('ES256', { extractable: true });
  const jwk = { ...(await jose.exportJWK(publicKey)), kid: 'bench', alg: 'ES256', use: 'sig' };
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(request.url === '/jwks' ? { keys: [jwk] } : { issuer, jwks_uri: `${issuer}/jwks` }));
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const tokenFor = (subject) => new jose.SignJWT({ client_id: 'bench', scope: 'committee' })
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'bench' }).setIssuer(issuer).setAudience('urn:interregional-committee:api')
    .setSubject(subject).setIssuedAt().setExpirationTime('2h').sign(privateKey);
  return { issuer, tokenFor, close: () => server.close() };
}

export const sha256 = (text) => createHash('sha256').update(text).digest('hex');
export const logFile = (dataDir) => join(dataDir, 'log.db');
