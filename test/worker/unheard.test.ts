import { describe, expect, it } from "vitest";
import { ask } from "../../app/index.ts";
import { amqpUrl, redisUrl } from "../helpers/services.ts";
import { testApp, testWorker } from "../helpers/worker.ts";

/** Far longer than a test may take: only one that does not wait passes. */
const options = { timeoutMs: 600_000, quietMs: 600_000, endsUnheard: true };

describe.each([
  ["memory", undefined],
  ["Redis", redisUrl],
  ["RabbitMQ", amqpUrl],
])("a question that nobody hears, on %s", (_broker, url) => {
  it("is not waited for; one that a worker hears is", async () => {
    const app = testApp(url === undefined ? {} : { brokerUrl: await url() });
    expect(await ask(app, "ping", options)).toEqual({});
    const worker = await testWorker(app);
    const heard = await ask(app, "ping", { ...options, destination: [worker.hostname] });
    expect(heard).toEqual({ [worker.hostname]: { ok: "pong" } });
  });
});
