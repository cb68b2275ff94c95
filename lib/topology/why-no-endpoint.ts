/**
 * Why a text is not an endpoint, without a word of it: whatever was pasted there, such as the connection string of another
 * client, may hold a secret at any place.
 */
export function whyNoEndpoint(text: string): string {
  const [, reason] = reasons.find(([applies]) => applies.test(text)) ?? [];
  return reason ?? 'its host has a character that no host name has';
}

/** The first that applies is the one that helps most. */
const reasons: readonly (readonly [RegExp, string])[] = [
  [/^\s*$/, 'it is empty'],
  [/^\s*[[{]\s*["{]/, 'it is JSON'],
  [
    /^unix:/,
    'its path of a Unix socket is not absolute, is longer than 103 characters, or has a strange character',
  ],
  [
    /^(?!rediss?:\/\/)[a-z][a-z0-9+.-]*:\/\//i,
    'it is a URL that begins neither with "redis://" nor with "rediss://"',
  ],
  [/^[^]*:\/\/[^]*@/, 'it is a URL with a user or a password in it'],
  [/^[^]*:\/\/[^/?#]*[/?#]./, 'it is a URL with more than a host and a port'],
  [/@/, 'it has a part before "@"'],
  [/=/, 'it has "=", as the connection strings of some clients have'],
  [/[,;]/, 'it has several parts; each node is an entry of its own'],
  [/\s/, 'it has a blank or a line break'],
  [/^(rediss?:\/\/)?[^[]*:[^]*:/, 'it has more than one ":", and an IPv6 address needs brackets'],
  [/^(rediss?:\/\/)$/, 'it has no host'],
  [/^:/, 'it has no host'],
  [/:(?!\d{1,5}$)[^:\]]*$/, 'its port is not a number from 1 to 65535'],
  [/^[^:]*$|\]$/, 'it has no port'],
  [/:\d+$/, 'its host has a character that no host name has, or its port is not from 1 to 65535'],
];
