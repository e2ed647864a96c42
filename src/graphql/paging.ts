import { type Type } from '@nestjs/common';
import { ArgsType, Field, Int, ObjectType } from '@nestjs/graphql';
import { Problem } from '../decider/problem.js';
import { turns } from './turns.js';

export const PAGE_AT_MOST = 100;

@ArgsType()
export class PageArgs {
  @Field(() => Int, { description: '1 to 100.' }) first: number;
  @Field(() => String, { nullable: true, description: 'A cursor of this list. It stays valid while the log grows.' }) after?: string | null;
}

@ObjectType()
export class PageInfo {
  @Field(() => Boolean) hasNextPage: boolean;
  @Field(() => String, { nullable: true }) endCursor?: string;
}

export interface Edge<T> { readonly cursor: string; readonly node: T }
export interface Connection<T> { readonly edges: readonly Edge<T>[]; readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor?: string } }

/** `BallotConnection` and `BallotEdge` for `Ballot`. */
export function connectionOf<T>(node: Type<T>, name: string): Type<Connection<T>> {
  @ObjectType(`${name}Edge`)
  class EdgeType {
    @Field(() => String) cursor: string;
    @Field(() => node) node: T;
  }
  @ObjectType(`${name}Connection`)
  class ConnectionType {
    @Field(() => [EdgeType]) edges: EdgeType[];
    @Field(() => PageInfo) pageInfo: PageInfo;
  }
  return ConnectionType as Type<Connection<T>>;
}

/** A cursor is the number that the list is ordered by: a thing's ordinal, or a position. */
export function pageOf({ first, after }: PageArgs): { readonly after: number; readonly first: number } {
  if (first < 1 || first > PAGE_AT_MOST) throw new Problem('INVALID', 'PAGE_SIZE', `first must be 1 to ${PAGE_AT_MOST}, not ${first}.`, { first, atMost: PAGE_AT_MOST });
  if (after !== undefined && after !== null && !/^\d{1,15}$/.test(after)) {
    throw new Problem('INVALID', 'CURSOR', 'after must be a cursor that this list gave.', { after: after.slice(0, 50) });
  }
  return { first, after: Number(after ?? 0) };
}

/**
 * A page of what `next` gives, without what `see` leaves out: asks on until the page is full or the list ends.
 * @param next at most `limit` items after a cursor, in order
 */
export async function connection<I, T>(
  args: PageArgs, next: (after: number, limit: number) => readonly I[], cursorOf: (item: I) => number, see: (item: I) => T | undefined,
): Promise<Connection<T>> {
  const { first, after } = pageOf(args);
  const edges: Edge<T>[] = [];
  let last = after;
  // Where some were left out, most may be: the strides become longer.
  for (let wanted = first + 1; ; wanted = Math.min(2 * wanted, PAGE_AT_MOST)) {
    const items = next(last, wanted);
    for (const item of items) {
      last = cursorOf(item);
      const node = see(item);
      if (node !== undefined && edges.push({ cursor: String(last), node }) > first) break;
    }
    if (edges.length > first || items.length < wanted) break;
    await turns.pause();
  }
  const hasNextPage = edges.length > first;
  if (hasNextPage) edges.pop();
  const endCursor = edges.at(-1)?.cursor;
  return { edges, pageInfo: { hasNextPage, ...(endCursor !== undefined && { endCursor }) } };
}
