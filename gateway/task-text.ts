/** The JSON text of one task, as several routes send it. */
import type { ResultDocument } from "../protocol/index.ts";
import type { GatewayContext } from "./context.ts";
import type { Exchange } from "./exchange.ts";
import type { TaskEntry } from "./task-index.ts";
import { toTaskView, type ViewOptions, writeJson } from "./task-view.ts";

/** A task with what is known of it. */
export interface KnownTask {
  readonly id: string;
  readonly document: ResultDocument | undefined;
  readonly entry: TaskEntry | undefined;
}

/** How this caller gets to see tasks: `?nan=string` turns NaN into a string. */
export function viewOptions(exchange: Exchange, { allowTraceback }: GatewayContext): ViewOptions {
  const { caller } = exchange;
  return {
    base: exchange.base,
    allowTraceback: allowTraceback || caller.has("results:traceback"),
    queuePrefix: caller.queuePrefix,
    nanAsString: exchange.search !== "" && exchange.query.get("nan") === "string",
  };
}

/** Throws Problem `not-representable`. */
export function taskText(
  exchange: Exchange,
  gateway: GatewayContext,
  { id, document, entry }: KnownTask,
): string {
  return writeJson(toTaskView(id, document, entry, viewOptions(exchange, gateway)));
}
