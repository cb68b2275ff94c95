/** Significant digits only: `4.5 ms`, `512 ms`, `1.84 s`. */
export function formatMs(ms: number): string {
  if (Number.isNaN(ms)) return '–';
  if (ms < 99.95) return `${ms.toFixed(1)} ms`;
  return ms < 999.5 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(2)} s`;
}

/** A time, or that it was not within the limit. */
export function formatWithin(ms: number, limitMs: number): string {
  return Number.isFinite(ms) ? formatMs(ms) : `not within ${limitMs / 1000} s`;
}

/** A number of events, in the mean of all rounds. */
export function formatMean(value: number): string {
  return value === 0 ? '0' : value < 10 ? value.toFixed(1) : Math.round(value).toLocaleString('en');
}

/** A number of events in one second. */
export function formatRate(perSecond: number): string {
  return Math.round(perSecond).toLocaleString('en');
}

/** The first column to the left, all others to the right. */
export function formatTable(headers: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [headers, ...rows];
  const widths = headers.map((_header, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0)),
  );
  return lines
    .map((line) =>
      widths
        .map((width, column) =>
          column === 0 ? (line[0] ?? '').padEnd(width) : (line[column] ?? '').padStart(width),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

export function printSection(title: string, note: string): void {
  console.log(`\n${title}\n${'─'.repeat(title.length)}\n${note}`);
}
