import {
  getNullableType, GraphQLError, isInterfaceType, isListType, isObjectType, Kind, OperationTypeNode, TypeInfo, visit, visitWithTypeInfo,
  type DocumentNode, type FieldNode, type GraphQLSchema, type OperationDefinitionNode, type SelectionSetNode, type ValueNode,
} from 'graphql';
import type { ErrorCode, Facts } from '../decider/problem.js';
import type { Standing } from '../identity/standing.js';
import { statusOf } from './errors.js';
import { COSTS, LIMITS, UNPAGED_LIST } from './limits.js';
import type { FieldAudience } from './rights.js';
import type { Visibility } from './visibility.js';

interface Question { readonly document: DocumentNode; readonly operation: OperationDefinitionNode; readonly variables: Readonly<Record<string, unknown>> }
interface Restricted { readonly type: string; readonly field: string; readonly audience: FieldAudience | undefined }

/** Lets an operation through, or says why not, before anything of it is executed. Documents are valid here, so fragments have no cycle. */
export class Admission {
  private readonly restricted = new WeakMap<DocumentNode, readonly Restricted[]>();
  private readonly measured = new WeakMap<OperationDefinitionNode, Measured>();

  /** Names of fields that are lists of objects and take no page size. */
  private readonly unpaged: ReadonlySet<string>;

  constructor(private readonly schema: GraphQLSchema, private readonly visibility: Visibility) {
    const fields = Object.values(schema.getTypeMap()).flatMap((type) => (isObjectType(type) || isInterfaceType(type) ? Object.values(type.getFields()) : []));
    this.unpaged = new Set(fields.filter(({ name, type, args }) => name !== 'edges' && isListType(getNullableType(type)) && args.every((one) => one.name !== 'first')).map(({ name }) => name));
  }

  /** @throws GraphQLError with a code, a reason and facts */
  check(question: Question, reader: Standing): void {
    this.checkLimits(question);
    this.checkRights(question.document, reader);
  }

  private checkLimits({ document, operation, variables }: Question): void {
    const { depth, cost, roots, aliases } = this.measure(document, operation, variables);
    if (operation.operation === OperationTypeNode.MUTATION && roots > 1) {
      throw refusal('INVALID', 'ONE_MUTATION', 'One mutation field a document: each command has its own receipt. Send them one after another.', { atMost: 1 });
    }
    if (aliases > LIMITS.aliases) throw tooMuch('TOO_MANY_ALIASES', 'aliases', aliases, LIMITS.aliases);
    if (depth > LIMITS.depth) throw tooMuch('TOO_DEEP', 'levels of depth', depth, LIMITS.depth);
    if (cost > LIMITS.cost) throw tooMuch('TOO_COSTLY', 'units of cost (fields, times "first", and 10 for a list without it that has pages within; a text costs 50, a difference 1,000)', cost, LIMITS.cost);
  }

  /** Once an operation, where no page size is a variable. */
  private measure(document: DocumentNode, operation: OperationDefinitionNode, variables: Question['variables']): Measured {
    const known = this.measured.get(operation);
    if (known) return known;
    const measured = measure(document, operation, variables, this.unpaged);
    if (!measured.varies) this.measured.set(operation, measured);
    return measured;
  }

  /** Whether this reader may ask for every field; what depends on the document alone is not looked at again. @throws GraphQLError */
  checkRights(document: DocumentNode, reader: Standing): void {
    for (const { type, field, audience } of this.restrictedFields(document)) {
      if (this.visibility.mayAsk(reader, type, field)) continue;
      const offices = Array.isArray(audience) ? audience : [];
      throw refusal('FORBIDDEN', undefined, `${type}.${field} is for ${offices.map((office) => String(office).toLowerCase().replaceAll('_', ' ')).join(', ') || 'nobody'}. Leave it out, or sign in as one of them.`,
        { field: `${type}.${field}`, offices });
    }
  }

  /** The fields of a document that are not everybody's. Found once a document. */
  private restrictedFields(document: DocumentNode): readonly Restricted[] {
    const known = this.restricted.get(document);
    if (known) return known;
    const found: Restricted[] = [];
    const types = new TypeInfo(this.schema);
    visit(document, visitWithTypeInfo(types, {
      Field: (node) => {
        const parent = types.getParentType();
        // The schema is public: introspection is everybody's.
        if (!parent || parent.name.startsWith('__') || node.name.value.startsWith('__')) return;
        const type = parent.name;
        const audience = this.visibility.rights.audienceOf(type, node.name.value);
        if (audience !== 'EVERYBODY') found.push({ type, field: node.name.value, audience });
      },
    }));
    this.restricted.set(document, found);
    return found;
  }
}

interface Sizes { readonly depth: number; readonly cost: number; /** Fields at the top, those of fragments among them. */ readonly roots: number; /** Has a list with a page size. */ readonly paged: boolean }
interface Measured extends Sizes { /** In the whole document. */ readonly aliases: number; /** A page size is a variable. */ readonly varies: boolean }

/** Depth, and a cost of one a field, or what it has in COSTS, times the page sizes around it, and UNPAGED_LIST for a list without one that has pages within. Each fragment is measured once, however often it is spread. */
function measure(document: DocumentNode, operation: OperationDefinitionNode, variables: Question['variables'], unpaged: ReadonlySet<string>): Measured {
  const fragments = new Map(document.definitions.flatMap((d) => (d.kind === Kind.FRAGMENT_DEFINITION ? [[d.name.value, d] as const] : [])));
  const ofFragments = new Map<string, Sizes>();
  let [aliases, varies] = [0, false];
  const ofSet = (set: SelectionSetNode): Sizes => {
    let [depth, cost, roots, paged] = [0, 0, 0, false];
    for (const selection of set.selections) {
      const one = selection.kind === Kind.FIELD ? ofField(selection) : selection.kind === Kind.INLINE_FRAGMENT ? ofSet(selection.selectionSet) : ofFragment(selection.name.value);
      depth = Math.max(depth, one.depth);
      cost += one.cost;
      roots += one.roots;
      paged ||= one.paged;
    }
    return { depth, cost, roots, paged };
  };
  const ofFragment = (name: string): Sizes => {
    let result = ofFragments.get(name);
    const fragment = fragments.get(name);
    if (!result && fragment) ofFragments.set(name, (result = ofSet(fragment.selectionSet)));
    return result ?? { depth: 0, cost: 0, roots: 0, paged: false };
  };
  const ofField = (field: FieldNode): Sizes => {
    // graphql-js bounds introspection by a rule of its own.
    if (field.name.value.startsWith('__') || !field.selectionSet) return { depth: 1, cost: 1, roots: 1, paged: false };
    const inner = ofSet(field.selectionSet);
    const first = field.arguments?.find((argument) => argument.name.value === 'first')?.value;
    varies ||= first?.kind === Kind.VARIABLE;
    const times = inner.paged && unpaged.has(field.name.value) ? UNPAGED_LIST : pageSize(first, operation, variables);
    return { depth: 1 + inner.depth, cost: (COSTS.get(field.name.value) ?? 1) + inner.cost * times, roots: 1, paged: inner.paged || first !== undefined };
  };
  const sizes = ofSet(operation.selectionSet);
  visit(document, { Field: (node) => { if (node.alias) aliases++; } });
  return { ...sizes, aliases, varies };
}

/** `first` as it stands there, as the variable that is given, or as that variable's default. */
function pageSize(value: ValueNode | undefined, operation: OperationDefinitionNode, variables: Question['variables']): number {
  const named = value?.kind === Kind.VARIABLE ? value.name.value : undefined;
  const byDefault = operation.variableDefinitions?.find((one) => one.variable.name.value === named)?.defaultValue;
  const literal = named === undefined ? value : byDefault;
  const given = named === undefined ? undefined : variables[named];
  const first = Number(given ?? (literal?.kind === Kind.INT ? literal.value : 1));
  return Number.isFinite(first) ? Math.max(1, first) : 1;
}

const tooMuch = (reason: string, what: string, given: number, atMost: number): GraphQLError =>
  refusal('INVALID', reason, `The document has ${given} ${what}; ${atMost} are allowed. Ask for less at once.`, { given, atMost });

export const refusal = (code: ErrorCode, reason: string | undefined, message: string, facts: Facts): GraphQLError =>
  new GraphQLError(message, { extensions: { code, reason, facts, http: { status: statusOf(code) } } });
