import { memberOf } from './committee.mjs';

/** Members that each vote again and again, the other way each time, naming the position that they replace. @returns what one of them does next */
export function votersOf({ send }, ballot, from, count) {
  const voters = Array.from({ length: count }, (_, i) => ({ member: memberOf(from + i), expressed: 'AGAINST', replaces: undefined }));
  return async (caller) => {
    const voter = voters[caller];
    const expressed = voter.expressed === 'AGAINST' ? 'IN_FAVOUR' : 'AGAINST';
    const { position } = await send('CastPosition', { ballot, expressed, replaces: voter.replaces }, voter.member);
    Object.assign(voter, { expressed, replaces: position });
  };
}
