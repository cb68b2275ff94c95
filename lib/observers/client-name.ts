/** The name of a connection in `CLIENT LIST`, which tells what is whose. */
export function clientName({ connectionName }: Named, role: string): string {
  return `${connectionName ?? 'nestjs-redis-replication'}:${role}`;
}

interface Named {
  readonly connectionName?: string | undefined;
}
