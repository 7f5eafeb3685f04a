/** Reads the body of a batch: a JSON array, or one JSON value to a line. */
import { readBody, requireMediaType } from "../body.ts";
import type { GatewayContext } from "../context.ts";
import type { Exchange } from "../exchange.ts";
import { parseBody } from "../json-body.ts";
import { Problem } from "../problems.ts";
import { MAX_BATCH } from "./schemas.ts";

export interface Batch {
  readonly bytes: Buffer;
  /** Not checked yet; a Problem stands for a line that could not be read. */
  readonly items: readonly unknown[];
}

export const NDJSON = "application/x-ndjson";
const NEWLINE = 0x0a;

/** Throws what reading any body throws, and Problem `invalid-arguments` for no items, or too many. */
export async function readBatch(exchange: Exchange, { limits, held }: GatewayContext): Promise<Batch> {
  const isLines = requireMediaType(exchange.req, ["application/json", NDJSON]) === NDJSON;
  const bytes = await readBody(exchange, { maxBytes: limits.batchBytes, held });
  const items = isLines ? readLines(bytes, limits.depth) : parseBody(bytes, limits.depth + 1);
  if (!Array.isArray(items)) throw refusal("The body must be an array of tasks.");
  if (items.length === 0) throw refusal("The batch has no tasks.");
  if (items.length > MAX_BATCH)
    throw refusal(`The batch has more than ${MAX_BATCH} tasks; send it in parts.`);
  return { bytes, items };
}

function readLines(bytes: Buffer, maxDepth: number): unknown[] {
  const items: unknown[] = [];
  for (let start = 0; start < bytes.length && items.length <= MAX_BATCH; ) {
    const newline = bytes.indexOf(NEWLINE, start);
    const end = newline === -1 ? bytes.length : newline;
    const line = bytes.subarray(start, end);
    if (line.toString("latin1").trim() !== "") items.push(readLine(line, maxDepth));
    start = end + 1;
  }
  return items;
}

/** One bad line is one bad task. */
function readLine(line: Buffer, maxDepth: number): unknown {
  try {
    return parseBody(line, maxDepth);
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
}

function refusal(detail: string): Problem {
  return new Problem("invalid-arguments", { detail, members: { limit: MAX_BATCH } });
}
