import { setTimeout as sleep } from "node:timers/promises";
import { expect, it, vi } from "vitest";
import { startRedis } from "../helpers/services.ts";
import { openGateway, post, read } from "./place.ts";

it("refuses what would wait behind others for a silent broker, and sends what waits when it speaks again", async () => {
  const redis = await startRedis();
  const { url } = await openGateway({
    settings: {
      brokerUrl: `${redis.url}/0`,
      brokerTransportOptions: { socketTimeout: 600 },
      taskPublishDeadline: 60,
    },
    limits: { brokerSilenceMs: 200 },
  });
  const submit = (queue: string): ReturnType<typeof read> =>
    read(post(`${url}/v1/tasks`, { task: "t", queue }));
  for (const queue of ["celery", "other"]) expect((await submit(queue)).status).toBe(202);
  redis.pause();
  const sent = [];
  let refused: Awaited<ReturnType<typeof read>> | undefined;
  while (refused === undefined) {
    const answer = submit("celery");
    refused = await Promise.race([answer, sleep(50, undefined)]);
    if (refused === undefined) sent.push(answer);
  }
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
  expect(refused.body).toMatchObject({
    type: "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity",
    detail: expect.stringContaining("limits.brokerSilenceMs"),
  });
  // The broker was not asked about this one yet.
  sent.push(submit("other"));
  redis.resume();
  for (const answer of sent) expect((await answer).status).toBe(202);
  await vi.waitFor(async () => expect((await submit("celery")).status).toBe(202));
});
