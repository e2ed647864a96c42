import { documentIdOf } from '../../src/modules/documents/documents.decider.js';
import { CHAIR, representativeOf, SECRETARIAT, type Committee } from './committee.js';
import type { Input } from './kernel.js';

/** Adopted by all who are present, without waiting for the process. */
async function adopted(at: Committee, draft: Input, opening: Input): Promise<string> {
  const recommendation = await at.drafted(draft);
  await at.kernel.send('TableRecommendation', { recommendation }, representativeOf(1));
  const { commandId: ballot } = await at.kernel.send('SubmitRecommendationToBallot', { recommendation }, CHAIR);
  await at.kernel.send('OpenBallot', at.opening({ recommendation, ballot }, opening), CHAIR);
  const present = (opening['present'] as readonly string[] | undefined) ?? at.regions;
  await at.cast(ballot, at.regions.map((region) => (present.includes(region) ? 'F' : '.')).join(''));
  await at.kernel.send('CloseBallot', { ballot }, CHAIR);
  await at.kernel.send('AdoptRecommendation', { recommendation, ballot }, CHAIR);
  return recommendation;
}

/** An adopted recommendation that has become a document, without a version yet. */
export async function documented(at: Committee, opening: Input = {}): Promise<{ readonly recommendation: string; readonly document: string }> {
  const recommendation = await adopted(at, { text: [{ text: 'The Commission is asked to act.' }] }, opening);
  await at.kernel.send('CreateDocument', { recommendation }, SECRETARIAT);
  return { recommendation, document: documentIdOf(recommendation) };
}

export async function draftedDocument(at: Committee, opening: Input = {}): Promise<string> {
  const { document } = await documented(at, opening);
  await at.kernel.send('DraftVersion', { document }, SECRETARIAT);
  return document;
}

/** Version 1, in force from 1 March 2026. */
export async function publishedDocument(at: Committee, opening: Input = {}): Promise<string> {
  const document = await draftedDocument(at, opening);
  await at.kernel.send('PublishVersion', { document, number: 1, effectiveFrom: '2026-03-01' }, SECRETARIAT);
  return document;
}

/** Published, and a recommendation that revises it adopted: nothing of the next version is there yet. */
export async function revisedDocument(at: Committee): Promise<{ readonly document: string; readonly recommendation: string }> {
  const { document, recommendation: revises } = await documented(at);
  await at.kernel.send('DraftVersion', { document }, SECRETARIAT);
  await at.kernel.send('PublishVersion', { document, number: 1, effectiveFrom: '2026-03-01' }, SECRETARIAT);
  return { document, recommendation: await adopted(at, { revises, text: [{ text: 'Another text.' }] }, {}) };
}
