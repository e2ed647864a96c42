import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import ts from 'typescript';

/** One import of one file, as the compiler reads it. */
export interface Arrow {
  readonly from: string;
  /** A file of ours, as a path below `src/`; or the name of a package. */
  readonly to: string;
  readonly ours: boolean;
  /** Gone at run time: `import type`, or nothing but types by name. */
  readonly typeOnly: boolean;
  /** `*` where all of it is taken. */
  readonly names: readonly string[];
}

const SRC = resolve('src');
export const files: readonly string[] = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts')).sort();
export const textOf = (file: string): string => readFileSync(join(SRC, file), 'utf8');
export const syntaxOf = (file: string): ts.SourceFile => ts.createSourceFile(file, textOf(file), ts.ScriptTarget.ES2023, true);

/** Every import and re-export of a file: statements, `import()` and `import('…').Type`. */
export function arrowsOf(file: string): readonly Arrow[] {
  const found: Arrow[] = [];
  const add = (target: ts.Node | undefined, typeOnly: boolean, names: readonly string[]): void => {
    if (!target || !ts.isStringLiteralLike(target)) throw new Error(`${file} imports something that is named at run time only`);
    const ours = target.text.startsWith('.');
    found.push({ from: file, to: ours ? join(dirname(file), target.text).replace(/\.js$/, '.ts') : target.text, ours, typeOnly, names });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      const { importClause: clause } = node;
      const named = clause?.namedBindings && ts.isNamedImports(clause.namedBindings) ? clause.namedBindings.elements : [];
      const whole = clause?.name !== undefined || (clause?.namedBindings !== undefined && ts.isNamespaceImport(clause.namedBindings));
      const typeOnly = clause !== undefined && (clause.phaseModifier === ts.SyntaxKind.TypeKeyword || (!whole && named.length > 0 && named.every((one) => one.isTypeOnly)));
      add(node.moduleSpecifier, typeOnly, whole ? ['*'] : named.map((one) => (one.propertyName ?? one.name).text));
    } else if (ts.isExportDeclaration(node) && node.moduleSpecifier) add(node.moduleSpecifier, node.isTypeOnly, ['*']);
    else if (ts.isImportTypeNode(node)) add(ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined, true, ['*']);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) add(node.arguments[0], false, ['*']);
    ts.forEachChild(node, visit);
  };
  visit(syntaxOf(file));
  return found;
}

export const arrows: readonly Arrow[] = files.flatMap(arrowsOf);
