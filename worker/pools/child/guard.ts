/**
 * Ends the processes of a pool when the worker is gone, kill -9 included. A process sees by itself that its worker is gone,
 * unless it computes; on Linux Celery has the kernel end it (PR_SET_PDEATHSIG), which Node cannot ask for. One small shell
 * for all of them waits on a pipe that closes with the worker.
 */
import { type ChildProcess, spawn } from "node:child_process";

/** Keeps the numbers of living processes, one of which each line adds or takes; when its input ends it ends them. */
const SCRIPT = `
trap '' INT TERM QUIT HUP
alive=' '
while read -r sign pid; do
  case $sign in
    +) alive="$alive$pid " ;;
    -) alive="\${alive%% $pid *} \${alive#* $pid }" ;;
  esac
done
kill -KILL $alive 2>/dev/null
`;

const HAS_SHELL = process.platform !== "win32";

let shell: ChildProcess | undefined;
let watched = 0;

/** Ends the process when this one is gone, until the function that it returns is called: when the process has ended. */
export function endWithWorker(pid: number | undefined): () => void {
  if (!HAS_SHELL || pid === undefined) return () => undefined;
  shell ??= startShell();
  watched += 1;
  tell(`+ ${pid}`);
  return () => {
    watched -= 1;
    tell(`- ${pid}`);
    if (watched > 0) return;
    shell?.stdin?.end();
    shell = undefined;
  };
}

function tell(line: string): void {
  shell?.stdin?.write(`${line}\n`);
}

/** Without a shell, a process that computes outlives its worker until it has done its task. */
function startShell(): ChildProcess {
  const started = spawn("/bin/sh", ["-c", SCRIPT], { stdio: ["pipe", "ignore", "ignore"] });
  started.on("error", () => undefined);
  started.stdin.on("error", () => undefined);
  started.unref();
  return started;
}
