import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The root of the project, with a slash at its end. */
export const root = fileURLToPath(new URL('../../', import.meta.url));

/** A Markdown file that users read, by its path from the root. */
export interface Page {
  readonly path: string;
  readonly text: string;
}

export function readPage(path: string): Page {
  return { path, text: readFileSync(root + path, 'utf8') };
}

/** All pages of the package: the README and `docs/`. */
export const pages: readonly Page[] = [
  'README.md',
  ...readdirSync(`${root}docs`)
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
].map(readPage);

/** The text under a heading, up to the next heading of the same or a higher level. */
export function sectionOf({ path, text }: Page, heading: string): string {
  const [start = '', marks = ''] = new RegExp(`^(#+) ${heading}\n`, 'm').exec(text) ?? [];
  if (start === '') {
    throw new Error(`${path} has no section "${heading}"`);
  }
  const rest = text.slice(text.indexOf(start) + start.length);
  const end = rest.search(new RegExp(`^#{1,${marks.length}} `, 'm'));
  return end === -1 ? rest : rest.slice(0, end);
}

/** The rows of all tables in a text, by cell; without the lines below their heads. */
export function rowsOf(text: string): readonly (readonly string[])[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| -'))
    .map((line) => line.split('|').slice(1, -1).map(plain));
}

/** What stands in backticks in the first cell of each row. */
export function namesIn(section: string): readonly string[] {
  return section
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)])
    .map(([, name = '']) => name);
}

/** A cell without the signs of Markdown and the commas between thousands. */
function plain(cell: string): string {
  return cell
    .replaceAll('`', '')
    .replace(/\d{1,3}(,\d{3})+\b/g, (number) => number.replaceAll(',', ''))
    .trim();
}
