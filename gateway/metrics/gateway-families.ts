/** The gateway's own metrics. */
import type { GatewayContext } from "../context.ts";
import type { QueueState } from "../queues/queue-book.ts";
import { DURATION_BUCKETS } from "./durations.ts";
import { type Family, histogramSamples } from "./family.ts";

/** A broker that takes longer than this has no say. */
const BROKER_TIMEOUT_MS = 2000;

type Sources = Pick<GatewayContext, "facts" | "queues" | "waits" | "streams" | "webhooks">;

export function gatewayFamilies({ facts, queues, waits, streams, webhooks }: Sources): readonly Family[] {
  const states = (): Promise<readonly QueueState[]> => within(readQueues(queues));
  return [
    {
      name: "celery_gateway_http_requests_total",
      help: "Requests answered, by the pattern of their path.",
      type: "counter",
      read: () =>
        [...facts.answers.values()].map(({ method, route, status, count }) => ({
          labels: { method, route, status },
          value: count,
        })),
    },
    {
      name: "celery_gateway_http_request_seconds",
      help: "From a request's headers to the end of its answer.",
      type: "histogram",
      read: () =>
        [...facts.requests.values()].flatMap(({ method, route, durations }) =>
          histogramSamples({ method, route }, DURATION_BUCKETS, durations),
        ),
    },
    {
      name: "celery_gateway_submit_seconds",
      help: "Until the broker has confirmed a task.",
      type: "histogram",
      read: () => histogramSamples({}, DURATION_BUCKETS, facts.submits),
    },
    {
      name: "celery_gateway_tasks_total",
      help: "Tasks accepted here, by each state they were seen in.",
      type: "counter",
      read: () =>
        [...facts.tasks.values()].map(({ task, state, count }) => ({
          labels: { task, state },
          value: count,
        })),
    },
    {
      name: "celery_gateway_queue_ready",
      help: "Messages waiting in a queue.",
      type: "gauge",
      read: async () =>
        (await states()).map(({ name, ready }) => ({ labels: { queue: name }, value: ready })),
    },
    {
      name: "celery_gateway_dead_letters",
      help: "Dead letters of a queue.",
      type: "gauge",
      read: async () =>
        (await states()).map(({ name, dead }) => ({ labels: { queue: name }, value: dead ?? 0 })),
    },
    {
      name: "celery_gateway_waits",
      help: "Requests that wait for a task.",
      type: "gauge",
      read: () => [{ value: waits.size }],
    },
    {
      name: "celery_gateway_streams",
      help: "Event streams open.",
      type: "gauge",
      read: () => [{ value: streams.size }],
    },
    {
      name: "celery_gateway_webhook_attempts_total",
      help: "Calls of webhooks, by how they ended.",
      type: "counter",
      read: () => [...facts.webhookAttempts].map(([outcome, value]) => ({ labels: { outcome }, value })),
    },
    {
      name: "celery_gateway_webhook_oldest_pending_seconds",
      help: "How long the oldest delivery of a webhook is due; 0 for none.",
      type: "gauge",
      read: async () => {
        const seconds = await webhooks.oldestDueSeconds().catch(() => undefined);
        return seconds === undefined ? [] : [{ value: seconds }];
      },
    },
  ];
}

async function readQueues(queues: GatewayContext["queues"]): Promise<readonly QueueState[]> {
  return Promise.all(queues.names.map((name) => queues.get(name)));
}

/** Nothing in place of what comes too late, or not at all: the other metrics must be seen when the broker is away. */
async function within(states: Promise<readonly QueueState[]>): Promise<readonly QueueState[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<readonly QueueState[]>((resolve) => {
    timer = setTimeout(() => resolve([]), BROKER_TIMEOUT_MS);
  });
  try {
    return await Promise.race([states.catch(() => []), late]);
  } finally {
    clearTimeout(timer);
  }
}
