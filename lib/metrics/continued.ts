import type { Attributes, BatchObservableResult, Observable } from '@opentelemetry/api';

export type Observe = (instrument: Observable, value: number, attributes: Attributes) => void;

interface Series {
  readonly instrument: Observable;
  readonly attributes: Attributes;
}

/**
 * Ends series with a 0. The SDK goes on exporting what it was told last of a node or a fault that is gone by now, for as
 * long as the process runs.
 */
export class Continued {
  readonly #known = new Map<Observable, Map<string, Series>>();

  /** Passes on what `observe` tells, and a 0 for what it told before and no longer tells. */
  collect(result: BatchObservableResult, observe: (observe: Observe) => void): void {
    const told = new Set<Series>();
    observe((instrument, value, attributes) => {
      told.add(this.#seriesOf(instrument, attributes));
      result.observe(instrument, value, attributes);
    });
    for (const series of [...this.#known.values()].flatMap((each) => [...each.values()])) {
      if (!told.has(series)) {
        result.observe(series.instrument, 0, series.attributes);
      }
    }
  }

  #seriesOf(instrument: Observable, attributes: Attributes): Series {
    const known = this.#known.get(instrument) ?? new Map<string, Series>();
    this.#known.set(instrument, known);
    const key = JSON.stringify(attributes);
    const series = known.get(key) ?? { instrument, attributes };
    if (known.size < MOST_SERIES) {
      known.set(key, series);
    }
    return series;
  }
}

/** The SDK keeps no more of one instrument by default. */
const MOST_SERIES = 2000;
