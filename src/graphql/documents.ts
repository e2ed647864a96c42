import { parse, specifiedRules, validate, type DocumentNode, type GraphQLError, type GraphQLSchema } from 'graphql';
import { LRUCache } from 'lru-cache';
import { LIMITS } from './limits.js';

/** Characters of all texts that are kept; a document takes a hundred times its text. */
const TEXT_KEPT = 200_000;

/** Documents by their text: who asks the same text asks the same document, which is parsed, checked and compiled once. */
export class Documents {
  private readonly valid = new LRUCache<string, DocumentNode>({ maxSize: TEXT_KEPT, sizeCalculation: (_, text) => text.length + 1 });

  constructor(private readonly schema: GraphQLSchema) {}

  /** The document, or what is wrong with it. @throws GraphQLError where it is none */
  read(text: string): DocumentNode | readonly GraphQLError[] {
    const kept = this.valid.get(text);
    if (kept) return kept;
    const document = parse(text, { maxTokens: LIMITS.tokens });
    const errors = validate(this.schema, document, specifiedRules, { maxErrors: 10 });
    if (errors.length > 0) return errors;
    this.valid.set(text, document);
    return document;
  }
}
