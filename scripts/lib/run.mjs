import { spawn, spawnSync } from "node:child_process";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";

/** The repository's root, with a trailing slash. Scripts run from here whatever the caller's directory. */
export const root = fileURLToPath(new URL("../../", import.meta.url));

/** Runs a command with our own terminal; resolves to its exit code (127 when it cannot be started). */
export function run(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: "inherit", ...options });
    child.once("error", (error) => {
      console.error(`${command}: ${error.message}`);
      resolve(127);
    });
    child.once("exit", (code, signal) => resolve(code ?? exitCodeOf(signal)));
  });
}

/** Runs an installed package's command line, for example `runTool("typescript/bin/tsc", ["-p", "."])`. */
export function runTool(path, args, options) {
  return run(process.execPath, [`${root}node_modules/${path}`, ...args], options);
}

/** What a short command printed, empty when it does not exist. */
export function capture(command, args) {
  return (
    spawnSync(command, args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).stdout ??
    ""
  );
}

/**
 * Runs a long-lived child in our process group until it ends; resolves to its exit code.
 *
 * Ctrl-C reaches the child directly, because a terminal signals the whole foreground group, so our own SIGINT is
 * ignored: passing it on would count as the second Ctrl-C, which cuts draining short. Without a terminal SIGINT was
 * meant for us alone and becomes the child's SIGTERM.
 */
export function runForeground(command, args) {
  const child = spawn(command, args, { cwd: root, stdio: "inherit" });
  // Once, since a second signal cuts draining short.
  let isTerminated = false;
  const terminate = () => {
    if (!isTerminated) child.kill("SIGTERM");
    isTerminated = true;
  };
  const hasTerminal = [process.stdin, process.stdout, process.stderr].some((stream) => stream.isTTY);
  process.on("SIGINT", () => hasTerminal || terminate());
  process.on("SIGTERM", terminate);
  if (process.env.npm_lifecycle_event) whenParentEnds(terminate);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve(code ?? exitCodeOf(signal)));
  });
}

/** npm runs us through a shell, and that dies of the SIGTERM sent to npm without passing it on. */
function whenParentEnds(action) {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    action();
  }, 200);
  timer.unref();
}

function exitCodeOf(signal) {
  return 128 + (constants.signals[signal] ?? 0);
}
