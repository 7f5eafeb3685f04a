/** All commands. */
import { Refusal } from "../resp/replies.ts";
import { Arguments } from "./arguments.ts";
import { BLOCKING } from "./blocking.ts";
import { CLIENTS } from "./clients.ts";
import type { Command, CommandTable } from "./command.ts";
import { CONNECTION } from "./connection.ts";
import { HASHES } from "./hashes.ts";
import { KEYS } from "./keys.ts";
import { LIST_ITEMS } from "./list-items.ts";
import { LISTS } from "./lists.ts";
import { NUMBERS } from "./numbers.ts";
import { PUBSUB } from "./pubsub.ts";
import { SCRIPTING } from "./scripting.ts";
import { SERVER } from "./server.ts";
import { SETS } from "./sets.ts";
import { SORTED_SET_COMBINATIONS } from "./sorted-set-combine.ts";
import { SORTED_SET_POPS } from "./sorted-set-pops.ts";
import { SORTED_SET_RANGES } from "./sorted-set-ranges.ts";
import { SORTED_SETS } from "./sorted-sets.ts";
import { STREAMS } from "./streams.ts";
import { STRINGS } from "./strings.ts";
import { TRANSACTIONS } from "./transactions.ts";

export const COMMANDS: CommandTable = {
  ...STRINGS,
  ...NUMBERS,
  ...KEYS,
  ...LISTS,
  ...LIST_ITEMS,
  ...BLOCKING,
  ...HASHES,
  ...SETS,
  ...SORTED_SETS,
  ...SORTED_SET_RANGES,
  ...SORTED_SET_POPS,
  ...SORTED_SET_COMBINATIONS,
  ...STREAMS,
  ...PUBSUB,
  ...TRANSACTIONS,
  ...SCRIPTING,
  ...CONNECTION,
  ...CLIENTS,
  ...SERVER,
};

/** Commands that have subcommands, without which they mean nothing. */
const CONTAINERS: ReadonlySet<string> = new Set(
  Object.keys(COMMANDS).flatMap((name) => (name.includes("|") ? [name.slice(0, name.indexOf("|"))] : [])),
);

/** Characters of arguments that an error repeats. */
const MAX_SHOWN = 128;

export interface Found {
  readonly command: Command;
  /** In lower case; `client|id` for a subcommand. */
  readonly name: string;
  readonly args: Arguments;
}

/** No command of that name. */
export class UnknownCommand extends Refusal {
  readonly command: string;

  constructor(command: string, message: string) {
    super(message);
    this.command = command;
  }
}

/** The command that the words ask for. Throws UnknownCommand, and Refusal for the wrong number of arguments. */
export function findCommand(words: readonly Buffer[]): Found {
  const [first = "", second] = words.slice(0, 2).map((word) => word.toString("latin1", 0, MAX_SHOWN));
  const outer = first.toLowerCase();
  const isContainer = CONTAINERS.has(outer) && second !== undefined;
  const name = isContainer ? `${outer}|${second.toLowerCase()}` : outer;
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined && isContainer)
    throw new UnknownCommand(name, `ERR unknown subcommand '${second}'. Try ${outer.toUpperCase()} HELP.`);
  if (command === undefined && !CONTAINERS.has(outer)) throw new UnknownCommand(name, describe(first, words));
  const { arity } = command ?? { arity: Number.NEGATIVE_INFINITY };
  if (command === undefined || (arity < 0 ? words.length < -arity : words.length !== arity))
    throw new Refusal(`ERR wrong number of arguments for '${name}' command`);
  return { command, name, args: new Arguments(words.slice(isContainer ? 2 : 1)) };
}

function describe(name: string, words: readonly Buffer[]): string {
  let shown = "";
  for (const word of words.slice(1)) {
    if (shown.length >= MAX_SHOWN) break;
    shown += `'${word.toString("latin1", 0, MAX_SHOWN - shown.length)}' `;
  }
  return `ERR unknown command '${name}', with args beginning with: ${shown}`;
}
