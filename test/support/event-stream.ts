/** One message of a stream of server-sent events. */
export interface StreamEvent {
  readonly type: string;
  readonly data: string;
}

/** The messages of a stream as they arrive; ends when the server ends it. */
export async function* readEvents(response: Response): AsyncGenerator<StreamEvent> {
  if (response.body === null) return;
  let rest = '';
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    const blocks = `${rest}${chunk}`.split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const fields = new Map(block.split('\n').map(readField));
      const data = fields.get('data');
      if (data !== undefined) yield { type: fields.get('event') ?? 'message', data };
    }
  }
}

function readField(line: string): [name: string, value: string] {
  const [name = '', ...value] = line.split(': ');
  return [name, value.join(': ')];
}
