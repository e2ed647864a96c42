import { getOperationAST, Kind, visit, type DocumentNode, type FieldNode, type FormattedExecutionResult, type GraphQLFormattedError, type GraphQLSchema } from 'graphql';
import { getArgumentValues, getVariableValues } from 'graphql/execution/values.js';
import type { ViewRunner } from '../projections/view-runner.js';
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
import { Visibility } from './visibility.js';

export interface LiveQuestion {
  readonly document: DocumentNode;
  readonly operationName?: string | null;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly correlationId: string;
  /** The subscriber as of now; asked anew for each message, since rights are those of now. */
  readonly reader: () => Standing;
}

/** `text`: the same, as it is sent, where it is shared. */
export interface Message extends FormattedExecutionResult { readonly text?: string }

/** A subscriber that lets messages wait longer than this, with more than this many positions to come, is let go. */
const SLOW_MS = 10_000;
const SLOW_POSITIONS = 256;
const PLAIN_FIELDS = ['position', 'time', 'change', '__typename'];

/** Subscriptions: the question of a query, asked at later positions. Nothing is queued: what comes next is read from the log. */
export class Live {
  /** The questions that somebody is asking, by document, operation and variables. */
  private readonly questions = new Map<string, SharedQuestion>();
  private readonly executor: Executor;
  private readonly rounds: Rounds;
  private readonly documentIds = new WeakMap<DocumentNode, number>();
  private documents = 0;
  /** Subscriptions under way. */
  readonly subscribers = new Set<object>();

  constructor(
    private readonly schema: GraphQLSchema, private readonly reads: Reads, runner: ViewRunner, private readonly visibility: Visibility,
    private readonly desk: Desk, private readonly admission: Admission, private readonly report: (error: unknown, correlationId: string) => void,
  ) {
    this.executor = new Executor(schema);
    this.rounds = new Rounds(runner);
  }

  /** Subscribers that have been given something, or nothing yet, and are told when the views move on. */
  get waiting(): number { return this.rounds.size; }
  /** How many different questions are asked at the moment. */
  get size(): number { return this.questions.size; }

  /** Ready to give messages. Never ends by itself, except with an error. @throws GraphQLError */
  answer(asked: LiveQuestion): Answer {
    const { document, operationName, variables, correlationId, reader } = asked;
    const operation = getOperationAST(document, operationName);
    if (!operation) throw refusal('INVALID', 'OPERATION', 'Name the operation that is meant with operationName.', {});
    this.admission.check({ ...asked, operation }, reader());
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
    const answer = new Answer(after, question, reader, {
      head: () => this.reads.position, onAdvanced: (listener) => this.rounds.join(listener), format: (error) => toGraphQLError(error, correlationId, (inner) => this.report(inner, correlationId)),
      onEnd: () => this.subscribers.delete(answer),
    });
    this.subscribers.add(answer);
    return answer;
  }

  private idOf(document: DocumentNode): number {
    let id = this.documentIds.get(document);
    if (id === undefined) this.documentIds.set(document, (id = this.documents++));
    return id;
  }
}

interface Surroundings {
  head(): number;
  onAdvanced(listener: () => void): () => void;
  format(error: unknown): GraphQLFormattedError;
  onEnd(): void;
}

/** Takes a text that many are sent. Undefined: and the next one at once; otherwise when it has been taken. */
type Take = (text: string) => Promise<void> | undefined;
const OVER: IteratorResult<Message> = { done: true, value: undefined };

/**
 * The messages of one subscription. Nothing is promised on the way of a text: at each position a thousand of these go on when the views have moved on or
 * an answer is found, and promises were a fifth of what a delivery cost.
 */
export class Answer implements AsyncIterableIterator<Message> {
  private isOver = false;
  /** Whoever waits for the next message, and who takes texts meanwhile. */
  private tell: ((given: IteratorResult<Message>) => void) | undefined;
  private take: Take | undefined;
  /** An answer is looked for, or the reader has not taken the last one: nothing else makes this go on. */
  private isHeld = false;
  /** Up to here there is no more message. */
  private seen: number;
  private givenAt = Date.now();
  private stopListening: (() => void) | undefined;

  constructor(private last: number, private readonly question: SharedQuestion, private readonly reader: () => Standing, private readonly around: Surroundings) {
    this.seen = last;
    question.join();
  }

  next(): Promise<IteratorResult<Message>> {
    return this.pour(undefined);
  }

  /** Gives what is a text to `take`, until there is a message that is none, or no more. */
  pour(take: Take | undefined): Promise<IteratorResult<Message>> {
    if (this.isOver) return Promise.resolve(OVER);
    return new Promise((resolve) => {
      this.tell = resolve;
      this.take = take;
      this.taken();
    });
  }

  async return(): Promise<IteratorResult<Message>> {
    this.end(OVER);
    return OVER;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The reader has taken what it was given. */
  private taken(): void {
    this.isHeld = false;
    if (Date.now() - this.givenAt > SLOW_MS && this.around.head() - this.last > SLOW_POSITIONS) this.fail(overflow(this.last));
    else this.goOn();
  }

  private readonly goOn = (): void => {
    while (this.tell && !this.isHeld && !this.isOver) {
      try {
        const { position, seen, isLeft } = this.question.next(this.seen, this.reader);
        if (position === undefined) {
          this.seen = seen;
          if (isLeft) {
            this.isHeld = true;
            setImmediate(this.lookOn);
            return;
          }
          // Until the end: to begin and end with each wait would cost more.
          this.stopListening ??= this.around.onAdvanced(this.goOn);
          return;
        }
        this.isHeld = true;
        let isHere = true;
        this.question.ask(position, this.reader(), (outcome) => {
          this.isHeld = false;
          if (this.isOver) return;
          if ('error' in outcome) this.fail(outcome.error);
          else this.give(position, outcome.value);
          // Called back later, among others who share the answer.
          if (!isHere) this.goOn();
        });
        isHere = false;
      } catch (error) {
        this.fail(error);
      }
    }
  };

  private readonly lookOn = (): void => {
    this.isHeld = false;
    this.goOn();
  };

  private give(position: number, { result, text }: Given): void {
    this.last = position;
    this.seen = position;
    this.givenAt = Date.now();
    if (text !== undefined && this.take) return this.hand(text, this.take);
    const { errors, ...others } = result;
    this.answer({ done: false, value: errors ? { ...others, errors: errors.map((error) => this.around.format(error)) } : { ...others, text } });
  }

  private hand(text: string, take: Take): void {
    try {
      const taking = take(text);
      if (!taking) return;
      this.isHeld = true;
      taking.then(() => this.taken(), (error: unknown) => this.fail(error));
    } catch (error) {
      // Of this connection alone: others are called back after it.
      this.fail(error);
    }
  }

  private answer(given: IteratorResult<Message>): void {
    const { tell } = this;
    this.tell = undefined;
    tell?.(given);
  }

  private fail(error: unknown): void {
    this.end({ done: false, value: { errors: [this.around.format(error)] } });
  }

  private end(told: IteratorResult<Message>): void {
    if (!this.isOver) {
      this.isOver = true;
      this.stopListening?.();
      this.question.leave();
      this.around.onEnd();
    }
    this.answer(told);
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
