import ts from 'typescript';
import { entryFiles } from './import-rules.js';
import { allNodes } from './read-source.js';
import type { Source } from './read-source.js';

const maxLines = 250;

/** One line for each piece of syntax that the library does without. */
export function findForbiddenSyntax({ path, tree }: Source): string[] {
  const inside = allNodes(tree).flatMap((node) => {
    const what = path.startsWith('lib/clock/') && isWallClock(node) ? undefined : forbidden(node);
    const line = tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1;
    return what === undefined ? [] : [`${path}:${line} has ${what}`];
  });
  const lines = tree.text.replace(/\n$/, '').split('\n').length;
  return [
    ...inside,
    ...(lines > maxLines ? [`${path} has ${lines} lines, more than ${maxLines}`] : []),
    ...(isBarrel(tree) && !entryFiles.includes(path) ? [`${path} only gathers exports of other files`] : []),
  ];
}

function forbidden(node: ts.Node): string | undefined {
  if (isDefaultExport(node)) return 'a default export';
  if (ts.isEnumDeclaration(node)) return 'an enum';
  if (node.kind === ts.SyntaxKind.AnyKeyword) return 'the type any';
  if (ts.isNonNullExpression(node)) return 'a non-null assertion';
  if (isCast(node)) return 'a cast';
  if (isWallClock(node)) return 'a clock that can be set: use lib/clock';
  return undefined;
}

function isDefaultExport(node: ts.Node): boolean {
  if (ts.isExportAssignment(node)) return true;
  if (ts.isExportSpecifier(node)) return node.name.text === 'default';
  return ts.isFunctionDeclaration(node) || ts.isClassDeclaration(node)
    ? (ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Default) !== 0
    : false;
}

/** `Date.now`, `new Date()`, and the scheduler of RxJS whose `now()` reads it. A date made of a number reads no clock. */
function isWallClock(node: ts.Node): boolean {
  if (ts.isPropertyAccessExpression(node)) return node.getText() === 'Date.now';
  if (ts.isNewExpression(node)) return node.expression.getText() === 'Date' && !node.arguments?.length;
  return ts.isIdentifier(node) && node.text === 'asyncScheduler';
}

/** `as const` narrows what is there and hides nothing. */
function isCast(node: ts.Node): boolean {
  return (
    (ts.isAsExpression(node) || ts.isTypeAssertionExpression(node)) && !ts.isConstTypeReference(node.type)
  );
}

function isBarrel({ statements }: ts.SourceFile): boolean {
  return statements.length > 0 && statements.every((statement) => ts.isExportDeclaration(statement));
}
