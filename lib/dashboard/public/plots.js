import { byId, create, draw } from './elements.js';
import { formatBytes, formatDuration } from './wording.js';

const spanMs = 300_000;
/** Between two samples; a longer one is a time in which nothing was measured. */
const gapMs = 4000;
const [width, height] = [300, 60];

/** Lag, and how long test commands took, in the last minutes, as lines. */
export function renderPlots(samples, now) {
  const recent = samples.filter(({ at }) => at > now - spanMs);
  const replicas = [...new Set(recent.flatMap(({ lagBytes }) => Object.keys(lagBytes)))].toSorted((a, b) =>
    a.localeCompare(b),
  );
  byId('plots').replaceChildren(
    plot('Lag behind the master', formatBytes, {
      now,
      missing: 'not known',
      lines: replicas.map((name) => line(name, recent, ({ lagBytes }) => lagBytes[name])),
    }),
    plot('Time of a test write and a test read', formatDuration, {
      now,
      missing: 'no answer',
      lines: [
        line('write', recent, ({ writable }) => writable.latencyMs ?? undefined),
        line('read', recent, ({ readable }) => readable.latencyMs ?? undefined),
      ],
    }),
  );
}

function line(name, samples, read) {
  return { name, points: samples.map((sample) => ({ at: sample.at, value: read(sample) })) };
}

function plot(title, format, { now, lines, missing }) {
  const values = lines.flatMap(({ points }) => points.flatMap(({ value }) => value ?? []));
  const top = Math.max(...values, 1);
  const words = lines.map(({ name, points }) => describe({ name, points }, format, missing));
  const label = `${title}: ${words.join('; ') || 'not known'}`;
  const drawing = draw(
    'svg',
    { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: 'none', role: 'img', 'aria-label': label },
    ...lines.map(({ points }, index) =>
      draw('path', { class: `line line-${index % 4}`, d: pathOf(points, { now, top }) }),
    ),
  );
  return create(
    'figure',
    { className: 'plot' },
    create('figcaption', {}, title),
    create(
      'div',
      { className: 'axis muted' },
      values.length === 0 ? 'not known' : format(Math.max(...values)),
    ),
    drawing,
    create(
      'div',
      { className: 'axis muted between' },
      create('span', {}, '5 min ago'),
      create('span', {}, 'now'),
    ),
    create(
      'ul',
      { className: 'key' },
      ...words.map((text, index) => create('li', { className: `line-${index % 4}` }, text)),
    ),
  );
}

function describe({ name, points }, format, missing) {
  const known = points.flatMap(({ value }) => value ?? []);
  const last = points.at(-1)?.value;
  if (known.length === 0) return `${name}: ${missing}`;
  const count = points.length - known.length;
  const rest = count === 0 ? '' : `, ${count} times ${missing}`;
  return `${name}: ${last === undefined ? missing : format(last)}, at most ${format(Math.max(...known))}${rest}`;
}

/** A line is not drawn across a time in which there is no value. */
function pathOf(points, { now, top }) {
  let before;
  return points
    .flatMap(({ at, value }) => {
      const isNext = before !== undefined && at - before <= gapMs;
      before = value === undefined ? undefined : at;
      if (value === undefined) return [];
      const x = (width * (1 - (now - at) / spanMs)).toFixed(1);
      const y = (height - 1 - (height - 2) * (value / top)).toFixed(1);
      // A line of no length, so that a single value is a dot.
      return isNext ? [`L${x} ${y}`] : [`M${x} ${y}h0.1`];
    })
    .join('');
}
