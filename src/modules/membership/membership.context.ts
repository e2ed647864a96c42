import type { StandingAt } from '../../decider/standings.js';
import { command } from '../../decider/command.js';
import { streamKind, type Context } from '../../decider/registry.js';
import { VISITOR } from '../../identity/standing.js';
import {
  AdoptPopulationTable, AdoptRulesOfProcedure, AppointToOffice, DefineKeyArea, ElectChair, EndOffice, EstablishCommittee, RenameKeyArea,
} from './committee.commands.js';
import * as committee from './committee.decider.js';
import { committeeDecider, officesAt } from './committee.decider.js';
import { AcceptAccession, AppointAlternate, AppointRepresentative, DeclineAccession, EndMandate, JoinCommittee, WithdrawMembership } from './roll.commands.js';
import * as roll from './roll.decider.js';
import { contactOf, membersOf, rollDecider, seatAt } from './roll.decider.js';

export const COMMITTEE_STREAM = 'committee';
export const ROLL_STREAM = 'roll';

/** Who somebody is: offices and mandates at the head, judged by the date. */
export const standingAt: StandingAt = (personId, read, now) => {
  if (personId === undefined) return VISITOR;
  const rollState = read(rollDecider, ROLL_STREAM);
  const seat = seatAt(rollState, personId, now);
  return {
    personId,
    offices: officesAt(read(committeeDecider, COMMITTEE_STREAM), now).filter((held) => held.personId === personId),
    ...(seat && { seat }),
    contactPersonOf: contactOf(rollState, personId),
  };
};

const ofCommittee = { decider: committeeDecider, stream: () => COMMITTEE_STREAM };
const ofRoll = { decider: rollDecider, stream: () => ROLL_STREAM };
const ofRegion = { ...ofRoll, region: (c: { region: string }) => c.region };

export const membershipContext: Context = {
  name: 'membership',
  streams: [streamKind(COMMITTEE_STREAM, committeeDecider), streamKind(ROLL_STREAM, rollDecider)],
  commands: [
    command(EstablishCommittee, { ...ofCommittee, description: 'Founds the Committee on an empty log, with its first rules and secretariat (C5).', by: ['SYSTEM'], mutation: false, decide: committee.establishCommittee }),
    command(AppointToOffice, { ...ofCommittee, description: 'Makes a person secretariat, auditor or operator.', by: ['SECRETARIAT'], decide: committee.appointToOffice }),
    command(EndOffice, { ...ofCommittee, description: 'Ends an office; the last person of the secretariat stays (C6).', by: ['SECRETARIAT'],
      holder: (c) => ({ personId: c.person, office: c.office }), decide: committee.endOffice,
    }),
    command(ElectChair, { ...ofCommittee, description: 'Records the election of the chair; one at most, with an end to the term (C4).', by: ['SECRETARIAT'], decide: committee.electChair }),
    command(AdoptRulesOfProcedure, { ...ofCommittee, description: 'Records a new version of the rules of procedure, for ballots opened from its date on (C1).', by: ['SECRETARIAT'], decide: committee.adoptRulesOfProcedure }),
    command(AdoptPopulationTable, { ...ofCommittee, description: "Adopts a year's population figures, one for each member region, once (C2).", by: ['SECRETARIAT'],
      facts: (read) => ({ members: membersOf(read(rollDecider, ROLL_STREAM)) }), decide: committee.adoptPopulationTable,
    }),
    command(DefineKeyArea, { ...ofCommittee, description: 'Gives one of the five Key Areas its first title (C3).', by: ['SECRETARIAT'], decide: committee.defineKeyArea }),
    command(RenameKeyArea, { ...ofCommittee, description: 'Gives a Key Area another title; the code stays (C3).', by: ['SECRETARIAT'], decide: committee.renameKeyArea }),

    command(JoinCommittee, { ...ofRoll, description: 'A region asks to join with its letter of adhesion; the sender is its contact person (M0, M2).', by: ['SIGNED_IN'], decide: roll.joinCommittee }),
    command(AcceptAccession, { ...ofRoll, description: 'Makes the region a member (M1, C2).', by: ['SECRETARIAT'],
      facts: (read) => ({ committee: read(committeeDecider, COMMITTEE_STREAM) }), decide: roll.acceptAccession,
    }),
    command(DeclineAccession, { ...ofRoll, description: 'Declines an accession.', by: ['SECRETARIAT'], decide: roll.declineAccession }),
    command(AppointRepresentative, { ...ofRegion, description: "Gives a person the region's mandate to speak and vote (M3, M4).", by: ['CONTACT_PERSON', 'SECRETARIAT'], decide: roll.appointRepresentative }),
    command(AppointAlternate, { ...ofRegion, description: 'Gives a person the mandate to replace the representative (M3, M4).', by: ['CONTACT_PERSON', 'SECRETARIAT'], decide: roll.appointAlternate }),
    command(EndMandate, { ...ofRegion, description: 'Ends a mandate; past votes stay valid (M5).', by: ['CONTACT_PERSON', 'SECRETARIAT'],
      holder: (c, state) => {
        const personId = state.regions.get(c.region)?.seats[c.office]?.personId;
        return personId === undefined ? undefined : { personId, office: c.office, regionId: c.region };
      },
      decide: roll.endMandate,
    }),
    command(WithdrawMembership, { ...ofRegion, description: "Ends a region's membership and its mandates.", by: ['CONTACT_PERSON', 'REPRESENTATIVE'], decide: roll.withdrawMembership }),
  ],
};
