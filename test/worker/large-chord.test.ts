/** A chord that is larger than any buffer on its way. */
import { expect, test } from "vitest";
import { createApp } from "../../app/index.ts";
import { chord } from "../../canvas/index.ts";
import { signature } from "../../protocol/index.ts";
import { cleanUp } from "../../testing/clean-up.ts";
import { createWorker } from "../../worker/index.ts";
import { redisUrl } from "../helpers/services.ts";

const MEMBERS = 10_000;

test("10 000 members are joined in their order", async () => {
  const url = await redisUrl();
  const app = createApp({ env: {}, brokerUrl: url, resultBackend: url, onWarning: () => undefined });
  cleanUp(() => app.close());
  app.task("double", (x: number) => 2 * x);
  app.task("join", (results: number[]) => results);
  const worker = createWorker({ app, pool: "async" });
  cleanUp(() => worker.stop());
  await worker.start();
  const members = Array.from({ length: MEMBERS }, (_, at) => signature("double", [at]));
  const result = await app.apply(chord(members, signature("join")));
  expect(await result.get({ timeoutMs: 50_000 })).toEqual(members.map((_, at) => 2 * at));
});
