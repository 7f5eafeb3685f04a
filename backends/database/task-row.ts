/** Result documents as rows of celery_taskmeta. Source: celery/backends/database/__init__.py of 5.7. */

import type { Awaitable } from "../../codecs/serializer.ts";
import {
  DecodeError,
  isPlainObject,
  parseResultDocument,
  type ResultDocument,
  toError,
} from "../../protocol/index.ts";
import type { SqlValue } from "../../stores/sql/index.ts";
import type { ResultEncoding } from "../result-backend.ts";
import type { DateDone } from "./date-done.ts";

/** Columns in the order of {@link toRow}; `id` is the database's own. */
export const COLUMNS = [
  "task_id",
  "status",
  "result",
  "date_done",
  "traceback",
  "children",
  "name",
  "args",
  "kwargs",
  "worker",
  "retries",
  "queue",
  "stamps",
] as const;

/** A row as read. Any column may hold anything: other versions and other people write here too. */
export type TaskRow = Readonly<Record<(typeof COLUMNS)[number], unknown>>;

/** What turns values into columns and back. */
export interface RowFormat {
  readonly encoding: ResultEncoding;
  readonly dateDone: DateDone;
}

/** Width of the text columns that hold names; PostgreSQL refuses longer ones, and a result must not be lost for a name. */
const NAME_WIDTH = 155;

/** The values of a document's row. Throws EncodeError. */
export async function toRow(
  document: ResultDocument,
  { encoding, dateDone }: RowFormat,
): Promise<readonly SqlValue[]> {
  const encodeUnlessAbsent = (value: unknown): Awaitable<Uint8Array | null> =>
    value === undefined || value === null ? null : encoding.encode(value);
  const stamps = stampsOf(document);
  return await Promise.all([
    document.task_id,
    document.status,
    encoding.encode(document.result),
    document.date_done === null ? null : dateDone.toColumn(document.date_done),
    // PostgreSQL has no NUL in text; Python would print it so.
    document.traceback?.replaceAll("\0", "\\x00") ?? null,
    encodeUnlessAbsent(document.children?.length === 0 ? null : document.children),
    fitName(document.name),
    encodeUnlessAbsent(document.args),
    encodeUnlessAbsent(document.kwargs),
    fitName(document.worker),
    document.retries ?? null,
    fitName(document.queue),
    encodeUnlessAbsent(stamps),
  ]);
}

function fitName(name: string | null | undefined): string | null {
  if (name === null || name === undefined) return null;
  const text = name.replaceAll("\0", "\\x00");
  return text.length <= NAME_WIDTH ? text : [...text].slice(0, NAME_WIDTH).join("");
}

function stampsOf(document: ResultDocument): object | undefined {
  const { stamped_headers: headers, stamps = {} } = document;
  if (headers === undefined || headers === null || headers.length === 0) return undefined;
  // Celery's document has each stamp as a member of its own.
  const members: Readonly<Record<string, unknown>> = { ...document, ...stamps };
  const known = headers.filter((header) => Object.hasOwn(members, header));
  return {
    stamped_headers: headers,
    stamps: Object.fromEntries(known.map((header) => [header, members[header]])),
  };
}

/** Reads a row. Throws DecodeError `bad_result` when its state or result cannot be read; lesser columns are left out then. */
export async function fromRow(row: TaskRow, format: RowFormat): Promise<ResultDocument> {
  const taskId = String(row.task_id);
  const { encoding, dateDone } = format;
  const tryDecode = async (value: unknown): Promise<unknown> => {
    try {
      return await decodeColumn(value, encoding);
    } catch {
      return undefined;
    }
  };
  const result = await decodeResult(row.result, taskId, encoding);
  const [children, stamps, args, kwargs] = await Promise.all(
    [row.children, row.stamps, row.args, row.kwargs].map(tryDecode),
  );
  const document = {
    status: row.status,
    result,
    traceback: row.traceback,
    children,
    date_done: typeof row.date_done === "string" ? dateDone.toIso(row.date_done) : null,
    ...(typeof row.name === "string" ? { name: row.name } : {}),
    ...(args === undefined ? {} : { args }),
    ...(kwargs === undefined ? {} : { kwargs }),
    ...(typeof row.worker === "string" ? { worker: row.worker } : {}),
    ...(typeof row.retries === "number" ? { retries: row.retries } : {}),
    ...(typeof row.queue === "string" ? { queue: row.queue } : {}),
    ...(isPlainObject(stamps) ? readStamps(stamps) : {}),
    task_id: taskId,
  };
  return parseResultDocument(document, taskId);
}

function readStamps({ stamped_headers, stamps }: Readonly<Record<string, unknown>>): object {
  return {
    ...(Array.isArray(stamped_headers) ? { stamped_headers } : {}),
    ...(isPlainObject(stamps) ? { stamps } : {}),
  };
}

/** First byte of every pickle since protocol 2. Versions up to 5.6 pickled this column whatever the result serializer. */
const PICKLE_MARK = 0x80;

async function decodeResult(value: unknown, taskId: string, encoding: ResultEncoding): Promise<unknown> {
  try {
    return await decodeColumn(value, encoding);
  } catch (error) {
    const isPickle = value instanceof Uint8Array && value[0] === PICKLE_MARK;
    // Otherwise a pickle was read, and the error says what is wrong with it.
    const isUnread = !(error instanceof DecodeError) || error.code === "content_refused";
    const problem =
      isPickle && isUnread
        ? 'it is a pickle, as Celery up to 5.6 writes; to read pickles as data, add "pickle" to resultAcceptContent'
        : toError(error).message;
    throw new DecodeError("bad_result", `The stored result of task ${taskId} cannot be read: ${problem}.`, {
      cause: error,
    });
  }
}

function decodeColumn(value: unknown, encoding: ResultEncoding): Awaitable<unknown> {
  if (value === null || value === undefined) return undefined;
  if (typeof value === "string") return encoding.decode(Buffer.from(value));
  if (value instanceof Uint8Array) return encoding.decode(value);
  throw new TypeError("it is neither bytes nor text");
}
