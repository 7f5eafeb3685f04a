import { describe, expect, it, vi } from "vitest";
import { createMemoryState } from "../../gateway/state/memory-state.ts";
import { startRedis } from "../helpers/services.ts";
import { testApp } from "../helpers/worker.ts";
import { openGateway, post, read, storeState } from "./place.ts";

describe("tasks that leave no trace", () => {
  it("are LOST after the bound, until something is heard of them", async () => {
    const { app, url } = await openGateway({ lostAfterSeconds: 0.2 });
    const { body } = await read(post(`${url}/v1/tasks`, { task: "t" }));
    const at = `${url}/v1/tasks/${String(body["id"])}`;
    await expect
      .poll(async () => (await read(fetch(at))).body)
      .toMatchObject({ state: "LOST", terminal: false });
    const listed = (await read(fetch(`${url}/v1/tasks`))).body["tasks"] as { state: string }[];
    expect(listed.map(({ state }) => state)).toEqual(["LOST"]);
    await storeState(app, String(body["id"]), "SUCCESS", 1);
    expect((await read(fetch(at))).body).toMatchObject({ state: "SUCCESS", terminal: true });
  });

  it("are not LOST before they are due, nor without a result to wait for", async () => {
    const { url } = await openGateway({ lostAfterSeconds: 0 });
    const later = await read(post(`${url}/v1/tasks`, { task: "t", delay: 3600 }));
    const silent = await read(post(`${url}/v1/tasks`, { task: "t", ignore_result: true }));
    for (const { body } of [later, silent]) {
      expect((await read(fetch(`${url}/v1/tasks/${String(body["id"])}`))).body["state"]).toBe("PENDING");
    }
  });

  it("are LOST when Redis comes back empty, and those sent later are not", { timeout: 60_000 }, async () => {
    const redis = await startRedis(["--save", "", "--appendonly", "no"]);
    const state = createMemoryState();
    const app = testApp({ brokerUrl: `${redis.url}/0` });
    const { url } = await openGateway({ app, stateStore: state });
    const before = await read(post(`${url}/v1/tasks`, { task: "t" }));
    const later = await read(post(`${url}/v1/tasks`, { task: "t", delay: 600 }));
    const held = await read(post(`${url}/v1/tasks`, { task: "t", delay: 7200 }));
    await expect.poll(() => state.records.get("broker", "epoch")).toBeDefined();
    await redis.restart();
    const after = await vi.waitFor(
      async () => {
        const answer = await read(post(`${url}/v1/tasks`, { task: "t" }));
        expect(answer.status).toBe(202);
        return answer;
      },
      { timeout: 20_000, interval: 200 },
    );
    await vi.waitFor(
      async () => {
        const record = await state.records.get("broker", "epoch");
        expect(JSON.parse(record?.value ?? "{}")).toMatchObject({ lostBeforeMs: expect.any(Number) });
      },
      { timeout: 20_000, interval: 200 },
    );
    const stateOf = async (body: Record<string, unknown>): Promise<unknown> =>
      (await read(fetch(`${url}/v1/tasks/${String(body["id"])}`))).body["state"];

    const realNow = Date.now;
    const clock = vi.spyOn(Date, "now").mockImplementation(() => realNow() + 60_000);
    try {
      expect(await stateOf(before.body)).toBe("LOST");
      expect(await stateOf(later.body)).toBe("LOST");
      expect(await stateOf(held.body)).toBe("SCHEDULED");
      expect(await stateOf(after.body)).toBe("PENDING");
    } finally {
      clock.mockRestore();
    }
  });
});
