/** The nodes of `celerity multi`, and the command line that each one has. Source: celery/apps/multi.py. */
import { ConfigurationError } from "../protocol/index.ts";
import { nodeName } from "../worker/index.ts";
import { expandPath } from "./expand-node.ts";

/** One worker that `multi` starts and stops. */
export interface MultiNode {
  /** `w1@host`. */
  readonly node: string;
  readonly pidFile: string;
  readonly logFile: string;
  /** What follows `celerity worker`. */
  readonly args: readonly string[];
}

const MAX_NODES = 1000;

/**
 * `3 -A app -c 4 -c:1 10` or `fast slow -A app -Q:slow reports --pidfile=/run/%n.pid`: names, or how many; then options of
 * `celerity worker`, for all nodes, or with `:name`, `:1`, `:1-3` or `:a,b` for some. Throws ConfigurationError.
 */
export function parseMulti(words: readonly string[]): readonly MultiNode[] {
  const first = words.findIndex((word) => word.startsWith("-"));
  const given = first === -1 ? words : words.slice(0, first);
  const names = nodeNames(given);
  const options = readOptions(first === -1 ? [] : words.slice(first));
  return names.map((name, at) => toNode(name, at + 1, options));
}

function nodeNames(given: readonly string[]): readonly string[] {
  const [only = ""] = given;
  if (given.length !== 1 || !/^\d+$/.test(only)) {
    if (given.length === 0)
      throw new ConfigurationError("Name the nodes, or say how many: celerity multi start 3 -A ./app.js");
    return given;
  }
  const count = Number(only);
  if (count < 1 || count > MAX_NODES)
    throw new ConfigurationError(`multi starts 1 to ${MAX_NODES} nodes, not ${only}.`);
  return Array.from({ length: count }, (_, at) => `celery${at + 1}`);
}

interface Option {
  readonly flag: string;
  readonly value: string | undefined;
  /** undefined: all nodes. */
  readonly only: string | undefined;
}

function readOptions(words: readonly string[]): readonly Option[] {
  const options: Option[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const [, flag = "", only, glued] = /^(--?[\w-]+)(?::([^=\s]+))?(?:=(.*))?$/s.exec(words[at] ?? "") ?? [];
    if (flag === "") throw new ConfigurationError(`"${words[at]}" is no option.`);
    const next = words[at + 1];
    const takesNext = glued === undefined && next !== undefined && !next.startsWith("-");
    options.push({ flag, only, value: glued ?? (takesNext ? next : undefined) });
    if (takesNext) at += 1;
  }
  return options;
}

function toNode(name: string, number: number, options: readonly Option[]): MultiNode {
  const own = new Map<string, string | undefined>();
  const general = options.filter(({ only }) => only === undefined);
  const special = options.filter(({ only }) => only !== undefined && isMeant(only, name, number));
  for (const { flag, value } of [...general, ...special]) own.set(flag, value);
  const node = nodeName(name.includes("@") ? name : `${name}@%h`);
  const pidFile = expandPath(own.get("--pidfile") ?? "%n.pid", node);
  const logFile = expandPath(own.get("--logfile") ?? own.get("-f") ?? "%n.log", node);
  for (const flag of ["--pidfile", "--logfile", "-f"]) own.delete(flag);
  const args = [...own].flatMap(([flag, value]) => (value === undefined ? [flag] : [flag, value]));
  return { node, pidFile, logFile, args: [...args, "-n", node, "--pidfile", pidFile, "--logfile", logFile] };
}

/** `a,b`, `2`, `1-3`, in any mixture. */
function isMeant(only: string, name: string, number: number): boolean {
  return only.split(",").some((part) => {
    const [, from, to] = /^(\d+)-(\d+)$/.exec(part) ?? [];
    if (from !== undefined) return number >= Number(from) && number <= Number(to);
    return part === name || part === String(number);
  });
}
