/** The events that are followed. They say when to look; what they say of the nodes is not used. */
export const channels = [
  '+switch-master',
  '+slave',
  '+sentinel',
  '+sdown',
  '-sdown',
  '+odown',
  '-odown',
  '+reboot',
  '+tilt',
  '-tilt',
] as const;

/**
 * Whether an event is about the group called `name`: `main 10.0.0.1 6379 …` of `+switch-master`, `master main 10.0.0.1 …`,
 * `slave … @ main 10.0.0.1 6379`. TILT mode concerns all groups.
 */
export function concerns(channel: string, message: string, name: string): boolean {
  if (channel.endsWith('tilt')) {
    return true;
  }
  const words = message.split(' ');
  if (channel === '+switch-master') {
    return words[0] === name;
  }
  const at = words.indexOf('@');
  return at === -1 ? words[0] === 'master' && words[1] === name : words[at + 1] === name;
}
