import { getOperationAST, Kind, visit, type DocumentNode, type FieldNode, type GraphQLFormattedError, type GraphQLSchema } from 'graphql';
import { getArgumentValues, getVariableValues } from 'graphql/execution/values.js';
import { newId } from '../decider/new-id.js';
import type { ViewProgress } from '../projections/view-progress.js';
import { Problem } from '../decider/problem.js';
import type { Standing } from '../identity/standing.js';
import { Admission, refusal } from './admission.js';
import type { LiveArgs } from './committee.types.js';
import { Desk } from './desk.js';
import { toGraphQLError } from './errors.js';
import { Executor } from './execution.js';
import { SharedQuestion, type Given } from './live-question.js';
import { Reads } from './reads.js';
import { Rounds } from './rounds.js';
import { areEqual } from './sharing.js';
import { turns } from './turns.js';
import { Visibility } from './visibility.js';

export interface LiveQuestion {
  readonly document: DocumentNode;
  readonly operationName?: string | null;
  readonly variables: Readonly<Record<string, unknown>>;
}

export interface Subscriber {
  /** As of now; asked anew for each message, since rights are those of now. */
  standing(): Standing;
  /** Takes a message, as it is sent. Undefined: and the next one at once; otherwise when it has been taken. */
  take(text: string): Promise<void> | undefined;
}

/** A subscriber that lets messages wait longer than this, with more than this many positions to come, is let go. */
const SLOW_MS = 10_000;
const SLOW_POSITIONS = 256;
const PLAIN_FIELDS = ['position', 'time', 'change', '__typename'];

/** Subscriptions: the question of a query, asked at later positions. Nothing is queued: what comes next is read from the log. */
export class Live {
  /** The questions that somebody is asking, by document, operation and variables. */
  private readonly questions = new Map<string, SharedQuestion>();
  private readonly executor: Executor;
  private readonly surroundings: Surroundings;
  private readonly documentIds = new WeakMap<DocumentNode, number>();
  private documents = 0;
  private subscriptions = 0;

  constructor(
    private readonly schema: GraphQLSchema, private readonly reads: Reads, views: ViewProgress, private readonly visibility: Visibility,
    private readonly desk: Desk, private readonly admission: Admission, report: (error: unknown, correlationId: string) => void,
  ) {
    this.executor = new Executor(schema);
    this.surroundings = {
      rounds: new Rounds(views), head: () => reads.position, recorded: () => reads.log.head.position, ended: () => { this.subscriptions--; },
      format: (error) => {
        const correlationId = newId();
        return toGraphQLError(error, correlationId, (inner) => report(inner, correlationId));
      },
    };
  }

  /** Subscriptions under way. */
  get subscribers(): number { return this.subscriptions; }
  /** Those that have been given something, or nothing yet, and are told when the views move on. */
  get waiting(): number { return this.surroundings.rounds.size; }
  /** How many different questions are asked at the moment. */
  get size(): number { return this.questions.size; }

  /** Ready to give messages. Never ends by itself, except with an error. @throws GraphQLError */
  answer(asked: LiveQuestion, subscriber: Subscriber): Answer {
    const { document, operationName, variables } = asked;
    const operation = getOperationAST(document, operationName);
    if (!operation) throw refusal('INVALID', 'OPERATION', 'Name the operation that is meant with operationName.', {});
    this.admission.check({ ...asked, operation }, subscriber.standing());
    const { coerced, errors } = getVariableValues(this.schema, operation.variableDefinitions ?? [], variables, { maxErrors: 10 });
    if (errors?.[0]) throw errors[0];
    const field = operation.selectionSet.selections[0];
    const definition = this.schema.getSubscriptionType()?.getFields()['committee'];
    if (field?.kind !== Kind.FIELD || !definition) throw refusal('INVALID', 'SUBSCRIPTION', 'A subscription asks for the field committee.', {});
    const args = getArgumentValues(definition, field, coerced) as LiveArgs;
    if (!args.about && !args.latest) onlyPlainFields(document, field);
    const after = args.after ?? this.reads.position;
    if (after > this.reads.log.head.position) {
      throw refusal('INVALID', 'BEYOND_THE_LOG', `after ${after} lies beyond the log, whose head is ${this.reads.log.head.position}.`, { head: String(this.reads.log.head.position) });
    }
    const key = `${this.idOf(document)} ${operation.name?.value ?? ''} ${JSON.stringify({ ...variables, ...leftOut(document, field) })}`;
    let question = this.questions.get(key);
    if (!question) {
      const { reads, visibility, desk, admission, executor } = this;
      this.questions.set(key, (question = new SharedQuestion({ document, operation, variables, args }, { reads, visibility, desk, admission, executor }, () => { this.questions.delete(key); })));
    }
    this.subscriptions++;
    return new Answer(after, question, subscriber, this.surroundings);
  }

  private idOf(document: DocumentNode): number {
    let id = this.documentIds.get(document);
    if (id === undefined) this.documentIds.set(document, (id = this.documents++));
    return id;
  }
}

/** What is the same for all answers. */
interface Surroundings {
  readonly rounds: Rounds;
  /** Up to where there are messages. */
  head(): number;
  /** The head of the log, which rights rest on. */
  recorded(): number;
  format(error: unknown): GraphQLFormattedError;
  ended(): void;
}

const OVER: IteratorResult<never> = { done: true, value: undefined };

/**
 * The messages of one subscription, given to the subscriber. What is iterated over is its end alone. Nothing is promised on the way of a message: at each
 * position a thousand of these go on when the views have moved on or an answer is found, and promises were a fifth of what a delivery cost. Nor has
 * it functions of its own, since what it holds is what a subscriber costs.
 */
export class Answer implements AsyncIterableIterator<never> {
  private isOver = false;
  private tellOver: ((over: IteratorResult<never>) => void) | undefined;
  /** An answer is looked for, or the reader has not taken the last one: nothing else makes this go on. */
  private isHeld = false;
  private isWaiting = false;
  /** Up to here there is no more message. */
  private seen: number;
  private givenAt = Date.now();

  constructor(private last: number, private readonly question: SharedQuestion, private readonly subscriber: Subscriber, private readonly around: Surroundings) {
    this.seen = last;
    question.join();
  }

  /** Gives messages from now on, until it is over. */
  next(): Promise<IteratorResult<never>> {
    if (this.isOver) return Promise.resolve(OVER);
    return new Promise((resolve) => {
      this.tellOver = resolve;
      this.goOn();
    });
  }

  async return(): Promise<IteratorResult<never>> {
    this.end();
    return OVER;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Where there is something to give and it may be given. */
  goOn(): void {
    while (!this.isHeld && !this.isOver) {
      if (!turns.hasTime()) {
        turns.later(this);
        return;
      }
      try {
        const { position, seen, isLeft } = this.question.next(this.seen, this.subscriber);
        if (position === undefined) {
          this.seen = seen;
          if (isLeft) continue;
          this.wait();
          return;
        }
        this.isHeld = true;
        let isHere = true;
        const [reader, recorded] = [this.subscriber.standing(), this.around.recorded()];
        this.question.ask(position, reader, (outcome) => {
          this.isHeld = false;
          if (this.isOver) return;
          try {
            // An answer may have been looked for in several turns: whoever has other rights by then is asked about anew.
            const isOfThen = isHere || recorded === this.around.recorded() || areEqual(reader, this.subscriber.standing());
            if (isOfThen && 'error' in outcome) this.fail(outcome.error);
            else if (isOfThen && 'value' in outcome) this.give(position, outcome.value);
          } catch (error) {
            // Of this subscriber alone: others who share the answer are called back after it.
            this.fail(error);
          }
          if (!isHere) this.goOn();
        });
        isHere = false;
      } catch (error) {
        this.fail(error);
      }
    }
  }

  /** Until the end: to begin and end with each wait would cost more. */
  private wait(): void {
    if (this.isWaiting) return;
    this.isWaiting = true;
    this.around.rounds.join(this);
  }

  private give(position: number, { result, text }: Given): void {
    this.last = position;
    this.seen = position;
    this.givenAt = Date.now();
    this.hand(text ?? JSON.stringify({ ...result, errors: result.errors?.map((error) => this.around.format(error)) }));
  }

  private hand(text: string): void {
    try {
      const taking = this.subscriber.take(text);
      if (!taking) return;
      this.isHeld = true;
      taking.then(() => this.taken(), (error: unknown) => this.fail(error));
    } catch (error) {
      // Of this connection alone: others are called back after it.
      this.fail(error);
    }
  }

  private taken(): void {
    this.isHeld = false;
    if (Date.now() - this.givenAt > SLOW_MS && this.around.head() - this.last > SLOW_POSITIONS) this.fail(overflow(this.last));
    else turns.later(this);
  }

  /** The error is the last that it is told, if it takes it. */
  private fail(error: unknown): void {
    if (this.isOver) return;
    this.end(JSON.stringify({ errors: [this.around.format(error)] }));
  }

  private end(told?: string): void {
    if (this.isOver) return;
    this.isOver = true;
    if (this.isWaiting) this.around.rounds.leave(this);
    this.question.leave();
    this.around.ended();
    if (told !== undefined) this.hand(told);
    this.tellOver?.(OVER);
  }
}

const overflow = (position: number): Problem => new Problem('UNAVAILABLE', 'SUBSCRIPTION_OVERFLOW',
  `Messages were taken too slowly. Subscribe again after position ${position}.`, { position: String(position) });

/** The variable that says where a subscriber begins, and nothing else, makes no other question. */
function leftOut(document: DocumentNode, committee: FieldNode): Readonly<Record<string, undefined>> {
  const after = committee.arguments?.find(({ name }) => name.value === 'after')?.value;
  if (after?.kind !== Kind.VARIABLE) return {};
  let uses = 0;
  visit(document, { Variable: ({ name }) => { if (name.value === after.name.value) uses++; } });
  // Once where it is declared, once here.
  return uses === 2 ? { [after.name.value]: undefined } : {};
}

/** Without `about` and `latest` there is a message for every position, so only what costs nothing may be asked. */
function onlyPlainFields(document: DocumentNode, committee: FieldNode): void {
  const check = (selections: FieldNode['selectionSet']): void => {
    for (const selection of selections?.selections ?? []) {
      if (selection.kind === Kind.INLINE_FRAGMENT) check(selection.selectionSet);
      else if (selection.kind === Kind.FRAGMENT_SPREAD) {
        const fragment = document.definitions.find((d) => d.kind === Kind.FRAGMENT_DEFINITION && d.name.value === selection.name.value);
        if (fragment?.kind === Kind.FRAGMENT_DEFINITION) check(fragment.selectionSet);
      } else if (!PLAIN_FIELDS.includes(selection.name.value)) {
        throw refusal('INVALID', 'PLAIN_SUBSCRIPTION', `Without "about" or "latest" a subscription may select position, time and change, not ${selection.name.value}.`, { field: selection.name.value });
      }
    }
  };
  check(committee.selectionSet);
}
