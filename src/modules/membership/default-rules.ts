/** Rules of procedure to begin with (domain 7.7), as input of EstablishCommittee. The Committee adopts its own later. */
export const DEFAULT_RULES = {
  matters: [
    { matter: 'RECOMMENDATION', rule: { name: 'DOUBLE_MAJORITY' } },
    { matter: 'JOINT_INVESTMENT', rule: { name: 'DOUBLE_MAJORITY' } },
    { matter: 'PROCEDURE', rule: { name: 'SIMPLE_MAJORITY_OF_VOTES_CAST' } },
    { matter: 'RULES_OF_PROCEDURE', rule: { name: 'TWO_THIRDS_OF_MEMBERS' } },
  ],
  quorum: { numerator: 1, denominator: 2, strict: true },
  writtenDaysAtLeast: 14,
} as const;
