import { BallotClosed } from '../../events/ballots.events.js';
import { InvestmentEndorsed, InvestmentLeftWithoutOpinion, InvestmentNotEndorsed } from '../../events/investments.events.js';
import { command, type ReadFact } from '../../decider/command.js';
import { isEntry, type Process } from '../../decider/process.js';
import { streamKind, type Context } from '../../decider/registry.js';
import type { BallotSubjectKind } from '../../decider/subjects.js';
import { ballotDecider, ballotStream } from '../ballots/ballots.decider.js';
import { committeeDecider } from '../membership/committee.decider.js';
import { COMMITTEE_STREAM, ROLL_STREAM } from '../membership/membership.context.js';
import { rollDecider } from '../membership/roll.decider.js';
import {
  AcceptPartnership, ConfirmPledge, DeclineEndorsement, EndorseInvestment, IndicatePledge, InvitePartner, LeaveInvestmentWithoutOpinion, OpenPledging,
  ProposeJointInvestment, SetFinancingPlan, SubmitInvestmentToBallot, WithdrawPledge,
} from './investments.commands.js';
import * as decider from './investments.decider.js';
import { contentHash, investmentDecider, investmentStream, type InvestmentState } from './investments.decider.js';

const SEATS = ['REPRESENTATIVE', 'ALTERNATE'] as const;
const roll = (read: ReadFact) => ({ roll: read(rollDecider, ROLL_STREAM) });
const existing = { decider: investmentDecider, stream: (c: { investment: string }) => investmentStream(c.investment) };
const ofLead = { ...existing, by: SEATS, region: (_: unknown, state: InvestmentState) => (state.status === 'NONE' ? undefined : state.leadId) };
/** Acts of a region for itself: which one, its seat says. */
const ofPartner = { ...existing, by: SEATS };
const afterBallot = {
  ...existing, by: ['CHAIR', 'SYSTEM'] as const,
  facts: (read: ReadFact, c: { ballot: string }) => ({ ballot: read(ballotDecider, ballotStream(c.ballot)) }),
};

/** A joint investment as something that a ballot can be on: frozen from its submission. */
export const investmentSubject: BallotSubjectKind<InvestmentState> = {
  decider: investmentDecider,
  streamOf: investmentStream,
  asSubject: (state) => (state.status === 'NONE' ? undefined
    : { matter: 'JOINT_INVESTMENT', hash: contentHash(state), ballotId: state.status === 'IN_DELIBERATION' ? state.ballotId : undefined }),
};

const BY_OUTCOME = { ADOPTED: EndorseInvestment, REJECTED: DeclineEndorsement, NO_OPINION: LeaveInvestmentWithoutOpinion } as const;

/** A closed ballot leads to endorsement, none, or no opinion on the joint investment that it was on. */
export const endorsement: Process = {
  name: 'endorsement',
  begin: (entry) => {
    if (!isEntry(entry, BallotClosed) || entry.data.matter !== 'JOINT_INVESTMENT') return [];
    const { subjectId, ballotId, outcome } = entry.data;
    return [{ command: BY_OUTCOME[outcome].name, input: { investment: subjectId, ballot: ballotId }, thingId: subjectId }];
  },
  settledBy: (entry) => (isEntry(entry, InvestmentEndorsed) || isEntry(entry, InvestmentNotEndorsed) || isEntry(entry, InvestmentLeftWithoutOpinion)
    ? entry.data.investmentId : undefined),
};

export const investmentsContext: Context = {
  name: 'investments',
  streams: [streamKind('investment-', investmentDecider)],
  processes: [endorsement],
  ballotSubjects: [investmentSubject as BallotSubjectKind],
  commands: [
    command(ProposeJointInvestment, {
      description: "Proposes that regions invest together; the sender's region leads (J11).", decider: investmentDecider,
      stream: (_, commandId) => investmentStream(commandId), by: SEATS, facts: (read) => ({ committee: read(committeeDecider, COMMITTEE_STREAM) }),
      decide: decider.proposeJointInvestment,
    }),
    command(InvitePartner, { ...ofLead, description: 'Invites a member region as a partner.', facts: roll, decide: decider.invitePartner }),
    command(AcceptPartnership, { ...ofPartner, description: 'Joins as a partner, on an invitation.', decide: decider.acceptPartnership }),
    command(SetFinancingPlan, { ...ofLead, description: 'Sets the financing plan anew; it balances for each partner (J3).', decide: decider.setFinancingPlan }),
    command(OpenPledging, { ...ofLead, description: 'Opens the joint investment for pledges (J1).', facts: roll, decide: decider.openPledging }),
    command(IndicatePledge, { ...ofPartner, description: "Indicates what the sender's region would put in (J5).", decide: decider.indicatePledge }),
    command(ConfirmPledge, { ...ofPartner, description: "Confirms the region's pledge on evidence, until a day (J5, J6).", decide: decider.confirmPledge }),
    command(WithdrawPledge, { ...ofPartner, description: "Takes the region's pledge back, with a reason (J6).", decide: decider.withdrawPledge }),
    command(SubmitInvestmentToBallot, { ...ofLead, description: 'Puts the joint investment to the vote and freezes it (J1).', by: [...SEATS, 'CHAIR'], facts: roll, decide: decider.submitInvestmentToBallot }),
    command(EndorseInvestment, { ...afterBallot, description: 'Endorses what its ballot adopted. Political: it says nothing of funding (J12).', decide: decider.endorseInvestment }),
    command(DeclineEndorsement, { ...afterBallot, description: 'Declines to endorse what its ballot rejected.', decide: decider.declineEndorsement }),
    command(LeaveInvestmentWithoutOpinion, { ...afterBallot, description: 'Leaves it without opinion, as its ballot did.', decide: decider.leaveInvestmentWithoutOpinion }),
  ],
};
