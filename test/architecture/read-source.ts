import { posix } from 'node:path';
import ts from 'typescript';

export interface Import {
  /** A path from the root of the project where the specifier is relative, else the specifier itself. */
  readonly target: string;
  /** `type` leaves no trace in the emitted JavaScript; `import { type X }` leaves one, so it is a value. */
  readonly kind: 'type' | 'value';
}

export interface Source {
  /** From the root of the project: `lib/topology/pick.ts`. */
  readonly path: string;
  readonly tree: ts.SourceFile;
  readonly imports: readonly Import[];
}

/** Parses one file; `path` is from the root of the project, with forward slashes. */
export function readSource(path: string, text: string): Source {
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.ESNext, true);
  const imports = allNodes(tree).flatMap((node) => {
    const found = readImport(node);
    return found === undefined ? [] : [{ ...found, target: resolve(path, found.target) }];
  });
  return { path, tree, imports };
}

/** The node and all below it. */
export function allNodes(node: ts.Node): ts.Node[] {
  const children: ts.Node[] = [];
  ts.forEachChild(node, (child) => {
    children.push(child);
  });
  return [node, ...children.flatMap(allNodes)];
}

function readImport(node: ts.Node): Import | undefined {
  if (ts.isImportDeclaration(node)) {
    return toImport(node.moduleSpecifier, node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword);
  }
  if (ts.isExportDeclaration(node)) return toImport(node.moduleSpecifier, node.isTypeOnly);
  if (ts.isImportTypeNode(node)) {
    return ts.isLiteralTypeNode(node.argument) ? toImport(node.argument.literal, true) : undefined;
  }
  if (ts.isExternalModuleReference(node)) return toImport(node.expression, false);
  if (ts.isCallExpression(node) && isLoader(node.expression)) return toImport(node.arguments[0], false);
  return undefined;
}

/** `import('x')` and `require('x')`. */
function isLoader(callee: ts.Expression): boolean {
  return (
    callee.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(callee) && callee.text === 'require')
  );
}

function toImport(specifier: ts.Node | undefined, isType: boolean): Import | undefined {
  if (specifier === undefined || !ts.isStringLiteralLike(specifier)) return undefined;
  return { target: specifier.text, kind: isType ? 'type' : 'value' };
}

function resolve(from: string, specifier: string): string {
  if (!specifier.startsWith('.')) return specifier;
  return posix.join(posix.dirname(from), specifier).replace(/\.js$/, '.ts');
}
