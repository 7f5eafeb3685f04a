import { describe, expect, test } from "vitest";
import { type App, buildGraph, type ResultGraph, toDot, toMermaid } from "../../../app/index.ts";
import {
  type ResultDocument,
  type ResultNode,
  toResultDocument,
  toResultTuple,
} from "../../../protocol/index.ts";
import { testApp } from "../../helpers/worker.ts";

/** A task as stored: its state is SUCCESS, unless it is given. */
interface Stored {
  readonly children?: readonly ResultNode[];
  readonly more?: Partial<ResultDocument>;
}

async function store(app: App, tasks: Readonly<Record<string, Stored>>): Promise<void> {
  const now = "2026-11-20T23:59:38+00:00";
  const entries = Object.entries(tasks).map(([taskId, { children = [], more }]) => {
    const document = toResultDocument({ taskId, state: "SUCCESS", result: 1, now });
    return { document: { ...document, children: children.map(toResultTuple), ...more } };
  });
  await (await app.backend()).store(entries);
}

/** Edges as `from kind to`, sorted; nodes as `id state`. */
function lines({ nodes, edges }: ResultGraph): { nodes: string[]; edges: string[] } {
  return {
    nodes: nodes.map(({ id, kind, state }) => `${id} ${kind === "group" ? kind : state}`).sort(),
    edges: edges.map(({ from, to, kind }) => `${from} ${kind} ${to}`).sort(),
  };
}

describe("the graph of a result", () => {
  test("of a chain is found from any step", async () => {
    const app = testApp();
    await store(app, {
      a: { children: [{ id: "b" }] },
      b: { children: [{ id: "c" }], more: { parent_id: "a" } },
      c: { more: { parent_id: "b" } },
    });
    const expected = {
      nodes: ["a SUCCESS", "b SUCCESS", "c SUCCESS"],
      edges: ["a child b", "b child c"],
    };
    for (const id of ["a", "b", "c"]) expect(lines(await buildGraph(app, id))).toEqual(expected);
    expect(lines(await app.result("b").graph())).toEqual(expected);
  });

  test("of a chord has its header and its body", async () => {
    const app = testApp();
    // As Celery stores it: the body belongs to the header's group, and the last member sent it.
    await store(app, {
      x: { more: { group_id: "g" } },
      y: { more: { group_id: "g" } },
      body: { more: { group_id: "g", parent_id: "y" } },
    });
    expect(lines(await buildGraph(app, "body"))).toEqual({
      nodes: ["body SUCCESS", "g group", "y SUCCESS"],
      edges: ["g body body", "g member y"],
    });
    const header = { id: "g", children: [{ id: "x" }, { id: "y" }] };
    const known = app.resultFrom({ id: "body", parent: header });
    const expected = {
      nodes: ["body SUCCESS", "g group", "x SUCCESS", "y SUCCESS"],
      edges: ["g body body", "g member x", "g member y"],
    };
    expect(lines(await known.graph())).toEqual(expected);
    await app.groupResult(header).save();
    expect(lines(await buildGraph(app, "body"))).toEqual(expected);
    expect(lines(await buildGraph(app, "g")).edges).toEqual(["g member x", "g member y"]);
  });

  test("has groups that a task sent, with what is not known yet", async () => {
    const app = testApp();
    await store(app, {
      root: {
        children: [{ id: "g", children: [{ id: "x" }, { id: "h", children: [{ id: "y" }] }] }],
        more: { name: "m.root" },
      },
      x: { more: { status: "FAILURE" } },
    });
    const graph = await buildGraph(app, "root");
    expect(lines(graph)).toEqual({
      nodes: ["g group", "h group", "root SUCCESS", "x FAILURE", "y PENDING"],
      edges: ["g member h", "g member x", "h member y", "root child g"],
    });
    expect(graph.nodes.find(({ id }) => id === "root")?.name).toBe("m.root");
    expect(graph.truncated).toBe(false);
  });

  test("is one task for an id that nobody knows", async () => {
    expect(lines(await buildGraph(testApp(), "unknown"))).toEqual({ nodes: ["unknown PENDING"], edges: [] });
  });

  test("ends though results go in a circle, and shows what cannot be read", async () => {
    const app = testApp();
    await store(app, {
      a: { children: [{ id: "a" }, { id: "b" }], more: { parent_id: "a" } },
      b: { children: [{ id: "a" }], more: { parent_id: "a", children: [[5], [["a", null], null]] } },
    });
    expect(lines(await buildGraph(app, "b"))).toEqual({
      nodes: ["a SUCCESS", "b SUCCESS"],
      edges: ["a child b", "b child a"],
    });
  });

  test("ends at its bounds", async () => {
    const app = testApp();
    const members = Array.from({ length: 50 }, (_, at) => ({ id: `m${at}` }));
    await store(app, { root: { children: members } });
    const some = await buildGraph(app, "root", { maxNodes: 10 });
    expect([some.nodes.length, some.edges.length, some.truncated]).toEqual([10, 9, true]);
    const chain = Object.fromEntries(
      Array.from({ length: 30 }, (_, at) => [`c${at}`, { children: [{ id: `c${at + 1}` }] }]),
    );
    await store(app, chain);
    const near = await buildGraph(app, "c0", { maxDepth: 5 });
    expect([near.nodes.length, near.truncated]).toEqual([6, true]);
    expect((await buildGraph(app, "c0", { maxNodes: 31 })).truncated).toBe(false);
  });

  test("has ten thousand nodes at most, found in a moment", async () => {
    const app = testApp();
    const members = Array.from({ length: 20_000 }, (_, at) => ({ id: `m${at}` }));
    await app.groupResult({ id: "g", children: members }).save();
    const graph = await buildGraph(app, "g", { maxNodes: 1_000_000 });
    expect([graph.nodes.length, graph.truncated]).toEqual([10_000, true]);
  });
});

const graph: ResultGraph = {
  nodes: [
    { id: "g", kind: "group" },
    { id: "a", kind: "task", name: "m.add", state: "SUCCESS" },
    { id: '"];x["\\', kind: "task", name: '<b>"&#\n`end', state: "PENDING" },
  ],
  edges: [
    { from: "g", to: "a", kind: "member" },
    { from: "g", to: '"];x["\\', kind: "body" },
    { from: "a", to: '"];x["\\', kind: "child" },
  ],
  truncated: false,
};

describe("the graph as text", () => {
  test("is a Mermaid flowchart in which no label is markup", () => {
    expect(toMermaid(graph)).toBe(`flowchart TD
  n0{{"group<br>g"}}
  n1["m.add<br>a<br>SUCCESS"]
  n2["#60;b#62;#34;#38;#35;#10;#96;end<br>#34;#93;#59;x#91;#34;#92;<br>PENDING"]
  n0 -.-> n1
  n0 ==>|body| n2
  n1 --> n2
`);
  });

  test("is a digraph of Graphviz in which no label ends early", () => {
    expect(toDot(graph)).toBe(`digraph results {
  n0 [label="group\\ng", shape=hexagon];
  n1 [label="m.add\\na\\nSUCCESS", shape=box];
  n2 [label="<b>\\"&#U+000a\`end\\n\\"];x[\\"\\\\\\nPENDING", shape=box];
  n0 -> n1 [style=dashed];
  n0 -> n2 [style=bold, label="body"];
  n1 -> n2 [style=solid];
}
`);
  });

  test("is cut where a name is long, and has no half characters", () => {
    const long = {
      nodes: [{ id: `${"😀".repeat(500)}`, kind: "task" as const }],
      edges: [],
      truncated: false,
    };
    expect(toMermaid(long).length).toBeLessThan(2000);
    const half = { nodes: [{ id: "a\ud800", kind: "task" as const }], edges: [], truncated: false };
    expect(toDot(half)).toContain('label="a\ufffd"');
  });
});
