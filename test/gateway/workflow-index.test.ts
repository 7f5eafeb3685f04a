import { describe, expect, it, onTestFinished } from "vitest";
import { createStateStore } from "../../gateway/state/open-state.ts";
import type { StateStore } from "../../gateway/state/state-store.ts";
import { WorkflowIndex, type WorkflowRecord } from "../../gateway/workflows/workflow-index.ts";
import { postgresUrl, redisUrl, serviceMissing, sqliteFile } from "../helpers/services.ts";

function workflow(id: string, rootId: string, nodes = 2): WorkflowRecord {
  return {
    id,
    rootId,
    submittedAtMs: Date.now(),
    nodes: Array.from({ length: nodes }, (_, at) => ({
      id: `${id}-${at}`,
      kind: "task",
      task: `examples.ü${at}`,
    })),
  };
}

const places: readonly (readonly [string, boolean, () => Promise<string | undefined>])[] = [
  ["memory", false, async () => undefined],
  ["SQLite", false, async () => `sqlite:///${await sqliteFile()}`],
  ["PostgreSQL", serviceMissing("postgres"), postgresUrl],
  ["Redis", serviceMissing("redis"), redisUrl],
];

async function open(url: string | undefined): Promise<StateStore> {
  const onWarning = (message: string): void => {
    throw new Error(message);
  };
  const state = createStateStore({ onWarning, ...(url === undefined ? {} : { url }) });
  onTestFinished(() => state.close());
  await state.open();
  return state;
}

describe.each(places)("workflows in %s", (name, isMissing, place) => {
  it.skipIf(isMissing)("are found by the ids of the last and the first result", async () => {
    const index = new WorkflowIndex({ state: await open(await place()) });
    const [one, other] = [workflow("last", "first"), workflow("alone", "alone")];
    await index.record(one);
    await index.record(other);
    expect(await index.find("last")).toEqual(one);
    expect(await index.find("first")).toEqual(one);
    expect(await index.find("alone")).toEqual(other);
    expect(await index.find("last-0")).toBeUndefined();
    expect(await index.find("LAST")).toBeUndefined();
  });

  it.skipIf(isMissing)("are not more than it may keep", async () => {
    const index = new WorkflowIndex({ state: await open(await place()), maxNodes: 10 });
    for (const id of ["a", "b", "c"]) await index.record(workflow(id, `${id}-first`, 4));
    expect(await index.find("a")).toBeUndefined();
    expect(await index.find("a-first")).toBeUndefined();
    expect((await index.find("b-first"))?.id).toBe("b");
    expect((await index.find("c"))?.id).toBe("c");
  });

  it.skipIf(isMissing || name === "memory")("are found by every gateway that shares the place", async () => {
    const url = await place();
    const one = new WorkflowIndex({ state: await open(url) });
    const other = new WorkflowIndex({ state: await open(url) });
    await one.record(workflow("last", "first"));
    expect((await other.find("first"))?.nodes).toHaveLength(2);
  });
});
