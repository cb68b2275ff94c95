import ts from 'typescript';
import { root, type Page } from './pages.js';

/** A block of a page that is to compile. */
export interface CodeBlock {
  /** `page:line` of its first line of code. */
  readonly where: string;
  /** What the page takes for granted: the hidden comment `<!-- given … -->` before the block. */
  readonly given: string;
  readonly printed: string;
}

/** All blocks of TypeScript and JSON. */
export function codeBlocks({ path, text }: Page): readonly CodeBlock[] {
  const blocks = text.matchAll(/(?:<!-- given\n([^]*?)-->\n+)?```(?:ts|json)\n([^]*?)```/g);
  return [...blocks].map(({ index, 0: whole, 1: given = '', 2: printed = '' }) => {
    const before = text.slice(0, index + whole.lastIndexOf(printed));
    return { where: `${path}:${before.split('\n').length}`, given, printed };
  });
}

/** What the compiler says of each of these blocks, as a module of its own with the settings of the project. */
export function findTypeErrors(blocks: readonly Pick<CodeBlock, 'where' | 'given' | 'printed'>[]) {
  const files = new Map(blocks.map((block, index) => [`${root}test/docs/block-${index}.ts`, block]));
  const config: unknown = ts.readConfigFile(`${root}tsconfig.json`, (path) => ts.sys.readFile(path)).config;
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const host = ts.createCompilerHost(options);
  const read = host.getSourceFile.bind(host);
  host.getSourceFile = (name, languageVersion, ...rest) => {
    const block = files.get(name);
    return block === undefined
      ? read(name, languageVersion, ...rest)
      : ts.createSourceFile(name, block.given + block.printed, languageVersion, true);
  };
  const program = ts.createProgram([...files.keys()], options, host);
  return [...files].flatMap(([file, { where }]) =>
    ts
      .getPreEmitDiagnostics(program, program.getSourceFile(file))
      .map(({ messageText }) => `${where}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`),
  );
}
