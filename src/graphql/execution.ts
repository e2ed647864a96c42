import {
  execute, getNamedType, isAbstractType, isCompositeType, Kind, OperationTypeNode, visit, type DocumentNode, type ExecutionResult, type GraphQLObjectType,
  type GraphQLSchema, type OperationDefinitionNode, type SelectionSetNode,
} from 'graphql';
import { compileQuery, isCompiledQuery, type CompiledQuery } from 'graphql-jit';
import { getVariableValues } from 'graphql/execution/values.js';
import { LRUCache } from 'lru-cache';
import { Problem } from '../decider/problem.js';
import type { GraphqlContext } from './context.js';

export interface Execution {
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly context: GraphqlContext;
  readonly root?: unknown;
}

/** Compiling costs more than answering once: a document is compiled where it comes again. */
const COMPILED_AT_USE = 2;
/** Fields of one compiled document, and of all that are kept. A field takes about 0.2 ms to compile and is three kilobytes of code. */
const FIELDS_AT_MOST = 200;
const FIELDS_KEPT = 5_000;

interface Compiled { readonly query: CompiledQuery['query']; readonly fields: number }

/**
 * Executes queries and the messages of subscriptions: compiled where a document comes again, by graphql-js otherwise. The compiled way only ever
 * gives answers without errors; a question that has one is asked again of graphql-js, so that what is told of errors is always its word.
 */
export class Executor {
  private readonly uses = new WeakMap<DocumentNode, number>();
  private readonly kept: LRUCache<DocumentNode, Compiled>;

  constructor(private readonly schema: GraphQLSchema, private readonly limits = { compiledAtUse: COMPILED_AT_USE, fields: FIELDS_AT_MOST, fieldsKept: FIELDS_KEPT }) {
    this.kept = new LRUCache({ maxSize: limits.fieldsKept, sizeCalculation: ({ fields }) => fields, dispose: (_, document) => { this.uses.delete(document); } });
  }

  /** How many documents are kept compiled. */
  get size(): number { return this.kept.size; }

  async execute(execution: Execution): Promise<ExecutionResult> {
    return await this.compiled(execution) ?? execute({
      schema: this.schema, document: execution.document, operationName: execution.operation.name?.value, variableValues: execution.variables,
      contextValue: execution.context, rootValue: execution.root,
    });
  }

  /** The answer of the compiled document; undefined where graphql-js is to be asked. Never for mutations: it may be asked a second time. */
  async compiled({ document, operation, variables, context, root }: Execution): Promise<ExecutionResult | undefined> {
    const query = this.queryOf(document, operation);
    if (!query) return undefined;
    const { coerced, errors } = getVariableValues(this.schema, operation.variableDefinitions ?? [], variables);
    if (errors) return undefined;
    // Read by graphql-js, the values are given as they are: every scalar and enum of the schema reads its own value as itself.
    const result = await query(root, context, coerced);
    return !result.errors || isRefusedAtTheTop(result) ? result : undefined;
  }

  private queryOf(document: DocumentNode, operation: OperationDefinitionNode): CompiledQuery['query'] | undefined {
    const kept = this.kept.get(document);
    if (kept) return kept.query;
    const uses = (this.uses.get(document) ?? 0) + 1;
    this.uses.set(document, uses);
    // Asked once: what cannot be compiled now never can.
    if (uses !== this.limits.compiledAtUse || operation.operation === OperationTypeNode.MUTATION || !isSafe(document)) return undefined;
    const fields = fieldsOf(this.schema, document, operation, this.limits.fields);
    if (fields > this.limits.fields) return undefined;
    const compiled = compileQuery<Record<string, unknown>, Record<string, unknown>>(this.schema, document);
    if (!isCompiledQuery(compiled)) return undefined;
    this.kept.set(document, { query: compiled.query, fields });
    return compiled.query;
  }
}

/** The moment that was asked for is refused, as one that this node has yet to see is after seconds: nobody waits for that twice. */
function isRefusedAtTheTop({ errors = [] }: ExecutionResult): boolean {
  return errors.length === 1 && errors[0]?.path?.length === 1 && errors[0].originalError instanceof Problem;
}

/** Ids, positions, cursors, dates and names. */
const PLAIN_TEXT = /^[\p{L}\d .:+-]*$/u;

/**
 * What the compiler may be given. graphql-jit 0.8.9 writes literals into the code that it generates, where certain texts become code of the
 * caller's; it forgets conditions of fragments that are spread twice; and names with two underscores mean something to JavaScript.
 */
function isSafe(document: DocumentNode): boolean {
  let safe = document.definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION).length === 1;
  visit(document, {
    Directive: () => { safe = false; },
    Name: ({ value }) => { safe &&= !value.startsWith('__') || value === '__typename'; },
    StringValue: ({ value }) => { safe &&= PLAIN_TEXT.test(value); },
  });
  return safe;
}

/**
 * How many fields the compiler writes code for: every fragment spread, and what is asked of an interface once for each of its types. Counting ends
 * beyond `most`.
 */
function fieldsOf(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode, most: number): number {
  const fragments = new Map(document.definitions.flatMap((d) => (d.kind === Kind.FRAGMENT_DEFINITION ? [[d.name.value, d] as const] : [])));
  let fields = 0;
  const matches = (condition: string | undefined, type: GraphQLObjectType): boolean => {
    const asked = condition === undefined ? type : schema.getType(condition);
    return asked === type || (isAbstractType(asked) && schema.isSubType(asked, type));
  };
  const count = (set: SelectionSetNode, type: GraphQLObjectType): void => {
    for (const selection of set.selections) {
      if (fields > most) return;
      if (selection.kind === Kind.FIELD) {
        fields++;
        const below = getNamedType(type.getFields()[selection.name.value]?.type);
        if (!selection.selectionSet || !isCompositeType(below)) continue;
        for (const one of isAbstractType(below) ? schema.getPossibleTypes(below) : [below]) count(selection.selectionSet, one);
      } else {
        const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value);
        if (fragment && matches(fragment.typeCondition?.name.value, type)) count(fragment.selectionSet, type);
      }
    }
  };
  const root = schema.getRootType(operation.operation);
  if (root) count(operation.selectionSet, root);
  return fields;
}
