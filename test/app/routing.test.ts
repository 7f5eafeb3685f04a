import { describe, expect, it } from "vitest";
import { loadSettings } from "../../app/load-settings.ts";
import { createRouter, type RouteTable } from "../../app/routing.ts";
import type { Settings } from "../../app/settings.ts";

function routerOf(settings: Partial<Settings>) {
  return createRouter(loadSettings(settings, {}));
}

function queueOf(taskRoutes: RouteTable, task: string): string {
  return routerOf({ taskRoutes }).route(task, [], {}, {}).routingKey;
}

describe("createRouter", () => {
  it("sends to the default queue through the anonymous exchange, as Celery does", () => {
    expect(routerOf({}).route("a.b", [], {}, {})).toMatchObject({ exchange: "", routingKey: "celery" });
  });

  it("declares a queue with an exchange and a binding of its name", () => {
    expect(routerOf({}).queue("reports")).toEqual({
      name: "reports",
      exchange: { name: "reports", type: "direct" },
      routingKey: "reports",
    });
  });

  it.each<[string, RouteTable, string, string]>([
    ["an exact name", { "a.add": "fast" }, "a.add", "fast"],
    ["a route object", { "a.add": { queue: "fast" } }, "a.add", "fast"],
    ["a glob", { "billing.*": "money" }, "billing.charge", "money"],
    ["a glob with a class", { "a.[bc]x": "set" }, "a.cx", "set"],
    ["a negated class", { "a.[!b]x": "set" }, "a.bx", "celery"],
    ["an exact name before a glob", { "a.*": "slow", "a.add": "fast" }, "a.add", "fast"],
    ["a regular expression", [[/^video\.(up|down)load$/, "video"]], "video.upload", "video"],
    ["a function", (task) => (task.startsWith("x.") ? { queue: "x" } : undefined), "x.y", "x"],
    ["the first of a list", [{ "a.*": "one" }, { "a.add": "two" }], "a.add", "one"],
    ["no route", { "a.*": "one" }, "b.add", "celery"],
    ["a name that is a method of objects", { "a.*": "one" }, "toString", "celery"],
  ])("follows %s", (_what, table, task, queue) => {
    expect(queueOf(table, task)).toBe(queue);
  });

  it("lets the call win over the table", () => {
    const router = routerOf({ taskRoutes: { "a.add": "fast" } });
    expect(router.route("a.add", [], {}, { queue: "mine", priority: 3 })).toMatchObject({
      routingKey: "mine",
      priority: 3,
    });
  });

  it("publishes to a topic exchange with the queue's routing key", () => {
    const router = routerOf({
      taskQueues: { logs: { exchange: "all", exchangeType: "topic", routingKey: "log.#" } },
    });
    expect(router.route("t", [], {}, { queue: "logs", routingKey: "log.web" })).toMatchObject({
      exchange: "all",
      routingKey: "log.web",
    });
  });

  it("refuses an unknown queue when taskCreateMissingQueues is off", () => {
    const router = routerOf({ taskCreateMissingQueues: false, taskQueues: { celery: {} } });
    expect(() => router.queue("typo")).toThrow(/"typo" is not in taskQueues/);
  });
});
