/** Server-sent events over fetch: the browser's EventSource cannot send a key. */
import { ApiError, request } from "./api.ts";
import { gatewaySignals } from "./connection.ts";

const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 10_000;

/** One event. */
export interface StreamEvent {
  readonly name: string;
  /** JSON text. */
  readonly data: string;
}

/** What a reader of a stream is told. */
export interface StreamReader {
  onEvent(event: StreamEvent): void;
  /** The gateway answers: the stream is open. */
  onOpen?(): void;
  /** The connection broke, or never was; it is tried again. */
  onLost?(): void;
  /** The gateway refuses; nothing more will come. */
  onRefused?(error: ApiError): void;
}

/** Refusals that may pass. */
const PASSING = new Set([0, 429, 502, 503, 504]);

/** Follows a stream, and connects again with back-off when it breaks. Returns how to stop. */
export function openStream(path: string, reader: StreamReader): () => void {
  const stop = new AbortController();
  void follow(path, reader, stop.signal);
  return () => stop.abort();
}

async function follow(path: string, reader: StreamReader, signal: AbortSignal): Promise<void> {
  const seen = { id: "" };
  let retryMs = FIRST_RETRY_MS;
  while (!signal.aborted) {
    try {
      const headers: Record<string, string> = seen.id === "" ? {} : { "last-event-id": seen.id };
      const response = await request(path, { headers, signal });
      // The gateway says so to who has seen the end.
      if (response.status === 204) return;
      reader.onOpen?.();
      retryMs = FIRST_RETRY_MS;
      await read(response, reader, seen, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ApiError && !PASSING.has(error.status)) return reader.onRefused?.(error);
      // Broken connections are TypeErrors; others are mistakes of this page.
      if (!(error instanceof ApiError || error instanceof TypeError)) throw error;
    }
    if (signal.aborted) return;
    reader.onLost?.();
    await pause(retryMs, signal);
    retryMs = Math.min(MAX_RETRY_MS, retryMs * 2);
  }
}

async function read(
  response: Response,
  reader: StreamReader,
  seen: { id: string },
  signal: AbortSignal,
): Promise<void> {
  if (response.body === null) return;
  const chunks = response.body.pipeThrough(
    new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>,
  );
  const source = chunks.getReader();
  let text = "";
  for (;;) {
    const { value, done } = await source.read();
    if (done || signal.aborted) return;
    const blocks = (text + value).split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const fields = new Map(block.split("\n").map(toField));
      const data = fields.get("data");
      if (data === undefined) continue;
      seen.id = fields.get("id") ?? seen.id;
      reader.onEvent({ name: fields.get("event") ?? "message", data });
      if (signal.aborted) return;
    }
  }
}

function toField(line: string): [string, string] {
  const colon = line.indexOf(": ");
  return colon === -1 ? [line, ""] : [line.slice(0, colon), line.slice(colon + 2)];
}

/** Ends early when the stream is stopped, or the gateway is heard again. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      gatewaySignals.removeEventListener("back", done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    gatewaySignals.addEventListener("back", done);
    signal.addEventListener("abort", done);
  });
}
