/** `celerity multi start 3 -A ./app.js`: several workers in the background. */
import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { Command } from "commander";
import { ConfigurationError } from "../../protocol/index.ts";
import { type MultiNode, parseMulti } from "../multi.ts";
import { isAlive, readPidFile } from "../pid-file.ts";

type Action = (nodes: readonly MultiNode[]) => Promise<void>;

/** How often a stopping worker is looked at, in milliseconds. */
const LOOK_MS = 100;

const ACTIONS: Readonly<Record<string, readonly [help: string, action: Action]>> = {
  start: ["start them", (nodes) => each(nodes, start)],
  stop: ["tell them to finish what runs, and end", async (nodes) => void stop(nodes, "SIGTERM")],
  stopwait: ["the same, and wait until they have", stopAndWait],
  restart: [
    "stop them, wait, and start them",
    async (nodes) => {
      await stopAndWait(nodes);
      await each(nodes, start);
    },
  ],
  kill: [
    "end them at once; their messages are handed out again",
    async (nodes) => void stop(nodes, "SIGKILL"),
  ],
  show: [
    "print their command lines",
    async (nodes) => print(nodes.map(({ args }) => `celerity worker --detach ${args.map(quoted).join(" ")}`)),
  ],
  names: ["print their names", async (nodes) => print(nodes.map(({ node }) => node))],
};

export function multiCommand(): Command {
  const actions = Object.entries(ACTIONS).map(([name, [help]]) => `  ${name.padEnd(10)}${help}`);
  return new Command("multi")
    .description("start and stop several workers in the background")
    .argument("<action>", Object.keys(ACTIONS).join(", "))
    .argument("<nodes...>", "names, or how many; then options of celerity worker")
    .allowUnknownOption()
    .allowExcessArguments()
    .helpOption("--help", "show this")
    .addHelpText(
      "after",
      `
Actions:
${actions.join("\n")}

Options are those of celerity worker, for all nodes, or for some: -c:1 10, -Q:slow reports, --pool:1-3 async.
  --pidfile <file>   default %n.pid: %n is the node's name, %h its host, %p both
  --logfile <file>   default %n.log

Example:
  celerity multi start fast slow -A ./app.js -c 4 -Q:slow reports --pidfile=/run/celery/%n.pid`,
    )
    .action(async (action: string, words: string[]) => {
      const known = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined;
      if (known === undefined)
        throw new ConfigurationError(`"${action}" is none of ${Object.keys(ACTIONS).join(", ")}.`);
      await known[1](parseMulti(words));
    });
}

/** All are tried; the first failure is thrown at the end. */
async function each(nodes: readonly MultiNode[], act: (node: MultiNode) => Promise<void>): Promise<void> {
  const failures: unknown[] = [];
  for (const node of nodes) await act(node).catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
}

async function start({ node, pidFile, logFile, args }: MultiNode): Promise<void> {
  const running = readPidFile(pidFile);
  if (running !== undefined && isAlive(running)) {
    print([`${node} runs already (process ${running})`]);
    return;
  }
  const program = process.argv[1] ?? "";
  const child = spawn(process.execPath, [...process.execArgv, program, "worker", "--detach", ...args], {
    stdio: "inherit",
  });
  const code = await new Promise<number>((resolve, reject) => {
    child.once("exit", (exitCode) => resolve(exitCode ?? 1));
    child.once("error", reject);
  });
  if (code !== 0) throw new ConfigurationError(`${node} did not start; its log is ${logFile}.`);
}

function stop(nodes: readonly MultiNode[], signal: "SIGTERM" | "SIGKILL"): readonly number[] {
  return nodes.flatMap(({ node, pidFile }) => {
    const pid = readPidFile(pidFile);
    if (pid === undefined || !isAlive(pid)) {
      print([`${node} does not run`]);
      return [];
    }
    process.kill(pid, signal);
    print([`${node}: ${signal} to process ${pid}`]);
    return [pid];
  });
}

async function stopAndWait(nodes: readonly MultiNode[]): Promise<void> {
  let left = stop(nodes, "SIGTERM");
  while (left.length > 0) {
    await sleep(LOOK_MS);
    left = left.filter(isAlive);
  }
}

function print(lines: readonly string[]): void {
  for (const line of lines) process.stdout.write(`${line}\n`);
}

/** For a shell. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
