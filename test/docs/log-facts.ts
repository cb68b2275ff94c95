import ts from 'typescript';
import { allNodes, type Source } from '../architecture/read-source.js';

/** A line of the log, as the code makes it. */
export interface LoggedLine {
  readonly code: string;
  /** The names of its values, in order of the alphabet. */
  readonly facts: readonly string[];
  /** What makes it a text with values that have no name; empty if all of them have one. */
  readonly unnamed: readonly string[];
}

/** All lines that a file logs. */
export function loggedLines({ tree }: Source): readonly LoggedLine[] {
  return allNodes(tree)
    .filter((node) => ts.isStringLiteral(node) && /^RR\d+$/.test(node.text))
    .map((node) => {
      const parts = withDeclarations(makerOf(node));
      return {
        code: node.getText().slice(1, -1),
        facts: [...new Set(parts.flatMap(factsIn))].toSorted(),
        unnamed: parts.filter(isUnnamed).map((part) => part.getText()),
      };
    });
}

/** What makes the line of a code: the note or the call that it stands in. */
function makerOf(code: ts.Node): ts.Node {
  const note = ts.findAncestor(code, (node) => isNote(node) || ts.isCallExpression(node));
  if (note !== undefined) return note;
  const holder = ts.findAncestor(code, ts.isVariableDeclaration);
  if (holder === undefined) {
    // A default of a function that makes lines.
    return ts.findAncestor(code, ts.isArrowFunction) ?? code;
  }
  // One of several codes that a constant lists: where that is used.
  const uses = allNodes(code.getSourceFile()).filter(
    (node) => ts.isIdentifier(node) && node !== holder.name && node.text === holder.name.getText(),
  );
  const use = uses.flatMap((each) => ts.findAncestor(each, isNote) ?? [])[0];
  if (use === undefined) throw new Error(`no line uses ${holder.name.getText()}`);
  return use;
}

function isNote(node: ts.Node): boolean {
  return (
    ts.isObjectLiteralExpression(node) && node.properties.some((each) => each.name?.getText() === 'code')
  );
}

/** The nodes of an expression, and those of what the same file declares for it. */
function withDeclarations(maker: ts.Node): readonly ts.Node[] {
  const seen = new Set<ts.Node>();
  const visit = (node: ts.Node): readonly ts.Node[] => {
    if (seen.has(node)) return [];
    seen.add(node);
    return allNodes(node).flatMap((each) => {
      const declared = ts.isIdentifier(each) && isValue(each) ? declarationOf(each) : undefined;
      return declared === undefined ? [each] : [each, ...visit(declared)];
    });
  };
  return visit(maker);
}

/** Not the name of a property, nor of a declaration. */
function isValue({ parent, text }: ts.Identifier): boolean {
  return !(
    (ts.isPropertyAccessExpression(parent) && parent.name.text === text) ||
    ts.isPropertyAssignment(parent) ||
    // `{{ name }}` of a line: its value is no line.
    ts.isShorthandPropertyAssignment(parent)
  );
}

function declarationOf(use: ts.Identifier): ts.Node | undefined {
  for (let scope: ts.Node = use.parent; scope !== undefined; scope = scope.parent) {
    if (!ts.isBlock(scope) && !ts.isSourceFile(scope)) continue;
    for (const statement of scope.statements) {
      const found = declares(statement, use.text);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

function declares(statement: ts.Statement, name: string): ts.Node | undefined {
  if (ts.isFunctionDeclaration(statement)) {
    return statement.name?.text === name ? statement.body : undefined;
  }
  if (!ts.isVariableStatement(statement)) return undefined;
  return statement.declarationList.declarations.find((each) => each.name.getText() === name)?.initializer;
}

/** The names of values in a line, and beside one. */
function factsIn(node: ts.Node): readonly string[] {
  if (ts.isTaggedTemplateExpression(node) && ts.isTemplateExpression(node.template)) {
    return node.template.templateSpans.flatMap(({ expression }) => namesIn(expression));
  }
  if (ts.isCallExpression(node) && node.expression.getText() === 'withFacts') {
    return namesIn(node.arguments[1]);
  }
  return ts.isPropertyAssignment(node) && node.name.getText() === 'facts' ? namesIn(node.initializer) : [];
}

function namesIn(node: ts.Node | undefined): readonly string[] {
  return node !== undefined && ts.isObjectLiteralExpression(node)
    ? node.properties.flatMap((each) => each.name?.getText() ?? [])
    : [];
}

/** A text that `line` has not made. */
function isUnnamed(node: ts.Node): boolean {
  return (
    (ts.isPropertyAssignment(node) || ts.isShorthandPropertyAssignment(node)) &&
    node.name.getText() === 'text'
  );
}
