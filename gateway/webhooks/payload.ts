/** Bodies of callbacks. */
import { formatIsoTime, type ResultDocument } from "../../protocol/index.ts";
import { Problem } from "../problems.ts";
import type { TaskEntry } from "../task-index.ts";
import { taskLinks, toTaskView, writeJson } from "../task-view.ts";
import type { PayloadFormat, PayloadMode } from "./callback.ts";

/** What is told. */
export interface TaskNews {
  /** The `webhook-id`. */
  readonly id: string;
  /** `celery.task.succeeded` and so on. */
  readonly type: string;
  readonly entry: TaskEntry;
  readonly document: ResultDocument;
  readonly trace: Readonly<Record<string, string>>;
}

export interface PayloadOptions {
  readonly mode: PayloadMode;
  readonly format: PayloadFormat;
  /** What links begin with: the gateway's own URL, as far as it is known. */
  readonly base: string;
  readonly traceback: boolean;
  readonly maxBytes: number;
  readonly nowMs: number;
}

export interface Payload {
  readonly body: string;
  readonly contentType: string;
}

export const CONTENT_TYPES: Readonly<Record<PayloadFormat, string>> = {
  webhook: "application/json",
  cloudevents: "application/cloudevents+json; charset=utf-8",
};

/** A result that has no JSON form, or does not fit, is left out: `result_omitted` says so. */
export function taskPayload(news: TaskNews, options: PayloadOptions): Payload {
  const contentType = CONTENT_TYPES[options.format];
  const thin = { id: news.entry.id, task: news.entry.task, state: news.document.status };
  const links = taskLinks(news.entry.id, options.base);
  if (options.mode === "thin") {
    return { body: writeJson(envelope(news, { ...thin, links }, options)), contentType };
  }
  const body = tryWrite(() => envelope(news, fullData(news, options), options));
  if (body !== undefined && Buffer.byteLength(body) <= options.maxBytes) return { body, contentType };
  return { body: writeJson(envelope(news, { ...thin, result_omitted: true, links }, options)), contentType };
}

function fullData({ entry, document }: TaskNews, { base, traceback }: PayloadOptions): object {
  const view = toTaskView(entry.id, document, entry, {
    base,
    allowTraceback: traceback,
    nanAsString: true,
  });
  // The broker's name for it is not the caller's.
  const { queue: _queue, ...data } = view;
  return data;
}

function tryWrite(make: () => object): string | undefined {
  try {
    return writeJson(make());
  } catch (error) {
    if (error instanceof Problem) return undefined;
    throw error;
  }
}

/** What stands around the data. CloudEvents 1.0, and its extension for distributed tracing. */
export function envelope(
  {
    id,
    type,
    entry,
    trace,
  }: Pick<TaskNews, "id" | "type" | "trace"> & { readonly entry: { readonly id: string } },
  data: object,
  { format, base, nowMs }: Pick<PayloadOptions, "format" | "base" | "nowMs">,
): object {
  const time = formatIsoTime(nowMs);
  if (format === "webhook") return { type, timestamp: time, data };
  return {
    specversion: "1.0",
    id,
    source: `${base}/v1/tasks`,
    type,
    subject: entry.id,
    time,
    datacontenttype: "application/json",
    ...trace,
    data,
  };
}
