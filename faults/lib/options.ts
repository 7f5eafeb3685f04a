/** The command line of `npm run faults`. */
import { parseArgs } from "node:util";
import { BROKERS, type BrokerName, type Fault } from "./fault.ts";

export interface FaultsOptions {
  readonly faults: readonly Fault[];
  readonly brokers: readonly BrokerName[];
  /** Part of the names of the forms; undefined: all. */
  readonly form: string | undefined;
  readonly tasks: number;
  readonly seed: number;
  readonly seconds: number | undefined;
  readonly leaseMs: number | undefined;
  readonly jsonFile: string | undefined;
}

const USAGE = `npm run faults -- [name...] [options]

Breaks real workers, gateways and brokers, and counts what becomes of the tasks. Without a name it runs everything, which takes
about an hour. At the end, or after Ctrl-C, it prints the ledger, and below it the limits that were exceeded.

Exit codes: 0 all passed; 1 a limit was exceeded, or a run failed; 2 it could not begin; 130 interrupted.

  --broker <name>   only on this one: ${BROKERS.join(", ")}; may be given several times
  --form <text>     only forms of a fault with this in their name, like threads or quorum
  --short           small: --tasks 80 --seconds 15
  --tasks <number>  tasks of a load (default 400); other counts grow and shrink with it
  --seed <number>   repeats the choices of an earlier run
  --seconds <n>     length of faults that last: stops of F16, F17 and F24 (default 30), F22 (15), F28's killing (60)
  --lease <n>       seconds that a dead worker's messages stay its own (default 8 on Redis, 15 on SQLite)
  --json <file>     write everything to a file too
  --help
`;

const FULL = { tasks: 400, seconds: undefined };
const SHORT = { tasks: 80, seconds: 15 };

/** undefined: help was asked for. Throws Error that says what is wrong with the command line. */
export function readOptions(args: readonly string[], known: readonly Fault[]): FaultsOptions | undefined {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      broker: { type: "string", multiple: true },
      form: { type: "string" },
      short: { type: "boolean", default: false },
      tasks: { type: "string" },
      seed: { type: "string" },
      seconds: { type: "string" },
      lease: { type: "string" },
      json: { type: "string" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help === true) return undefined;
  const size = values.short ? SHORT : FULL;
  return {
    faults: positionals.length === 0 ? known : positionals.map((name) => choose(name, known)),
    brokers: values.broker?.map(toBroker) ?? BROKERS,
    form: values.form,
    tasks: values.tasks === undefined ? size.tasks : wholeNumber("--tasks", values.tasks, 20),
    seed: values.seed === undefined ? Date.now() % 2 ** 31 : wholeNumber("--seed", values.seed, 0),
    seconds: values.seconds === undefined ? size.seconds : wholeNumber("--seconds", values.seconds, 1),
    leaseMs: values.lease === undefined ? undefined : 1000 * wholeNumber("--lease", values.lease, 1),
    jsonFile: values.json,
  };
}

export function usage(known: readonly Fault[]): string {
  const rows = known.map(({ name, what, brokers }) => `  ${name.padEnd(4)} ${what} (${brokers.join(", ")})`);
  return `${USAGE}\n${rows.join("\n")}\n`;
}

function choose(name: string, known: readonly Fault[]): Fault {
  const found = known.find((fault) => fault.name === name.toUpperCase());
  if (found !== undefined) return found;
  throw new Error(`There is no fault "${name}"; there are ${known.map((fault) => fault.name).join(", ")}.`);
}

function toBroker(name: string): BrokerName {
  const found = BROKERS.find((broker) => broker === name);
  if (found !== undefined) return found;
  throw new Error(`--broker is one of ${BROKERS.join(", ")}; it is ${name}.`);
}

function wholeNumber(option: string, text: string, least: number): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= least) return number;
  throw new Error(`${option} must be a whole number of ${least} or more; it is ${text}.`);
}
