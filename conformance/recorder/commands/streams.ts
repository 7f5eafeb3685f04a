/** Commands on streams, without groups of consumers. */
import type { Database } from "../data/database.ts";
import {
  compareIds,
  FIRST_ID,
  LAST_ID,
  type StreamEntry,
  type StreamId,
  StreamValue,
} from "../data/stream.ts";
import { NO_LIST, Pairs, Refusal, type Reply } from "../resp/replies.ts";
import type { Blocked } from "../waiters.ts";
import { type Arguments, SYNTAX } from "./arguments.ts";
import { attemptOrWait } from "./blocking.ts";
import { type Call, type Command, type CommandTable, grow, read, shrink } from "./command.ts";

const BAD_ID = "ERR Invalid stream ID specified as stream command argument";
const ID = /^(\d{1,20})(?:-(\d{1,20}))?$/;

/** An id; without its second number it is `second`. */
function readId(text: string, second: bigint): StreamId {
  const [, ms, number] = ID.exec(text) ?? [];
  if (ms === undefined) throw new Refusal(BAD_ID);
  const id = [BigInt(ms), number === undefined ? second : BigInt(number)] as const;
  if (compareIds(id, LAST_ID) > 0 || id[0] > LAST_ID[0] || id[1] > LAST_ID[1]) throw new Refusal(BAD_ID);
  return id;
}

function idText([ms, number]: StreamId): string {
  return `${ms}-${number}`;
}

function entryReply({ id, fields }: StreamEntry): Reply {
  return [idText(id), fields];
}

/** What an id of a new entry means behind the last one: `*`, `<ms>-*` or as it is written. Throws Refusal. */
function readNewId(text: string): (lastId: StreamId) => StreamId {
  if (text === "*") {
    return (lastId) => {
      const now = BigInt(Date.now());
      return now > lastId[0] ? [now, 0n] : [lastId[0], lastId[1] + 1n];
    };
  }
  if (/^\d{1,19}-\*$/.test(text)) {
    const ms = BigInt(text.slice(0, -2));
    return (lastId) => [ms, ms === lastId[0] ? lastId[1] + 1n : 0n];
  }
  const id = readId(text, 0n);
  if (compareIds(id, FIRST_ID) === 0)
    throw new Refusal("ERR The ID specified in XADD must be greater than 0-0");
  return () => id;
}

interface Trim {
  readonly by: "MAXLEN" | "MINID";
  readonly threshold: string;
}

/** `MAXLEN|MINID [=|~] threshold [LIMIT count]`; entries are always trimmed exactly. */
function readTrim(args: Arguments, start: number): { readonly trim: Trim; readonly next: number } {
  const by = args.word(start);
  if (by !== "MAXLEN" && by !== "MINID") throw new Refusal(SYNTAX);
  const mark = args.word(start + 1);
  const at = mark === "=" || mark === "~" ? start + 2 : start + 1;
  const threshold = args.key(at);
  if (by === "MAXLEN") args.count(at, "ERR The MAXLEN argument must be >= 0.");
  else readId(threshold, 0n);
  const hasLimit = args.word(at + 1) === "LIMIT";
  if (hasLimit && mark !== "~")
    throw new Refusal("ERR syntax error, LIMIT cannot be used without the special ~ option");
  if (hasLimit) args.count(at + 2, "ERR The LIMIT argument must be >= 0.");
  return { trim: { by, threshold }, next: hasLimit ? at + 3 : at + 1 };
}

function trimStream(stream: StreamValue, { by, threshold }: Trim): number {
  if (by === "MAXLEN") {
    const surplus = stream.entries.length - Number(threshold);
    return surplus > 0 ? stream.keep((_, place) => place >= surplus) : 0;
  }
  const oldest = readId(threshold, 0n);
  return stream.keep(({ id }) => compareIds(id, oldest) >= 0);
}

function add(database: Database, args: Arguments): Reply {
  let at = 1;
  let mayMake = true;
  let trim: Trim | undefined;
  for (; at < args.length; ) {
    const word = args.word(at);
    if (word === "NOMKSTREAM") {
      mayMake = false;
      at += 1;
    } else if (word === "MAXLEN" || word === "MINID") {
      const found = readTrim(args, at);
      trim = found.trim;
      at = found.next;
    } else break;
  }
  const fields = args.list.slice(at + 1);
  if (fields.length === 0 || fields.length % 2 !== 0)
    throw new Refusal("ERR wrong number of arguments for 'xadd' command");
  const newId = readNewId(args.key(at));
  const old = database.typed(args.key(0), "stream");
  if (old === undefined && !mayMake) return null;
  const stream = old ?? new StreamValue();
  const id = newId(stream.lastId);
  if (compareIds(id, stream.lastId) <= 0)
    throw new Refusal("ERR The ID specified in XADD is equal or smaller than the target stream top item");
  stream.add({ id, fields });
  if (trim !== undefined) trimStream(stream, trim);
  if (old === undefined) database.set(args.key(0), stream);
  else database.changed(args.key(0));
  return idText(id);
}

/** An end of a range; `(` leaves the id itself out. */
function readEnd(text: string, isFirst: boolean): { readonly id: StreamId; readonly isOpen: boolean } {
  if (text === "-") return { id: FIRST_ID, isOpen: false };
  if (text === "+") return { id: LAST_ID, isOpen: false };
  const isOpen = text.startsWith("(");
  return { id: readId(isOpen ? text.slice(1) : text, isFirst ? 0n : LAST_ID[1]), isOpen };
}

function range(database: Database, args: Arguments, isReverse: boolean): Reply {
  const [low, high] = isReverse ? [2, 1] : [1, 2];
  const from = readEnd(args.key(low), true);
  const to = readEnd(args.key(high), false);
  let count = Number.POSITIVE_INFINITY;
  if (args.length > 3) {
    if (args.word(3) !== "COUNT" || args.length !== 5) throw new Refusal(SYNTAX);
    count = Math.max(0, args.integer(4));
  }
  const entries = database.typed(args.key(0), "stream")?.entries ?? [];
  const found = entries.filter(({ id }) => {
    const [down, up] = [compareIds(id, from.id), compareIds(id, to.id)];
    return (from.isOpen ? down > 0 : down >= 0) && (to.isOpen ? up < 0 : up <= 0);
  });
  if (isReverse) found.reverse();
  return found.slice(0, count).map(entryReply);
}

function readNew(call: Call, args: Arguments): Reply | Blocked {
  const { database } = call;
  let at = 0;
  let count = Number.POSITIVE_INFINITY;
  let blockMs: number | undefined;
  for (; at < args.length && args.word(at) !== "STREAMS"; at += 2) {
    if (args.word(at) === "COUNT") count = args.integer(at + 1) > 0 ? args.integer(at + 1) : count;
    else if (args.word(at) === "BLOCK") blockMs = args.count(at + 1, "ERR timeout is negative");
    else throw new Refusal(SYNTAX);
  }
  const total = (args.length - at - 1) / 2;
  if (!Number.isInteger(total) || total < 1) {
    throw new Refusal(
      "ERR Unbalanced 'xread' list of streams: for each stream key an ID or '$' must be specified.",
    );
  }
  const keys = args.keys(at + 1, at + 1 + total);
  const after = keys.map((key, place) => {
    const text = args.key(at + 1 + total + place);
    return text === "$" ? (database.typed(key, "stream")?.lastId ?? FIRST_ID) : readId(text, 0n);
  });
  const attempt = (): Reply | undefined => {
    const found = keys.flatMap((key, place) => {
      const newer = (database.typed(key, "stream")?.entries ?? []).filter(
        ({ id }) => compareIds(id, after[place] ?? FIRST_ID) > 0,
      );
      return newer.length > 0 ? [[key, newer.slice(0, count).map(entryReply)] as const] : [];
    });
    if (found.length === 0) return undefined;
    return call.session.protocol === 3 ? new Pairs(found) : found;
  };
  if (blockMs === undefined) return attempt() ?? NO_LIST;
  const timeoutMs = blockMs === 0 ? undefined : blockMs;
  return attemptOrWait(call, { keys, type: "stream", timeoutMs, onTimeout: NO_LIST, attempt });
}

function remove(database: Database, args: Arguments): Reply {
  const ids = args.keys(1).map((text) => idText(readId(text, 0n)));
  const stream = database.typed(args.key(0), "stream");
  const gone = stream?.keep(({ id }) => !ids.includes(idText(id))) ?? 0;
  if (gone > 0) database.changed(args.key(0));
  return gone;
}

const trimCommand: Command = shrink(-4, ({ database }, args) => {
  const { trim, next } = readTrim(args, 1);
  if (next !== args.length) throw new Refusal(SYNTAX);
  const stream = database.typed(args.key(0), "stream");
  const gone = stream === undefined ? 0 : trimStream(stream, trim);
  if (gone > 0) database.changed(args.key(0));
  return gone;
});

export const STREAMS: CommandTable = {
  xadd: grow(-5, ({ database }, args) => add(database, args)),
  xlen: read(2, ({ database }, args) => database.typed(args.key(0), "stream")?.entries.length ?? 0),
  xrange: read(-4, ({ database }, args) => range(database, args, false)),
  xrevrange: read(-4, ({ database }, args) => range(database, args, true)),
  xread: { arity: -4, flags: ["read"], run: readNew },
  xdel: shrink(-3, ({ database }, args) => remove(database, args)),
  xtrim: trimCommand,
};
