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
import { SharedQuestion } from './live-question.js';
import { Reads } from './reads.js';
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
  private readonly documentIds = new WeakMap<DocumentNode, number>();
  private documents = 0;
  /** Subscriptions under way. */
  readonly subscribers = new Set<object>();

  constructor(
    private readonly schema: GraphQLSchema, private readonly reads: Reads, private readonly runner: ViewRunner, private readonly visibility: Visibility,
    private readonly desk: Desk, private readonly admission: Admission, private readonly report: (error: unknown, correlationId: string) => void,
  ) {
    this.executor = new Executor(schema);
  }

  /** How many different questions are asked at the moment. */
  get size(): number { return this.questions.size; }

  /** Ready to give messages. Never ends by itself, except with an error. @throws GraphQLError */
  answer(asked: LiveQuestion): AsyncIterableIterator<Message> {
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
      head: () => this.reads.position, onAdvanced: (listener) => this.runner.onAdvanced(listener), format: (error) => toGraphQLError(error, correlationId, (inner) => this.report(inner, correlationId)),
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

/** The messages of one subscription. An object rather than a generator: `return` has to end a wait that is under way. */
class Answer implements AsyncIterableIterator<Message> {
  private isOver = false;
  private wake: (() => void) | undefined;
  private stopListening: (() => void) | undefined;
  private givenAt = Date.now();

  constructor(private last: number, private readonly question: SharedQuestion, private readonly reader: () => Standing, private readonly around: Surroundings) {
    question.join();
  }

  async next(): Promise<IteratorResult<Message>> {
    if (this.isOver) return { done: true, value: undefined };
    const waited = Date.now() - this.givenAt;
    try {
      if (waited > SLOW_MS && this.around.head() - this.last > SLOW_POSITIONS) throw overflow(this.last);
      let { position, seen } = this.question.next(this.last, this.reader);
      while (position === undefined) {
        await this.advanced(seen);
        if (this.isOver) return { done: true, value: undefined };
        ({ position, seen } = this.question.next(seen, this.reader));
      }
      const { result, text } = await this.question.ask(position, this.reader());
      this.last = position;
      this.givenAt = Date.now();
      const { errors, ...others } = result;
      return { done: false, value: errors ? { ...others, errors: errors.map((error) => this.around.format(error)) } : { ...others, text } };
    } catch (error) {
      this.end();
      return { done: false, value: { errors: [this.around.format(error)] } };
    }
  }

  async return(): Promise<IteratorResult<Message>> {
    this.end();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  private end(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.stopListening?.();
    this.wake?.();
    this.question.leave();
    this.around.onEnd();
  }

  /** Resolves when the views have moved on beyond `seen`, and at the end. Listens until then: to begin and end with each wait would cost more. */
  private async advanced(seen: number): Promise<void> {
    this.stopListening ??= this.around.onAdvanced(() => this.wake?.());
    while (!this.isOver && this.around.head() <= seen) await new Promise<void>((resolve) => { this.wake = resolve; });
    this.wake = undefined;
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
