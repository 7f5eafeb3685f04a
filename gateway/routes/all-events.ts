import { visibleFilter } from "../access/visibility.ts";
import type { GatewayContext } from "../context.ts";
import { lastEventId } from "../event-stream.ts";
import type { Exchange } from "../exchange.ts";
import type { Route } from "../route.ts";
import { FILTER_PARAMETERS, readConditions, type TaskConditions } from "../task-filter.ts";
import { fitsFilter, type TaskEntry } from "../task-index.ts";
import { toSummary } from "./list-tasks.ts";
import { LAST_EVENT_ID } from "./shared.ts";

/** Changes that may come twice are recognised among so many tasks. */
const MAX_REMEMBERED = 1000;

/** Changes of tasks, for dashboards. */
export const allEvents: Route = {
  method: "GET",
  path: "/v1/events",
  access: "tasks:read",
  operation: {
    operationId: "allEvents",
    summary: "Follow tasks",
    description:
      "Server-sent events: ready (what came before is not told: now read the list) and state (a task was accepted, or its state is another one). Who connects again with Last-Event-ID is told what happened meanwhile, at any gateway of the same store; when that is too long ago, ready comes again. A busy gateway follows the newest unfinished tasks only.",
    tags: ["tasks"],
    parameters: [...FILTER_PARAMETERS, LAST_EVENT_ID],
  },
  responses: { 200: { description: "A stream of events.", contentType: "text/event-stream" } },
  problems: ["invalid-arguments", "bad-eta", "temporary-reduced-capacity"],
  async handle(exchange, gateway) {
    const conditions = readConditions(exchange.query);
    await follow(exchange, gateway, conditions);
  },
};

async function follow(
  exchange: Exchange,
  { streams, taskFeed }: GatewayContext,
  conditions: TaskConditions,
): Promise<void> {
  const after = lastEventId(exchange);
  const filter = visibleFilter(exchange.caller, { ...conditions, limit: 1 });
  const stream = streams.open(exchange);
  const told = new Map<string, string>();
  const isNews = ({ id, state }: TaskEntry): boolean => {
    if (told.get(id) === state) return false;
    told.delete(id);
    told.set(id, state);
    const [oldest] = told.keys();
    if (told.size > MAX_REMEMBERED && oldest !== undefined) told.delete(oldest);
    return true;
  };
  let stop: (() => void) | undefined;
  let isOver = false;
  exchange.onClose(() => {
    isOver = true;
    stop?.();
  });
  stop = await taskFeed.follow({
    after: after === 0 ? undefined : after,
    onChange: (id, entry) => {
      if (!fitsFilter(entry, filter)) return;
      if (isNews(entry)) stream.send("state", JSON.stringify(toSummary(entry, exchange)), id);
    },
    onGap: (id) => stream.send("ready", "{}", id),
  });
  if (isOver) stop();
}
