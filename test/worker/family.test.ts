/** What a running task sends is its child; what a member adds to its chord is counted. */
import { beforeAll, describe, expect, test } from "vitest";
import { type App, createApp } from "../../app/index.ts";
import { chain, chord, group } from "../../canvas/index.ts";
import { signature } from "../../protocol/index.ts";
import { cleanUp } from "../../testing/clean-up.ts";
import { createWorker } from "../../worker/index.ts";
import { redisUrl } from "../helpers/services.ts";

const WAIT = { timeoutMs: 20_000 };

let app: App;

beforeAll(async () => {
  const url = await redisUrl();
  app = createApp({ env: {}, brokerUrl: url, resultBackend: url, onWarning: () => undefined });
  cleanUp(() => app.close());
  const child = app.task("child", { bind: true }, ({ request }, ..._: unknown[]) => [
    request.parentId,
    request.rootId,
  ]);
  app.task("parent", { bind: true }, async () => {
    const first = await child.delay();
    const second = await app.apply(group([signature("child"), signature("child")]));
    return [first.id, second.id];
  });
  app.task("loose", async () => (await child.delay()).id);
  app.task("grow", { bind: true }, async (self, by: number) => {
    for (let at = 0; at < by; at += 1) await self.addToChord(chain(signature("one"), signature("one")));
    return "grown";
  });
  app.task("grow-by-group", { bind: true }, (self) => self.addToChord(group([signature("one")])));
  app.task("one", (..._: unknown[]) => 1);
  app.task("body", (results: unknown[]) => results);
  const worker = createWorker({ app, pool: "async", concurrency: 10 });
  await worker.start();
  return () => worker.stop();
});

describe("what a bound task sends", () => {
  test("names the task as its parent, and the root that both have", async () => {
    const result = await app.sendTask("parent", { rootId: "the-root" });
    const [childId = "", groupId = ""] = (await result.get(WAIT)) as string[];
    expect(await app.result(childId).get(WAIT)).toEqual([result.id, "the-root"]);
    const document = await result.document();
    expect(document?.children).toEqual([
      [[childId, null], null],
      [
        [groupId, null],
        [expect.anything(), expect.anything()],
      ],
    ]);
    const members = document?.children?.[1]?.[1] as [[string, null], null][];
    for (const [[memberId]] of members) {
      expect(await app.result(memberId).get(WAIT)).toEqual([result.id, "the-root"]);
    }
  });

  test("is no child of one that is not bound", async () => {
    const result = await app.sendTask<string>("loose");
    expect(await app.result(await result.get(WAIT)).get(WAIT)).toEqual([null, expect.any(String)]);
    expect((await result.document())?.children).toEqual([]);
  });
});

describe("addToChord", () => {
  test("makes the header longer", async () => {
    const result = await app.apply(chord([signature("grow", [3]), signature("one")], signature("body")));
    expect(((await result.get(WAIT)) as unknown[]).toSorted()).toEqual([1, 1, 1, 1, "grown"]);
  });

  test("is refused outside of a chord, and for a group", async () => {
    await expect((await app.sendTask("grow", { args: [1] })).get(WAIT)).rejects.toMatchObject({
      type: "ConfigurationError",
      message: expect.stringContaining("not in the header of a chord"),
    });
    const refused = await app.apply(chord([signature("grow-by-group"), signature("one")], signature("body")));
    await expect(refused.get(WAIT)).rejects.toMatchObject({ type: "ConfigurationError" });
  });
});
