interface Version {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

/**
 * Whether `version` lies below `range`, which has the form `^5.4.0 || ^6.0.0`. A newer version and a pre-release pass:
 * npm has warned of them, and whoever installs them nevertheless does it on purpose.
 */
export function isTooOld(version: string, range: string): boolean {
  const found = parse(version);
  if (found === undefined) {
    return false;
  }
  const lowest = range.split('||').flatMap((part) => parse(part.trim().slice(1)) ?? []);
  const isSupported = lowest.some((each) => each.major === found.major && !isBelow(found, each));
  return !isSupported && lowest.some((each) => isBelow(found, each));
}

function parse(version: string): Version | undefined {
  const [, major, minor, patch] = /^(\d+)\.(\d+)\.(\d+)$/.exec(version) ?? [];
  return patch === undefined
    ? undefined
    : { major: Number(major), minor: Number(minor), patch: Number(patch) };
}

function isBelow(a: Version, b: Version): boolean {
  return (a.major - b.major || a.minor - b.minor || a.patch - b.patch) < 0;
}
