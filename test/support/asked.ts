import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, validate, type DocumentNode, type GraphQLSchema } from 'graphql';
import ts from 'typescript';

/** What may stand where a text of a test leaves a gap: a position, an id, a page size. */
const FILLINGS = ['1', 'x', 'id'];

/**
 * Every document that the tests of some folders ask, as it stands in their sources: texts that are a document of the schema, by themselves or as
 * the selection of a committee. What a test builds piece by piece is not found.
 */
export function documentsOf(schema: GraphQLSchema, root: string, folders: readonly string[], isMeant: (document: DocumentNode) => boolean): readonly string[] {
  const found = new Set<string>();
  const files = folders.flatMap((folder) => readdirSync(join(root, folder)).filter((name) => name.endsWith('.ts')).map((name) => join(root, folder, name)));
  for (const file of files) {
    const look = (node: ts.Node): void => {
      for (const text of textsOf(node)) {
        const document = [text, `{ committee { ${text} } }`].find((one) => isDocument(schema, one, isMeant));
        if (document === undefined) continue;
        found.add(document);
        break;
      }
      ts.forEachChild(node, look);
    };
    look(ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true));
  }
  return [...found];
}

function textsOf(node: ts.Node): readonly string[] {
  if (ts.isStringLiteralLike(node)) return [node.text];
  if (!ts.isTemplateExpression(node)) return [];
  return FILLINGS.map((filling) => node.head.text + node.templateSpans.map((span) => filling + span.literal.text).join(''));
}

function isDocument(schema: GraphQLSchema, text: string, isMeant: (document: DocumentNode) => boolean): boolean {
  if (!text.includes('{') && text.length < 4) return false;
  try {
    const document = parse(text);
    return isMeant(document) && validate(schema, document).length === 0;
  } catch {
    return false;
  }
}
