import {
  execute, getOperationAST, Kind, type DocumentNode, type ExecutionResult, type FieldNode, type FormattedExecutionResult, type GraphQLSchema,
} from 'graphql';
import { getArgumentValues, getVariableValues } from 'graphql/execution/values.js';
import type { ViewRunner } from '../projections/view-runner.js';
import { Problem } from '../decider/problem.js';
import type { Standing } from '../identity/standing.js';
import { changeKindOf } from '../events/index.js';
import { Admission, refusal } from './admission.js';
import type { LiveArgs } from './committee.types.js';
import type { GraphqlContext } from './context.js';
import { Desk } from './desk.js';
import { toGraphQLError } from './errors.js';
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

/** A subscriber that lets messages wait longer than this, with more than this many positions to come, is let go. */
const SLOW_MS = 10_000;
const SLOW_POSITIONS = 256;
const PLAIN_FIELDS = ['position', 'time', 'change', '__typename'];

/** Subscriptions: the question of a query, asked at later positions. Nothing is queued: what comes next is read from the log. */
export class Live {
  /** Subscriptions under way. */
  readonly subscribers = new Set<object>();

  constructor(
    private readonly schema: GraphQLSchema, private readonly reads: Reads, private readonly runner: ViewRunner, private readonly visibility: Visibility,
    private readonly desk: Desk, private readonly admission: Admission, private readonly report: (error: unknown, correlationId: string) => void,
  ) {}

  /** Ready to give messages. Never ends by itself, except with an error. @throws GraphQLError */
  answer(question: LiveQuestion): AsyncIterableIterator<FormattedExecutionResult> {
    const operation = getOperationAST(question.document, question.operationName);
    if (!operation) throw refusal('INVALID', 'OPERATION', 'Name the operation that is meant with operationName.', {});
    this.admission.check({ ...question, operation }, question.reader());
    const { coerced, errors } = getVariableValues(this.schema, operation.variableDefinitions ?? [], question.variables, { maxErrors: 10 });
    if (errors?.[0]) throw errors[0];
    const field = operation.selectionSet.selections[0];
    const definition = this.schema.getSubscriptionType()?.getFields()['committee'];
    if (field?.kind !== Kind.FIELD || !definition) throw refusal('INVALID', 'SUBSCRIPTION', 'A subscription asks for the field committee.', {});
    const args = getArgumentValues(definition, field, coerced) as LiveArgs;
    if (!args.about && !args.latest) onlyPlainFields(question.document, field);
    const after = args.after ?? this.reads.position;
    if (after > this.reads.log.head.position) {
      throw refusal('INVALID', 'BEYOND_THE_LOG', `after ${after} lies beyond the log, whose head is ${this.reads.log.head.position}.`, { head: String(this.reads.log.head.position) });
    }
    const answer = new Answer(
      after, () => this.reads.position, (last, signal) => this.next(args, question, last, signal), (position) => this.ask(question, position),
      (error) => this.failure(error, question), () => this.subscribers.delete(answer),
    );
    this.subscribers.add(answer);
    return answer;
  }

  /** The next position that there is a message for. @returns undefined when `signal` ended the wait */
  private async next(args: LiveArgs, question: LiveQuestion, last: number, signal: AbortSignal): Promise<number | undefined> {
    let seen = last;
    while (!signal.aborted) {
      const head = this.reads.position;
      if (args.latest && head > seen) {
        if (!args.about || this.anyTouches(args, question, seen, head)) return head;
        seen = head;
      }
      for (; seen < head; seen++) {
        if (signal.aborted) return undefined;
        if (!args.about || this.touches(args, question.reader(), seen + 1)) return seen + 1;
      }
      await this.advanced(seen, signal);
    }
    return undefined;
  }

  private anyTouches(args: LiveArgs, question: LiveQuestion, after: number, upTo: number): boolean {
    for (let position = after + 1; position <= upTo; position++) if (this.touches(args, question.reader(), position)) return true;
    return false;
  }

  /** Whether the entry at a position touches what was asked about, as far as this reader may see it. */
  private touches({ about }: LiveArgs, reader: Standing, position: number): boolean {
    const entry = this.reads.entry(position);
    if (!entry || !about || !this.visibility.maySee(reader, entry, position)) return false;
    const ids = this.reads.codec.about(entry);
    if (about.things?.some((id) => ids.includes(id) && this.visibility.mayKnow(reader, id, position))) return true;
    const kinds = [entry.type, ...(this.reads.codec.typeOf(entry.type)?.parts ?? [])].map(changeKindOf);
    if (about.changes?.some((kind) => kinds.includes(kind))) return true;
    if (!about.myDesk) return false;
    const onDesk = [position - 1, position].flatMap((at) => this.desk.tasks(reader, at)).map((task) => task.thingId);
    return ids.some((id) => id === reader.seat?.regionId || onDesk.includes(id));
  }

  private async ask(question: LiveQuestion, position: number): Promise<FormattedExecutionResult> {
    const { document, operationName, variables, correlationId } = question;
    const reader = question.reader();
    const operation = getOperationAST(document, operationName);
    if (operation) this.admission.check({ document, operation, variables }, reader);
    const context: GraphqlContext = { correlationId, reader };
    const result = await execute({
      schema: this.schema, document, operationName, variableValues: variables, contextValue: context, rootValue: { committee: { position } },
    }) as ExecutionResult;
    if (!result.errors) return result as FormattedExecutionResult;
    return { ...result, errors: result.errors.map((error) => this.format(error, correlationId)) };
  }

  private failure(error: unknown, { correlationId }: LiveQuestion): FormattedExecutionResult {
    return { errors: [this.format(error, correlationId)] };
  }

  private format(error: unknown, correlationId: string) {
    return toGraphQLError(error, correlationId, (inner) => this.report(inner, correlationId));
  }

  private async advanced(seen: number, signal: AbortSignal): Promise<void> {
    if (this.reads.position > seen) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        stop();
        signal.removeEventListener('abort', done);
        resolve();
      };
      const stop = this.runner.onAdvanced(done);
      signal.addEventListener('abort', done, { once: true });
    });
  }
}

/** The messages of one subscription. An object rather than a generator: `return` has to end a wait that is under way. */
class Answer implements AsyncIterableIterator<FormattedExecutionResult> {
  private readonly ending = new AbortController();
  private givenAt = Date.now();

  constructor(
    private last: number,
    private readonly head: () => number,
    private readonly find: (last: number, signal: AbortSignal) => Promise<number | undefined>,
    private readonly ask: (position: number) => Promise<FormattedExecutionResult>,
    private readonly fail: (error: unknown) => FormattedExecutionResult,
    onEnd: () => void,
  ) {
    this.ending.signal.addEventListener('abort', onEnd, { once: true });
  }

  async next(): Promise<IteratorResult<FormattedExecutionResult>> {
    const { signal } = this.ending;
    if (signal.aborted) return { done: true, value: undefined };
    const waited = Date.now() - this.givenAt;
    try {
      if (waited > SLOW_MS && this.head() - this.last > SLOW_POSITIONS) throw overflow(this.last);
      const position = await this.find(this.last, signal);
      if (position === undefined) return { done: true, value: undefined };
      const value = await this.ask(position);
      this.last = position;
      this.givenAt = Date.now();
      return { done: false, value };
    } catch (error) {
      this.ending.abort();
      return { done: false, value: this.fail(error) };
    }
  }

  async return(): Promise<IteratorResult<FormattedExecutionResult>> {
    this.ending.abort();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

const overflow = (position: number): Problem => new Problem('UNAVAILABLE', 'SUBSCRIPTION_OVERFLOW',
  `Messages were taken too slowly. Subscribe again after position ${position}.`, { position: String(position) });

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

