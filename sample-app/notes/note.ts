import { BadRequestException } from '@nestjs/common';

export interface Note {
  readonly id: string;
  readonly text: string;
}

const idPattern = /^[\w.-]{1,100}$/;
const textLengthMax = 10_000;

/** @throws BadRequestException that names what is allowed. */
export function parseId(id: string): string {
  if (!idPattern.test(id)) {
    throw new BadRequestException('id: 1 to 100 letters, digits, "_", "-" or "." are allowed');
  }
  return id;
}

/**
 * The text in a body of unknown shape.
 *
 * @throws BadRequestException that names what is allowed.
 */
export function parseText(body: unknown): string {
  const text: unknown = typeof body === 'object' && body !== null && 'text' in body ? body.text : undefined;
  if (typeof text !== 'string' || text.length > textLengthMax) {
    throw new BadRequestException(`text: must be a string of at most ${textLengthMax} characters`);
  }
  return text;
}

/** The key of a note in Redis. */
export function keyOf(id: string): string {
  return `note:${id}`;
}
