import { withoutCredentials } from '../topology/without-credentials.js';

/** Removes the password that was sent from an error reply: servers and proxies quote what they do not understand. */
export function withoutSecret(message: string, password: string | undefined): string {
  const text = withoutCredentials(message);
  if (password === undefined || password === '' || !text.includes(password)) {
    return text;
  }
  const [code = ''] = /^[A-Z]+\b/.exec(text) ?? ['ERR'];
  return `${code.includes(password) ? 'ERR' : code} the server quotes the password, so its words are left out`;
}
