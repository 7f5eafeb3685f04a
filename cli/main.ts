#!/usr/bin/env node
/** `celerity`: parses arguments and hands them to one command. Flags that Celery has are named as in Celery. */
import { Command } from "commander";
import { toError } from "../protocol/index.ts";
import { VERSION } from "../version.ts";
import { exitCodeOf } from "./exit-codes.ts";

const program = new Command("celerity")
  .description("Celery's task protocol for every language: gateway, worker and client.")
  .version(VERSION, "-V, --version", "print the version")
  .showHelpAfterError("(celerity --help shows all commands)")
  .addHelpText(
    "after",
    `
Every setting of Celery can also be given in the environment: CELERY_BROKER_URL,
CELERY_RESULT_BACKEND, CELERY_TASK_DEFAULT_QUEUE, ...`,
  );

/** By name, in the order of the help. Only the one that is asked for is loaded: the others cost memory and time. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  up: async () => (await import("./commands/up.ts")).upCommand(),
  worker: async () => (await import("./commands/worker.ts")).workerCommand(),
  beat: async () => (await import("./commands/beat.ts")).beatCommand(),
  multi: async () => (await import("./commands/multi.ts")).multiCommand(),
  gateway: async () => (await import("./commands/gateway.ts")).gatewayCommand(),
  call: async () => (await import("./commands/call.ts")).callCommand(),
  result: async () => (await import("./commands/result.ts")).resultCommand(),
  graph: async () => (await import("./commands/graph.ts")).graphCommand(),
  inspect: async () => (await import("./commands/remote.ts")).inspectCommand(),
  control: async () => (await import("./commands/remote.ts")).controlCommand(),
  status: async () => (await import("./commands/remote.ts")).statusCommand(),
  events: async () => (await import("./commands/events.ts")).eventsCommand(),
  purge: async () => (await import("./commands/purge.ts")).purgeCommand(),
  hooks: async () => (await import("./commands/hooks.ts")).hooksCommand(),
  "dead-letter": async () => (await import("./commands/dead-letter.ts")).deadLetterCommand(),
  "api-keys": async () => (await import("./commands/api-keys.ts")).apiKeysCommand(),
  keys: async () => (await import("./commands/keys.ts")).keysCommand(),
  config: async () => (await import("./commands/config.ts")).configCommand(),
  conformance: async () => (await import("./commands/conformance.ts")).conformanceCommand(),
};

const [asked = ""] = process.argv.slice(2);
const isVersion = asked === "-V" || asked === "--version";
const wanted = Object.hasOwn(COMMANDS, asked) ? [COMMANDS[asked]] : isVersion ? [] : Object.values(COMMANDS);
for (const load of wanted) if (load !== undefined) program.addCommand(await load());

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`celerity: ${toError(error).message}\n`);
  process.exit(exitCodeOf(error));
}
