import type { Caller, Scope } from "../access/caller.ts";
import type { GatewayContext } from "../context.ts";
import type { Exchange } from "../exchange.ts";
import { withoutAges } from "../live/ages.ts";
import type { LiveDocument } from "../live/live-documents.ts";
import { LiveStream } from "../live/live-stream.ts";
import { LIVE_TOPICS, type LiveTopic, MAX_TOPICS_TEXT, readTopics } from "../live/topics.ts";
import type { Route } from "../route.ts";
import { deadLetterPage } from "./dead-letters.ts";
import { allDeliveryPage } from "./hook-deliveries.ts";
import { hookPage } from "./list-hooks.ts";
import { schedulePage } from "./list-schedules.ts";
import { type Asked, MAX_LIMIT, type Page } from "./page.ts";
import { queuePage } from "./queues.ts";
import { LAST_EVENT_ID } from "./shared.ts";
import { statsQuery } from "./stats.ts";
import { requireHistory } from "./task-history.ts";
import { webhookDeliveryPage } from "./webhook-deliveries.ts";
import { webhookEndpointPage } from "./webhook-endpoint.ts";
import { workerPage } from "./workers.ts";

interface Listing {
  /** Of the route that lists the same. */
  readonly scope: Scope;
  /** What that route answers. */
  readonly page: (asked: Asked, gateway: GatewayContext) => Promise<Page>;
  readonly essence?: LiveDocument["essence"];
  /** Default: the page is read every time. */
  readonly mark?: (asked: Asked, gateway: GatewayContext) => Promise<string>;
}

const LISTINGS: Readonly<Record<LiveTopic, Listing>> = {
  workers: { scope: "workers:read", page: workerPage, essence: withoutAges },
  queues: { scope: "queues:read", page: queuePage, essence: withoutAges },
  schedules: { scope: "schedules:read", page: schedulePage },
  // RabbitMQ has to take letters out to show them: not before their number is another one.
  "dead-letters": { scope: "dead-letters:read", page: deadLetterPage, mark: countDeadLetters },
  hooks: { scope: "webhooks", page: hookPage },
  "hook-deliveries": { scope: "webhooks", page: allDeliveryPage },
  "webhook-deliveries": { scope: "webhooks", page: webhookDeliveryPage },
  "webhook-endpoints": { scope: "webhooks", page: webhookEndpointPage },
  stats: { scope: "metrics", page: lastHour },
};

/** Listings as they change, for dashboards. */
export const live: Route = {
  method: "GET",
  path: "/v1/live",
  access: "known",
  operation: {
    operationId: "followListings",
    summary: "Follow listings",
    description: `Server-sent events, named by the topic, with what the route that lists it answers with limit=${MAX_LIMIT}: at once, and again within some seconds of a change. Growing ages alone are no change. denied (topic, scope): the caller may not read that. unavailable (topic, problem): it cannot be had now, and will come when it can. Who connects again gets everything anew.`,
    tags: ["operation"],
    parameters: [
      {
        name: "topics",
        in: "query",
        description: `What to follow, with commas between: ${LIVE_TOPICS.join(", ")}.`,
        schema: { type: "string", maxLength: MAX_TOPICS_TEXT, examples: ["workers,queues"] },
      },
      LAST_EVENT_ID,
    ],
  },
  responses: { 200: { description: "A stream of events.", contentType: "text/event-stream" } },
  problems: ["invalid-arguments", "temporary-reduced-capacity"],
  handle(exchange, gateway) {
    const topics = readTopics(exchange.query.get("topics"));
    const stream = new LiveStream(exchange, gateway.streams.open(exchange));
    const stops = topics.map((topic) => {
      const { scope } = LISTINGS[topic];
      if (exchange.caller.has(scope)) return follow(exchange, gateway, topic, stream);
      stream.deny(topic, scope);
      return undefined;
    });
    exchange.onClose(() => {
      for (const stop of stops) stop?.();
    });
  },
};

/** Returns how to stop. */
function follow(
  { base, caller }: Exchange,
  gateway: GatewayContext,
  topic: LiveTopic,
  stream: LiveStream,
): () => void {
  const { page, essence, mark } = LISTINGS[topic];
  const asked: Asked = { base, caller, query: new URLSearchParams({ limit: String(MAX_LIMIT) }) };
  const document: LiveDocument = {
    key: JSON.stringify([topic, base, audienceOf(caller, gateway)]),
    read: async () => (await page(asked, gateway)).text,
    essence,
    mark: mark && (() => mark(asked, gateway)),
  };
  return gateway.live.follow(document, (news) => stream.tell(topic, news));
}

/** All that listings depend on: tokens of one subject may differ in what they allow. */
function audienceOf(caller: Caller, { queues }: GatewayContext): readonly unknown[] {
  const { id, tenant, read, queuePrefix } = caller;
  return [id, tenant, read, queuePrefix, queues.visibleTo(caller)];
}

/** What `GET /v1/stats` answers without parameters. */
async function lastHour(_asked: Asked, gateway: GatewayContext): Promise<Page> {
  const view = await requireHistory(gateway).stats(statsQuery({ points: 60, stepMs: 60_000 }));
  return { text: JSON.stringify(view) };
}

async function countDeadLetters({ caller }: Asked, { queues }: GatewayContext): Promise<string> {
  const states = await Promise.all(queues.visibleTo(caller).map((name) => queues.get(name)));
  return JSON.stringify(states.map(({ name, dead }) => [name, dead]));
}
