import { isReady, type ResultDocument } from "../../protocol/index.ts";
import type { GatewayContext } from "../context.ts";
import { END_ID, type EventStream, lastEventId } from "../event-stream.ts";
import type { Exchange } from "../exchange.ts";
import { findTask, isWaitable } from "../known-task.ts";
import type { Route } from "../route.ts";
import { type KnownTask, viewOptions } from "../task-text.ts";
import { toTaskView, type ViewOptions, writeJson } from "../task-view.ts";
import { LAST_EVENT_ID, READ_PROBLEMS } from "./shared.ts";

/** Everything that happens to one task, as it happens. */
export const taskEvents: Route = {
  method: "GET",
  path: "/v1/tasks/{id}/events",
  access: "tasks:read",
  operation: {
    operationId: "taskEvents",
    summary: "Follow a task",
    description:
      "Server-sent events: state (the state is another one, or the one now at the start), progress (the task says something of itself), result (the task with its result or error) and end (nothing will follow). Who connects again gets the present state first; who has seen the end gets 204.",
    tags: ["tasks"],
    parameters: [LAST_EVENT_ID],
  },
  responses: {
    200: { description: "A stream of events.", contentType: "text/event-stream" },
    204: { description: "You have seen the end." },
  },
  problems: [...READ_PROBLEMS, "temporary-reduced-capacity"],
  async handle(exchange, gateway) {
    if (lastEventId(exchange) === END_ID) return exchange.empty(204, {});
    const task = await findTask(exchange, gateway);
    const stream = gateway.streams.open(exchange);
    const follower = new Follower(stream, task, { ...viewOptions(exchange, gateway), nanAsString: true });
    follower.see(task.document);
    if (isWaitable(task, gateway)) await follow(exchange, gateway, task, follower);
    else if (task.document === undefined) stream.end("end", "{}");
  },
};

/** Passes on what the result store says until the task ends or the reader leaves. */
async function follow(
  exchange: Exchange,
  { app, tracker, logger }: GatewayContext,
  task: KnownTask,
  follower: Follower,
): Promise<void> {
  const stop = new AbortController();
  exchange.onClose(() => stop.abort());
  const onChange = (document: ResultDocument): void => {
    tracker.saw(document, task.entry);
    follower.see(document);
  };
  try {
    await (await app.backend()).wait(task.id, { signal: stop.signal, onChange });
  } catch (error) {
    if (stop.signal.aborted) return;
    logger.warn({ err: error, taskId: task.id }, "A task cannot be followed any more");
    // The reader connects again, and is told then what is wrong.
    exchange.res.destroy();
  }
}

/** Turns documents into events, each change once. */
class Follower {
  readonly #stream: EventStream;
  readonly #task: KnownTask;
  readonly #options: ViewOptions;
  #state: string | undefined;
  #meta: string | undefined;
  #ended = false;

  constructor(stream: EventStream, task: KnownTask, options: ViewOptions) {
    this.#stream = stream;
    this.#task = task;
    this.#options = options;
  }

  /** undefined: nothing is stored yet. */
  see(document: ResultDocument | undefined): void {
    if (this.#ended) return;
    const { id, entry } = this.#task;
    const { result, meta, error, ...rest } = toTaskView(id, document, entry, this.#options);
    if (rest.state !== this.#state) {
      this.#state = rest.state;
      this.#stream.send("state", writeJson(error === undefined || rest.terminal ? rest : { ...rest, error }));
    }
    const progress = meta === undefined ? undefined : writeJson({ id, state: rest.state, meta });
    if (progress !== undefined && progress !== this.#meta) this.#stream.send("progress", progress);
    this.#meta = progress;
    if (document === undefined || !isReady(document.status)) return;
    this.#ended = true;
    const final = error === undefined ? { ...rest, result } : { ...rest, error };
    this.#stream.send("result", writeJson(final));
    this.#stream.end("end", writeJson({ id, state: rest.state }));
  }
}
