/** EVAL and its relatives. */
import { OK, Refusal, type Reply } from "../resp/replies.ts";
import type { Arguments } from "./arguments.ts";
import { type Call, type Command, type CommandTable, plain } from "./command.ts";

function run(nameOf: (call: Call, argument: Buffer) => string): Command {
  const evaluate = (call: Call, args: Arguments): Reply => {
    const total = args.integer(1);
    if (total < 0) throw new Refusal("ERR Number of keys can't be negative");
    if (total > args.length - 2) throw new Refusal("ERR Number of keys can't be greater than number of args");
    const name = nameOf(call, args.bytes(0));
    return call.server.scripts.evaluate(
      call,
      name,
      args.list.slice(2, 2 + total),
      args.list.slice(2 + total),
    );
  };
  return plain(-3, evaluate, "noscript", "lua");
}

const byText = run(({ server }, text) => server.scripts.add(text));
const byName = run((_, name) => name.toString("latin1"));

export const SCRIPTING: CommandTable = {
  eval: byText,
  eval_ro: byText,
  evalsha: byName,
  evalsha_ro: byName,
  "script|load": plain(3, ({ server }, args) => server.scripts.add(args.bytes(0)), "noscript", "lua"),
  "script|exists": plain(
    -3,
    ({ server }, args) => args.keys(0).map((name) => (server.scripts.has(name) ? 1 : 0)),
    "noscript",
  ),
  "script|flush": plain(
    -2,
    ({ server }) => {
      server.scripts.clear();
      return OK;
    },
    "noscript",
  ),
  "script|kill": plain(
    2,
    () => {
      throw new Refusal("NOTBUSY No scripts in execution right now.");
    },
    "noscript",
  ),
};
