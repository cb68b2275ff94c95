interface Lie {
  /** What `PUBSUB NUMSUB` tells. */
  readonly subscribers: string;
  /** What `INFO clients` tells as `connected_clients`; default: the truth. */
  readonly clients?: string;
}

/** Changes the replies of a server so that it lies about the number of apps. For the `rewrite` of a proxy. */
export function lyingAbout({ subscribers, clients }: Lie): (reply: Buffer) => Buffer {
  return (reply) => {
    const told = reply
      .toString('latin1')
      .replace(/(\*2\r\n\$\d+\r\n[^\r]*:probe\r\n):\d+\r\n/g, `$1:${subscribers}\r\n`)
      .replace(
        /([$=])(\d+)\r\n((?:txt:)?# Clients\r\nconnected_clients:)(\d+)/g,
        (...[, type = '', length = '', name = '', truth = '']: readonly string[]) => {
          const lie = clients ?? truth;
          return `${type}${Number(length) - truth.length + lie.length}\r\n${name}${lie}`;
        },
      );
    return Buffer.from(told, 'latin1');
  };
}
