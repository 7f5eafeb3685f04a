/** Commands that wait until a list or sorted set holds something. */
import { NO_LIST, Refusal, type Reply } from "../resp/replies.ts";
import { Blocked, type BlockedOptions } from "../waiters.ts";
import type { Arguments } from "./arguments.ts";
import { type Call, type Command, type CommandTable, shrink } from "./command.ts";
import { moveItem, popFromFirst, popSome, readEnd, readMultiPop, TWO } from "./lists.ts";
import { popScored, readScoredMultiPop } from "./sorted-set-pops.ts";

/** Longest wait that timers take. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** The time that a client waits at most; undefined: for ever. */
function readTimeout(args: Arguments, index: number): number | undefined {
  const seconds = args.double(index, "ERR timeout is not a float or out of range");
  if (!Number.isFinite(seconds)) throw new Refusal("ERR timeout is out of range");
  if (seconds < 0) throw new Refusal("ERR timeout is negative");
  return seconds === 0 ? undefined : Math.min(Math.ceil(seconds * 1000), MAX_TIMEOUT_MS);
}

/** Answers at once if it can; waits if it must and may. */
export function attemptOrWait(
  { database, isNested }: Call,
  options: Omit<BlockedOptions, "database">,
): Reply | Blocked {
  const reply = options.attempt();
  if (reply !== undefined) return reply;
  return isNested ? options.onTimeout : new Blocked({ database, ...options });
}

function pop(fromHead: boolean): Command {
  const run: Command["run"] = (call, args) => {
    const timeoutMs = readTimeout(args, args.length - 1);
    const keys = args.keys(0, -1);
    const attempt = (): Reply | undefined => {
      const key = keys.find((name) => call.database.typed(name, "list") !== undefined);
      return key === undefined ? undefined : [key, ...popSome(call.database, key, 1, fromHead)];
    };
    return attemptOrWait(call, { keys, type: "list", timeoutMs, onTimeout: NO_LIST, attempt });
  };
  return shrink(-3, run, [0, -2, 1]);
}

function move(call: Call, args: Arguments, timeoutAt: number, fromHead: boolean, toHead: boolean) {
  const timeoutMs = readTimeout(args, timeoutAt);
  const [from, to] = [args.key(0), args.key(1)];
  const attempt = (): Reply | undefined =>
    moveItem(call.database, [from, to], { fromHead, toHead }) ?? undefined;
  const onTimeout = call.isNested ? null : NO_LIST;
  return attemptOrWait(call, { keys: [from], type: "list", timeoutMs, onTimeout, attempt });
}

function popMember(fromHighest: boolean): Command {
  const run: Command["run"] = (call, args) => {
    const timeoutMs = readTimeout(args, args.length - 1);
    const keys = args.keys(0, -1);
    const attempt = (): Reply | undefined => {
      const key = keys.find((name) => call.database.typed(name, "zset") !== undefined);
      const [popped] = key === undefined ? [] : popScored(call.database, key, 1, fromHighest);
      return key === undefined || popped === undefined ? undefined : [key, ...popped];
    };
    return attemptOrWait(call, { keys, type: "zset", timeoutMs, onTimeout: NO_LIST, attempt });
  };
  return shrink(-3, run, [0, -2, 1]);
}

export const BLOCKING: CommandTable = {
  blpop: pop(true),
  brpop: pop(false),
  blmove: {
    arity: 6,
    flags: ["write", "grows"],
    keys: TWO,
    run: (call, args) => move(call, args, 4, readEnd(args, 2), readEnd(args, 3)),
  },
  brpoplpush: {
    arity: 4,
    flags: ["write", "grows"],
    keys: TWO,
    run: (call, args) => move(call, args, 2, false, true),
  },
  blmpop: {
    arity: -5,
    flags: ["write"],
    run: (call, args) => {
      const timeoutMs = readTimeout(args, 0);
      const { keys, fromHead, count } = readMultiPop(args, 1);
      const attempt = (): Reply | undefined => popFromFirst(call.database, keys, count, fromHead);
      return attemptOrWait(call, { keys, type: "list", timeoutMs, onTimeout: NO_LIST, attempt });
    },
  },
  bzpopmin: popMember(false),
  bzpopmax: popMember(true),
  bzmpop: {
    arity: -5,
    flags: ["write"],
    run: (call, args) => {
      const timeoutMs = readTimeout(args, 0);
      const { keys, attempt } = readScoredMultiPop(call.database, args, 1);
      return attemptOrWait(call, { keys, type: "zset", timeoutMs, onTimeout: NO_LIST, attempt });
    },
  },
};
