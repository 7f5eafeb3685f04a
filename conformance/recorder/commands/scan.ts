/**
 * SCAN and its relatives. The first call answers with everything, as Redis does for what is small: COUNT is a wish, and so
 * nothing is missed when names are deleted meanwhile.
 */
import { globMatches } from "../glob.ts";
import { Refusal, type Reply } from "../resp/replies.ts";
import { type Arguments, SYNTAX } from "./arguments.ts";

export interface Scan {
  readonly args: Arguments;
  /** Which argument is the cursor; options follow. */
  readonly cursorAt: number;
  readonly names: () => readonly string[];
  /** Whether a name is of the type that SCAN asks for. */
  readonly fits?: (name: string, type: string | undefined) => boolean;
  readonly write: (name: string) => readonly Reply[];
}

export function scan({ args, cursorAt, names, fits, write }: Scan): Reply {
  const cursor = args.key(cursorAt);
  if (!/^\d{1,15}$/.test(cursor)) throw new Refusal("ERR invalid cursor");
  let pattern: string | undefined;
  let type: string | undefined;
  for (let at = cursorAt + 1; at < args.length; at += 2) {
    const word = args.word(at);
    if (at + 1 >= args.length) throw new Refusal(SYNTAX);
    if (word === "COUNT") {
      if (args.integer(at + 1) < 1) throw new Refusal(SYNTAX);
    } else if (word === "MATCH") pattern = args.key(at + 1);
    else if (word === "TYPE" && fits !== undefined) type = args.key(at + 1).toLowerCase();
    else throw new Refusal(SYNTAX);
  }
  const found = (Number(cursor) === 0 ? names() : [])
    .filter((name) => pattern === undefined || globMatches(pattern, name))
    .filter((name) => fits === undefined || fits(name, type));
  return ["0", found.flatMap(write)];
}
