import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('../..', import.meta.url));
const file = `${root}node_modules/ioredis/built/index.d.ts`;
const program = ts.createProgram([file], { skipLibCheck: true, types: ['node'], noEmit: true });
const checker = program.getTypeChecker();

/** The names of the public members of an exported type or class of ioredis, read from its declarations. */
export function membersOf(name: string): readonly string[] {
  const type = checker.getDeclaredTypeOfSymbol(exported(name));
  return type
    .getProperties()
    .filter(isPublic)
    .map((symbol) => symbol.name);
}

/** Those that the class itself declares, without what it inherits from `EventEmitter` and the commands. */
export function ownMembersOf(name: string): readonly string[] {
  const own = (exported(name).declarations ?? [])
    .filter(ts.isClassDeclaration)
    .flatMap(({ members }) => [...members]);
  const names = own.flatMap((member) => {
    const symbol = member.name === undefined ? undefined : checker.getSymbolAtLocation(member.name);
    return symbol !== undefined && isPublic(symbol) ? [symbol.name] : [];
  });
  return [...new Set(names)];
}

function exported(name: string): ts.Symbol {
  const source = program.getSourceFile(file);
  const module = source === undefined ? undefined : checker.getSymbolAtLocation(source);
  const symbol = module && checker.getExportsOfModule(module).find((each) => each.name === name);
  if (symbol === undefined) throw new Error(`ioredis does not export ${name}`);
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

function isPublic(symbol: ts.Symbol): boolean {
  const declarations = symbol.declarations ?? [];
  const isIgnored = symbol.getJsDocTags(checker).some((tag) => tag.name === 'ignore');
  const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected;
  return !isIgnored && declarations.every((each) => (ts.getCombinedModifierFlags(each) & hidden) === 0);
}
