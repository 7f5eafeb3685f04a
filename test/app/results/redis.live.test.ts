import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { createApp } from "../../../app/index.ts";
import { toResultDocument } from "../../../protocol/index.ts";
import { openRedis, parseRedisUrl } from "../../../stores/redis.ts";
import { cleanUp } from "../../../testing/clean-up.ts";
import { startRedis } from "../../helpers/services.ts";

test("a group of 1000 costs a handful of commands, not one for each member", async () => {
  const { url } = await startRedis();
  const { client: admin } = await openRedis(parseRedisUrl(url), { timeoutMs: 5000, role: "backend" });
  cleanUp(async () => admin.disconnect());
  const app = createApp({ env: {}, brokerUrl: "memory://", resultBackend: url });
  cleanUp(() => app.close());
  const ids = Array.from({ length: 1000 }, () => randomUUID());
  const entries = ids.map((taskId, result) => ({
    document: toResultDocument({ taskId, state: "SUCCESS", result, now: "2026-11-20T23:59:38+00:00" }),
  }));
  const backend = await app.backend();
  const group = app.groupResult({ id: "g", children: ids.map((id) => ({ id })) });

  // Half of the results are there, half come while the group is waited for.
  await backend.store(entries.slice(0, 500));
  await admin.config("RESETSTAT");
  const indexes: number[] = [];
  let rest: Promise<void> | undefined;
  for await (const { index, value } of group.completed({ timeoutMs: 20_000 })) {
    expect(value).toBe(index);
    indexes.push(index);
    rest ??= backend.store(entries.slice(500));
  }
  await rest;
  expect(indexes.toSorted((one, other) => one - other)).toEqual(ids.map((_, index) => index));
  expect(await group.completedCount()).toBe(1000);
  const commands = ["subscribe", "unsubscribe", "get", "mget"];
  const stats = await admin.info("commandstats");
  const calls = commands.map((name) =>
    Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(stats)?.[1] ?? 0),
  );
  // A script reads each key that it writes; all else is for hundreds of members at once.
  expect(calls[2]).toBeLessThanOrEqual(500);
  expect((calls[0] ?? 0) + (calls[1] ?? 0) + (calls[3] ?? 0)).toBeLessThanOrEqual(16);
});
