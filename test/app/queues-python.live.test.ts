/** Queues are declared as Celery declares them: another exchange, binding or type would be refused, or lose messages. */
import { expect, it } from "vitest";
import { celeryName, loadSettings } from "../../app/load-settings.ts";
import { createRouter } from "../../app/routing.ts";
import type { Settings } from "../../app/settings.ts";
import { python } from "../helpers/python.ts";

const SHOW = `
import json, sys
from celery import Celery

def show(conf, names):
    app = Celery(set_as_current=False)
    app.conf.update(conf)
    for name in names:
        queue = app.amqp.queues[name]
        arguments = queue.queue_arguments or {}
        yield [queue.name, queue.exchange.name, queue.exchange.type, queue.routing_key,
               arguments.get("x-queue-type"), arguments.get("x-max-priority")]

given = json.load(sys.stdin)
print(json.dumps([list(show(one["conf"], one["names"])) for one in given]))
`;

const CASES: readonly Partial<Settings>[] = [
  {},
  { taskDefaultQueueType: "quorum", taskDefaultExchangeType: "topic" },
  { taskDefaultQueue: "x", taskDefaultExchange: "e", taskDefaultRoutingKey: "k" },
  { taskCreateMissingQueueType: "quorum", taskCreateMissingQueueExchangeType: "topic" },
  { taskQueues: { x: {} }, taskDefaultQueueType: "quorum", taskQueueMaxPriority: 5 },
  { taskQueues: { x: { exchange: "e", routingKey: "k" } }, taskDefaultExchangeType: "topic" },
  { taskQueues: { x: { exchange: "e", exchangeType: "topic" } }, taskCreateMissingQueueType: "quorum" },
  { taskQueues: { celery: {}, x: {} }, taskDefaultExchange: "e", taskDefaultRoutingKey: "k" },
];
const NAMES = ["celery", "x", "y"];

it("declares default, given and missing queues as Celery", async () => {
  const ours = CASES.map((settings) => {
    const router = createRouter(loadSettings(settings, {}));
    return NAMES.map((name) => {
      const { exchange, routingKey, type = null, maxPriority = null } = router.queue(name);
      return [name, exchange?.name, exchange?.type, routingKey, type, maxPriority];
    });
  });
  const input = CASES.map((settings) => ({ conf: toCelery(settings), names: NAMES }));
  expect(ours).toEqual(await python({ version: "latest", code: SHOW, input }));
});

function toCelery(value: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).map(([name, one]: [string, unknown]) => [
      celeryName(name),
      typeof one === "object" && one !== null ? toCelery(one) : one,
    ]),
  );
}
