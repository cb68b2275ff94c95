import type { Value } from '../../wire/header.js';

/** The elements of a reply; none if it is no list. */
export function elementsOf(reply: Value): readonly Value[] {
  return isList(reply) ? reply : [];
}

/** A flat list of names and values. */
export function fieldsOf(reply: Value): ReadonlyMap<Value, Value> {
  const items = elementsOf(reply);
  return new Map(
    items.flatMap((name, index): [Value, Value][] =>
      index % 2 === 0 ? [[name, items[index + 1] ?? null]] : [],
    ),
  );
}

function isList(reply: Value): reply is readonly Value[] {
  return Array.isArray(reply);
}
