/** Names that clients give themselves. */
import { Refusal } from "../resp/replies.ts";
import type { Arguments } from "./arguments.ts";

const MAX_NAME = 1024;

/** Throws Refusal for one with spaces or line breaks. */
export function readName(args: Arguments, index: number, what = "Client names"): string {
  const name = args.key(index);
  if (!/^[!-~]*$/.test(name) || name.length > MAX_NAME)
    throw new Refusal(`ERR ${what} cannot contain spaces, newlines or special characters.`);
  return name;
}
