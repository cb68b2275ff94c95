/** @throws TypeError if an option is unknown. The message names the source, that option and the allowed ones. */
export function refuseUnknown(source: string, options: object, allowed: readonly string[]): void {
  const unknown = Object.keys(options).find((key) => !allowed.includes(key));
  if (unknown !== undefined) {
    throw new TypeError(`${source}: unknown option "${unknown}"; allowed are ${allowed.join(', ')}`);
  }
}
