/** Server-sent events, opened again after a break. */
import { CelerityError, NetworkError } from "./errors.ts";
import { MAX_ANSWER_BYTES, type OpenAnswer, sleep, type Transport } from "./transport.ts";

/** What happened: `state`, `progress` or `result`. */
export interface GatewayEvent {
  readonly event: string;
  readonly id: string;
  // biome-ignore lint/suspicious/noExplicitAny: it is what the gateway says, of which the name of the event tells the members.
  readonly data: any;
}

export interface EventsOptions {
  readonly signal?: AbortSignal | undefined;
  /** Id of the last event that you have seen. */
  readonly lastEventId?: string | undefined;
}

/** Three times what passes between the comments of an idle stream: then nobody is there any more. */
const SILENCE_MS = 45_000;
const MAX_PAUSE_S = 10;
/** Streams in a row that break before they say anything new. */
const MAX_BREAKS = 5;

interface RawEvent {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: string;
  /** Milliseconds to wait before connecting again. */
  readonly retry: number | undefined;
}

/** Ends when nothing will follow. */
export async function* events(
  transport: Transport,
  path: string,
  { signal, lastEventId }: EventsOptions,
): AsyncGenerator<GatewayEvent, void, undefined> {
  let [last, pauseMs, breaks] = [lastEventId, 1000, 0];
  for (;;) {
    const headers = { accept: "text/event-stream", ...(last === undefined ? {} : { "last-event-id": last }) };
    const { status, body, stop } = await transport.open({ method: "GET", path, headers, signal });
    let cause: unknown;
    try {
      if (status === 204 || body === null) return;
      for await (const { event, id, data, retry } of rawEvents(body, stop)) {
        pauseMs = retry ?? pauseMs;
        last = id ?? last;
        if (data === "") continue;
        if (event === "end") return;
        breaks = 0;
        yield { event, id: last ?? "", data: transport.parse(data) };
      }
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof CelerityError) throw error;
      cause = error;
    } finally {
      stop();
    }
    breaks += 1;
    if (breaks > MAX_BREAKS) throw new NetworkError("The stream of events breaks again and again", { cause });
    await sleep(Math.min(pauseMs / 1000, MAX_PAUSE_S), signal);
  }
}

/** The fields of https://html.spec.whatwg.org/multipage/server-sent-events.html; an event without data only has retry. */
async function* rawEvents(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  stop: OpenAnswer["stop"],
): AsyncGenerator<RawEvent, void, undefined> {
  let fields = new Map<string, string>();
  for await (const line of lines(body, stop)) {
    if (line === "") {
      const retry = Number(fields.get("retry") ?? Number.NaN);
      yield {
        event: fields.get("event") ?? "message",
        id: fields.get("id"),
        data: fields.get("data") ?? "",
        retry: Number.isNaN(retry) ? undefined : retry,
      };
      fields = new Map();
      continue;
    }
    const [, name = "", value = ""] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
    const before = name === "data" ? fields.get(name) : undefined;
    fields.set(name, before === undefined ? value : `${before}\n${value}`);
  }
}

async function* lines(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  stop: OpenAnswer["stop"],
): AsyncGenerator<string, void, undefined> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const silence = setTimeout(() => stop(new Error("The stream is silent")), SILENCE_MS);
    const { done, value } = await reader.read().finally(() => clearTimeout(silence));
    if (done) return;
    rest += value;
    if (rest.length > MAX_ANSWER_BYTES)
      throw new CelerityError(`An event has more than ${MAX_ANSWER_BYTES} bytes`);
    const complete = rest.split(/\r\n|\n|\r(?!$)/);
    rest = complete.pop() ?? "";
    yield* complete;
  }
}
