import type { Route } from "../route.ts";
import { toSummary } from "./list-tasks.ts";

/** Changes of recent tasks, for dashboards. */
export const allEvents: Route = {
  method: "GET",
  path: "/v1/events",
  access: "tasks:read",
  operation: {
    operationId: "allEvents",
    summary: "Follow recent tasks",
    description:
      "Server-sent events: ready (the stream has begun: now read the list) and state (a task was accepted, or its state is another one). A busy gateway follows the newest unfinished tasks only.",
    tags: ["tasks"],
  },
  responses: { 200: { description: "A stream of events.", contentType: "text/event-stream" } },
  problems: ["temporary-reduced-capacity"],
  handle(exchange, { streams, tracker }) {
    const stream = streams.open(exchange);
    const stop = tracker.listen((entry) =>
      stream.send("state", JSON.stringify(toSummary(entry, exchange.base))),
    );
    exchange.onClose(stop);
    stream.send("ready", "{}");
  },
};
