import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a button does; resolves with a sentence on what has come of it. */
export type Action = () => Promise<string>;

export interface Controls {
  readonly url: string;
  stop(): Promise<void>;
}

interface Stage {
  readonly actions: ReadonlyMap<string, Action>;
  /** The dashboard of the app. */
  readonly pageUrl: string;
}

/** A page of this machine with one button for each action. One action runs at a time. */
export async function startControls({ actions, pageUrl }: Stage): Promise<Controls> {
  let news = 'Nothing has happened yet.';
  let isBusy = false;
  const play = async (name: string, action: Action) => {
    [isBusy, news] = [true, `${name}: under way`];
    news = `${name}: ${await action().catch((error: unknown) => `failed: ${String(error)}`)}`;
    isBusy = false;
  };
  const server = createServer((request, response) => {
    const name = request.url?.slice(1) ?? '';
    const action = actions.get(name);
    if (request.method !== 'POST') {
      response.setHeader('Content-Type', 'text/html; charset=utf-8');
      response.end(drawPage({ names: [...actions.keys()], pageUrl, news, isBusy }));
    } else if (!isOfThisPage(request) || action === undefined || isBusy) {
      response.writeHead(isBusy ? 409 : 403).end();
    } else {
      void play(name, action);
      response.writeHead(303, { Location: '/' }).end();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${portOf(server.address())}`,
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** Another site that the same browser shows must not press the buttons. */
function isOfThisPage({ headers }: IncomingMessage): boolean {
  return headers.origin === `http://${headers.host}`;
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('The controls listen at no port.');
  return address.port;
}

interface Shown {
  readonly names: readonly string[];
  readonly pageUrl: string;
  readonly news: string;
  readonly isBusy: boolean;
}

function drawPage({ names, pageUrl, news, isBusy }: Shown): string {
  const buttons = names.map(
    (name) =>
      `<form method="post" action="/${name}"><button${isBusy ? ' disabled' : ''}>${name}</button></form>`,
  );
  const refresh = isBusy ? '<meta http-equiv="refresh" content="1" />' : '';
  return `<!doctype html><html lang="en"><head><meta charset="utf-8" />${refresh}<title>Play failovers</title>
<meta name="viewport" content="width=device-width" /><meta name="color-scheme" content="light dark" />
<style>body { font: 1rem system-ui; margin: 2rem } form { display: inline } button { font: inherit; padding: 0.5rem 1rem }</style>
</head><body><h1>Play failovers</h1><main>${buttons.join(' ')}<p role="status">${escape(news)}</p>
<p><a href="${pageUrl}" target="_blank">The page of the app</a></p></main></body></html>`;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
