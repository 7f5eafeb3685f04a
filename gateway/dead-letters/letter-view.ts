/** Dead letters as callers see them. */
import { DEAD_LETTER_HEADERS, type DeadLetter } from "../../app/index.ts";
import { representable, writeJson } from "../task-view.ts";
import type { LetterSummary } from "./dead-letter-book.ts";

/** Largest body that is shown as JSON, too. */
const MAX_SHOWN_BYTES = 1024 * 1024;

const OURS: ReadonlySet<string> = new Set(Object.values(DEAD_LETTER_HEADERS));

/** `queue`: whose dead letter it is. */
export function letterLink(queue: string, id: string, base: string): string {
  return `${base}/v1/dead-letters/${encodeURIComponent(queue)}/${id}`;
}

/** The JSON object of a letter in a listing. */
export function summaryMembers(letter: LetterSummary, queue: string, base: string): object {
  const self = letterLink(queue, letter.id, base);
  return {
    id: letter.id,
    queue,
    reason: letter.code,
    detail: letter.reason,
    ...(letter.task === undefined ? {} : { task: letter.task }),
    ...(letter.taskId === undefined ? {} : { task_id: letter.taskId }),
    ...(letter.at === "" ? {} : { died_at: letter.at }),
    ...(letter.worker === "" ? {} : { worker: letter.worker }),
    bytes: letter.bytes,
    links: { self, replay: `${self}:replay` },
  };
}

/** The JSON text of one letter: what is in a listing, then its message. */
export function letterText(letter: DeadLetter, queue: string, base: string): string {
  const { message } = letter;
  const headers = Object.entries(message.headers).filter(([name]) => !OURS.has(name));
  const members = {
    ...summaryMembers({ ...letter, bytes: message.body.byteLength }, queue, base),
    content_type: message.contentType ?? null,
    content_encoding: message.contentEncoding ?? null,
    headers: representable(Object.fromEntries(headers), true),
    body_base64: Buffer.from(message.body).toString("base64"),
  };
  const json = jsonBody(letter);
  const text = writeJson(members);
  return json === undefined ? text : `${text.slice(0, -1)},"body":${json}}`;
}

/** A JSON body as its own text, so that its numbers stay exact; undefined for anything else. */
function jsonBody({ message: { body, contentType } }: DeadLetter): string | undefined {
  if (contentType !== "application/json" || body.byteLength > MAX_SHOWN_BYTES) return undefined;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(body);
    JSON.parse(text);
    return text;
  } catch {
    return undefined;
  }
}
