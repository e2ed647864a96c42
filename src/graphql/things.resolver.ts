import { Args, Context, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { Injectable } from '@nestjs/common';
import { FieldChange, HistoryConnection, HistoryEntry, Thing } from './change.types.js';
import type { GraphqlContext } from './context.js';
import { connection, PageArgs, type Connection } from './paging.js';
import { Reads } from './reads.js';
import { Visibility } from './visibility.js';

/** What all things have. */
@Injectable()
@Resolver(() => Thing)
export class ThingsResolver {
  constructor(private readonly reads: Reads, private readonly visibility: Visibility) {}

  @ResolveField(() => HistoryConnection, { description: 'Entries that touch the thing, up to the moment that is asked; what the reader may not see is left out.' })
  history(@Parent() thing: Thing, @Args() args: PageArgs, @Context() { reader }: GraphqlContext): Promise<Connection<HistoryEntryParent>> {
    return connection(
      args,
      (after, limit) => this.reads.touches(thing.id, after, thing.at, limit),
      (position) => position,
      (position) => {
        const change = this.visibility.change(reader, position, thing.at);
        return change && { change, thing };
      },
    );
  }
}

interface HistoryEntryParent extends HistoryEntry { readonly thing: Thing }

@Injectable()
@Resolver(() => HistoryEntry)
export class HistoryEntryResolver {
  constructor(private readonly reads: Reads, private readonly visibility: Visibility) {}

  @ResolveField(() => [FieldChange])
  fields(@Parent() { thing: { id, typename }, change: { position } }: HistoryEntryParent, @Context() { reader }: GraphqlContext): readonly FieldChange[] {
    const kind = this.visibility.kindOf(typename);
    const before = kind?.fieldsAt(this.reads, id, position - 1) ?? {};
    const after = kind?.fieldsAt(this.reads, id, position) ?? {};
    return [...new Set([...Object.keys(before), ...Object.keys(after)])]
      .filter((field) => before[field] !== after[field] && this.visibility.mayAsk(reader, typename, field))
      .map((field) => ({ field, before: before[field], after: after[field] }));
  }
}
