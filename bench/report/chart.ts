import { init, type EChartsOption, type SeriesOption } from 'echarts';
import { contenders } from '../contenders/all.js';
import type { RecoveryResult } from '../measure/recovery.js';
import { summarize } from '../measure/statistics.js';
import { recoveryTimes } from './print-failovers.js';

/** Each is legible on white and on black alike, because the picture has no background of its own. */
const text = '#737b85';
const faint = '#737b8550';
const looks = [
  { color: '#737b85', symbol: 'rect' },
  { color: '#2f81f7', symbol: 'circle' },
  { color: '#1a94b8', symbol: 'diamond' },
  { color: '#2f9e54', symbol: 'rect' },
  { color: '#d0680a', symbol: 'triangle' },
  { color: '#a8780c', symbol: 'roundRect' },
  { color: '#d6409f', symbol: 'circle' },
  { color: '#9266e8', symbol: 'diamond' },
  { color: '#df4040', symbol: 'triangle' },
];

const width = 900;
const rowHeight = 69;
const markGap = 7;
const leastMs = 1;
/** Where those are drawn that were not back in time. */
const neverMs = 10_000;

/** A picture of how long each contender took in each scenario: the median, and from there a line to the worst. */
export function drawRecovery(results: readonly RecoveryResult[]): string {
  const height = 165 + results.length * rowHeight;
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height });
  chart.setOption(describe(results));
  const svg = chart.renderToSVGString();
  chart.dispose();
  return `${svg}\n`;
}

function describe(results: readonly RecoveryResult[]): EChartsOption {
  return {
    animation: false,
    textStyle: { color: text, fontFamily: 'Arial, Helvetica, sans-serif' },
    color: looks.map(({ color }) => color),
    title: {
      left: 0,
      text: 'From the promotion of a replica to the first write that it acknowledged',
      subtext: `Mark: median; line: up to the worst of ${countRounds(results)} rounds. Logarithmic.`,
      textStyle: { color: text, fontSize: 15 },
      subtextStyle: { color: text, fontSize: 12 },
    },
    // Without a browser the widths of text are estimates: the gaps leave room for another font.
    legend: {
      top: 66,
      left: 0,
      itemWidth: 12,
      itemHeight: 12,
      itemGap: 36,
      textStyle: { color: text, fontSize: 12 },
    },
    grid: { top: 148, left: 290, right: 70, bottom: 30 },
    ...describeAxes(results),
    series: contenders.flatMap(({ name }, index) => describeContender(name, index, results)),
  };
}

function describeAxes(results: readonly RecoveryResult[]): Omit<EChartsOption, 'series'> {
  const limit = Math.max(0, ...results.map(({ limitMs }) => limitMs)) / 1000;
  return {
    xAxis: {
      type: 'log',
      min: leastMs,
      max: neverMs,
      axisLabel: {
        color: text,
        formatter: (ms: number) =>
          ms === neverMs ? `not within ${limit} s` : ms < 1000 ? `${ms} ms` : `${ms / 1000} s`,
      },
      splitLine: { lineStyle: { color: faint } },
    },
    yAxis: {
      type: 'category',
      inverse: true,
      data: results.map(({ scenario }) => scenario),
      axisLabel: { color: text, fontSize: 12, width: 230, overflow: 'break', lineHeight: 15 },
      axisLine: { lineStyle: { color: faint } },
      axisTick: { show: false },
      splitLine: { show: true, lineStyle: { color: faint } },
    },
  };
}

function describeContender(
  name: string,
  index: number,
  results: readonly RecoveryResult[],
): readonly SeriesOption[] {
  const { color, symbol } = looks[index % looks.length] ?? { color: text, symbol: 'circle' };
  const offset = (index - (contenders.length - 1) / 2) * markGap;
  const points = findPoints(name, results);
  const median: SeriesOption = {
    type: 'scatter',
    name,
    symbol,
    symbolSize: 9,
    symbolOffset: [0, offset],
    itemStyle: { color, opacity: 1 },
    data: points.map((point) => [point.median, point.row]),
  };
  const upToWorst: SeriesOption = {
    type: 'custom',
    name,
    silent: true,
    data: points.map((point) => [point.median, point.row, point.worst]),
    renderItem: (_params, api) => {
      const [from, to] = [0, 2].map((column) => api.coord([api.value(column), api.value(1)]));
      const [x1 = 0, y = 0] = from ?? [];
      const [x2 = 0] = to ?? [];
      return {
        type: 'line',
        shape: { x1, y1: y + offset, x2, y2: y + offset },
        style: { stroke: color, lineWidth: 2, opacity: 0.7 },
      };
    },
  };
  return [median, upToWorst];
}

interface Point {
  readonly row: number;
  readonly median: number;
  readonly worst: number;
}

function findPoints(name: string, results: readonly RecoveryResult[]): readonly Point[] {
  return results.flatMap((result, row) => {
    const found = result.contenders.find(({ contender }) => contender === name);
    if (found === undefined || found.rounds.length === 0) return [];
    const { median, worst } = summarize(recoveryTimes(found));
    return [{ row, median: toAxis(median), worst: toAxis(worst) }];
  });
}

function toAxis(ms: number): number {
  return Math.min(Math.max(ms, leastMs), neverMs);
}

function countRounds(results: readonly RecoveryResult[]): number {
  return Math.max(0, ...results.flatMap(({ contenders: each }) => each.map(({ rounds }) => rounds.length)));
}
