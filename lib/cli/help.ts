import { allFlags, nodeVariables, secretVariables, type Flag } from './flags.js';

/** The text of `--help`. */
export function helpText(): string {
  const width = Math.max(...Object.entries(allFlags).map(([name, flag]) => head(name, flag).length));
  const lines = Object.entries(allFlags).map(([name, flag]) => {
    const variable = flag.variable === undefined ? '' : ` (${flag.variable})`;
    return `  ${head(name, flag).padEnd(width)}  ${flag.help}${variable}`;
  });
  return [
    'Usage: nestjs-redis-replication doctor [flags] host:port …',
    '',
    'Connects to a replication group as the app would, and says what is wrong and what to do about it.',
    '',
    'Flags (and the variable that is read where a flag is absent):',
    ...lines,
    '',
    `Nodes:        ${Object.keys(nodeVariables).join(', ')} where none is named`,
    `Credentials:  ${secretVariables.join(', ')}; never on the command line`,
    'Exit codes:   0 fine, 1 warnings, 2 the app cannot work, 64 usage',
  ].join('\n');
}

function head(name: string, { value }: Flag): string {
  return `--${name}${value === undefined ? '' : ` ${value}`}`;
}
