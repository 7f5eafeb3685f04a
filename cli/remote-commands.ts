/** The commands that workers understand, and the arguments each takes on the command line. Source: celery/worker/control.py. */
import { ConfigurationError, type PlainObject } from "../protocol/index.ts";

/** Reads one argument. */
type Read = (text: string) => unknown;

interface RemoteCommand {
  readonly help: string;
  /** Names and readers, in their order; those after the first `required` may be left out. */
  readonly args?: readonly (readonly [name: string, read: Read])[];
  readonly required?: number;
  /** All that is left goes into a list of this name. */
  readonly rest?: string;
}

const text: Read = (value) => value;
/** `true`, or `name=true` as in Python. */
const flag: Read = (value) => /^(?:\w+=)?(?:true|yes|1)$/i.test(value);
const number: Read = (value) => {
  const read = Number(value);
  if (value.trim() !== "" && Number.isFinite(read)) return read;
  throw new ConfigurationError(`"${value}" is not a number.`);
};

export const INSPECT: Readonly<Record<string, RemoteCommand>> = {
  active: { help: "tasks that run" },
  active_queues: { help: "queues that are consumed" },
  clock: { help: "the logical clock" },
  conf: {
    help: "settings; with_defaults=true shows all",
    args: [["with_defaults", flag]],
  },
  memdump: { help: "memory samples so far" },
  memsample: { help: "memory in use" },
  objgraph: { help: "object graph, where the worker can draw one" },
  ping: { help: "is it there?" },
  query_task: { help: "where these tasks are", rest: "ids", required: 1 },
  registered: { help: "tasks that it knows, with these attributes", rest: "taskinfoitems" },
  report: { help: "software and settings, for a bug report" },
  reserved: { help: "tasks that wait in the worker" },
  revoked: { help: "revoked task ids" },
  scheduled: { help: "tasks that wait for their time" },
  stats: { help: "counters, pool, broker, resources" },
};

export const CONTROL: Readonly<Record<string, RemoteCommand>> = {
  add_consumer: {
    help: "consume one queue more",
    args: [
      ["queue", text],
      ["exchange", text],
      ["exchange_type", text],
      ["routing_key", text],
    ],
    required: 1,
  },
  autoscale: {
    help: "change the range of an autoscaling pool",
    args: [
      ["max", number],
      ["min", number],
    ],
    required: 1,
  },
  cancel_consumer: { help: "consume one queue less", args: [["queue", text]], required: 1 },
  disable_events: { help: "send no task events" },
  election: {
    help: "let one worker of all do it",
    args: [
      ["id", text],
      ["topic", text],
      ["action", text],
    ],
    required: 2,
  },
  enable_events: { help: "send task events" },
  heartbeat: { help: "send a heartbeat now" },
  pool_grow: { help: "so many processes more", args: [["n", number]] },
  pool_restart: { help: "replace the processes of the pool" },
  pool_shrink: { help: "so many processes fewer", args: [["n", number]] },
  rate_limit: {
    help: "how often a task may start: 10/s, 100/m, 5/h",
    args: [
      ["task_name", text],
      ["rate_limit", text],
    ],
    required: 2,
  },
  revoke: { help: "do not run these tasks", rest: "task_id", required: 1 },
  revoke_by_stamped_headers: {
    help: "do not run tasks with these stamps: header=value",
    rest: "headers",
    required: 1,
  },
  shutdown: { help: "finish what runs, and end" },
  terminate: {
    help: "revoke these tasks, and end those that run",
    args: [["signal", text]],
    rest: "task_id",
    required: 2,
  },
  time_limit: {
    help: "time limits of a task, in seconds",
    args: [
      ["task_name", text],
      ["soft", number],
      ["hard", number],
    ],
    required: 2,
  },
};

/** What a user typed, as the arguments of a command. Throws ConfigurationError that shows how it is called. */
export function readArguments(name: string, command: RemoteCommand, given: readonly string[]): PlainObject {
  const { args = [], rest, required = 0 } = command;
  if (given.length < required || (rest === undefined && given.length > args.length)) {
    throw new ConfigurationError(`Usage: ${usage(name, command)}`);
  }
  const read: PlainObject = {};
  for (const [at, [argument, readOne]] of args.entries()) {
    const value = given[at];
    if (value !== undefined) read[argument] = readOne(value);
  }
  if (rest !== undefined && given.length > args.length) read[rest] = given.slice(args.length);
  return read;
}

/** `time_limit <task_name> <soft> [hard]`. */
export function usage(name: string, { args = [], rest, required = 0 }: RemoteCommand): string {
  const words = args.map(([argument], at) => (at < required ? `<${argument}>` : `[${argument}]`));
  const last = rest === undefined ? [] : [args.length < required ? `<${rest}...>` : `[${rest}...]`];
  return [name, ...words, ...last].join(" ");
}

/** For `--help`: a command a line. */
export function describeCommands(commands: Readonly<Record<string, RemoteCommand>>): string {
  const rows = Object.entries(commands).map(
    ([name, command]) => [usage(name, command), command.help] as const,
  );
  const width = Math.max(...rows.map(([words]) => words.length));
  return rows.map(([words, help]) => `  ${words.padEnd(width)}  ${help}`).join("\n");
}
