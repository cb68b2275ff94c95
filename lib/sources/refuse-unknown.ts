/** @throws TypeError that names the source, the first option it does not know, and those it does. */
export function refuseUnknown(source: string, options: object, allowed: readonly string[]): void {
  const unknown = Object.keys(options).find((key) => !allowed.includes(key));
  if (unknown !== undefined) {
    throw new TypeError(`${source}: unknown option "${unknown}"; allowed are ${allowed.join(', ')}`);
  }
}
