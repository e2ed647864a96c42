import { Args, Context, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { Injectable } from '@nestjs/common';
import { HistoryConnection, Thing, type FieldChange, type HistoryEntry } from './change.types.js';
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
  history(@Parent() thing: Thing, @Args() args: PageArgs, @Context() { reader }: GraphqlContext): Connection<HistoryEntry> {
    const kind = this.visibility.kindOf(thing.typename);
    return connection(
      args,
      (after, limit) => this.reads.touches(thing.id, after, thing.at, limit),
      (position) => position,
      (position): HistoryEntry | undefined => {
        const change = this.visibility.change(reader, position, thing.at);
        if (!change) return undefined;
        const fields = (): FieldChange[] => {
          const before = kind?.fieldsAt(this.reads, thing.id, position - 1) ?? {};
          const after = kind?.fieldsAt(this.reads, thing.id, position) ?? {};
          return [...new Set([...Object.keys(before), ...Object.keys(after)])]
            .filter((field) => before[field] !== after[field] && this.visibility.mayAsk(reader, thing.typename, field))
            .map((field) => ({ field, before: before[field], after: after[field] }));
        };
        // Compared where it is asked for: it reads the thing twice.
        return { change, get fields() { return fields(); } };
      },
    );
  }
}
