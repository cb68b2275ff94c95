import { spawn } from 'node:child_process';
import { Socket } from 'node:net';
import type { Writable } from 'node:stream';

/**
 * Reads what to remember from the pipe, whose end says that this process is gone. It is told of each process that has
 * ended, because another one may get its number.
 */
const script = `
processes=
folders=
while read -r word what; do
  case $word in
    process) processes="$processes $what" ;;
    ended)
      others=
      for each in $processes; do
        [ "$each" = "$what" ] || others="$others $each"
      done
      processes=$others
      ;;
    folder)
      folders="$folders$what
"
      ;;
  esac
done
for each in $processes; do kill -KILL "$each"; done
printf %s "$folders" | while read -r each; do rm -rf "$each"; done
`;

let pipe: Writable | undefined;

/** Has the process killed when this one is gone, however it ends. Returns how to say that it has ended by itself. */
export function killAfterUs(pid: number): () => void {
  tell(`process ${pid}`);
  return () => tell(`ended ${pid}`);
}

/** Has the folder removed when this process is gone, if it is still there. */
export function removeAfterUs(folder: string): void {
  tell(`folder ${folder}`);
}

/**
 * One shell for all, because no handler of this process runs where it is killed, nor in Jest, which hides the process
 * from its tests.
 */
function tell(line: string): void {
  pipe ??= startShell();
  pipe.write(`${line}\n`);
}

function startShell(): Writable {
  // In a session of its own, so that Ctrl-C does not end it before the others.
  const shell = spawn('sh', ['-c', script], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  // Without a shell nothing is cleaned up after a crash. That is no reason to fail.
  shell.once('error', () => undefined);
  shell.stdin.on('error', () => undefined);
  shell.unref();
  // Neither the shell nor the pipe to it keeps this process alive.
  if (shell.stdin instanceof Socket) shell.stdin.unref();
  return shell.stdin;
}
