/** The command line of `npm run bench`. */
import { parseArgs } from "node:util";
import type { Bench } from "./bench.ts";

export interface BenchOptions {
  readonly benches: readonly Bench[];
  readonly rounds: number;
  readonly count: number | undefined;
  /** Contenders whose name or role it matches take part. */
  readonly only: RegExp;
  readonly patienceMs: number;
  readonly jsonFile: string | undefined;
  readonly profileFolder: string | undefined;
}

export const USAGE = `npm run bench -- <name...|all> [options]

  --rounds <number>   rounds; every contender runs once in each (default 5)
  --count <number>    messages, calls or requests of the fast contenders (default: see the list)
  --broker <name>     of the benches chosen, only those on redis or amqp
  --only <pattern>    only contenders whose name or role (celerity, floor, python) matches: "celerity|floor"
  --patience <s>      seconds that a bench may lose in all by waiting for a quiet machine and by repeating runs
                      that others disturbed (default 0)
  --json <file>       write everything to a file too
  --profile <folder>  leave CPU profiles of our own programs there, and show where their time went
`;

/** Throws Error that says what is wrong with the command line. */
export function readOptions(args: readonly string[], known: readonly Bench[]): BenchOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      rounds: { type: "string", default: "5" },
      count: { type: "string" },
      broker: { type: "string" },
      only: { type: "string", default: "" },
      patience: { type: "string", default: "0" },
      json: { type: "string" },
      profile: { type: "string" },
    },
  });
  const { broker } = values;
  if (broker !== undefined && broker !== "redis" && broker !== "amqp")
    throw new Error("--broker is redis or amqp.");
  const chosen = positionals.flatMap((name) => choose(name, known));
  return {
    benches: chosen.filter(({ name }) => broker === undefined || name.endsWith(`-${broker}`)),
    rounds: positive("--rounds", values.rounds),
    count: values.count === undefined ? undefined : positive("--count", values.count),
    only: new RegExp(values.only),
    patienceMs: wholeNumber("--patience", values.patience) * 1000,
    jsonFile: values.json,
    profileFolder: values.profile,
  };
}

/** A name, else the first words of names, or `all`. */
function choose(name: string, known: readonly Bench[]): readonly Bench[] {
  if (name === "all") return known.filter(({ isLong }) => isLong !== true);
  const exact = known.filter((bench) => bench.name === name);
  const found = exact.length > 0 ? exact : known.filter((bench) => bench.name.startsWith(`${name}-`));
  if (found.length > 0) return found;
  throw new Error(`There is no bench "${name}"; there are ${known.map((bench) => bench.name).join(", ")}.`);
}

function positive(option: string, text: string): number {
  const number = wholeNumber(option, text);
  if (number > 0) return number;
  throw new Error(`${option} must be above 0.`);
}

function wholeNumber(option: string, text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 0) return number;
  throw new Error(`${option} must be a whole number of 0 or more; it is ${text}.`);
}
