import { expect, test } from "vitest";
import {
  type Graph,
  type GraphEdge,
  type GraphNode,
  type Layout,
  layOut,
} from "../../dashboard/src/views/workflow/layout.ts";

const nodes = (...ids: readonly string[]): GraphNode[] => ids.map((id) => ({ id, kind: "task" }));
/** `ab` leads from a to b. */
const edges = (kind: string, ...pairs: readonly string[]): GraphEdge[] =>
  pairs.map((pair) => ({ from: pair.charAt(0), to: pair.charAt(1), kind }));
const rowsOf = ({ rows }: Layout): string[] => rows.map((row) => row.map(({ id }) => id).join(""));

test("a row for each step, by the longest way", () => {
  const graph: Graph = { nodes: nodes("a", "b", "c", "d"), edges: edges("child", "ab", "bd", "ad", "ac") };
  expect(rowsOf(layOut(graph))).toEqual(["a", "bc", "d"]);
});

test("what leads back ends nowhere", () => {
  const graph: Graph = { nodes: nodes("a", "b"), edges: edges("child", "ab", "ba") };
  expect(rowsOf(layOut(graph)).join("")).toHaveLength(2);
});

test("what follows a group comes after its members", () => {
  const graph: Graph = {
    nodes: [{ id: "g", kind: "group" }, ...nodes("a", "b", "c", "d")],
    edges: [
      ...edges("body", "gd"),
      ...edges("member", "gb", "gc"),
      ...edges("parent", "ag"),
      ...edges("child", "ad"),
    ],
  };
  const layout = layOut(graph);
  expect(rowsOf(layout)).toEqual(["a", "g", "bc", "d"]);
  expect(layout.edges.map(({ from, to }) => from + to).sort()).toEqual(["ag", "bd", "cd", "gb", "gc"]);
});

test("a long row is counted, and a long chain is no deep recursion", () => {
  const many = Array.from({ length: 20_000 }, (_, at) => `n${at}`);
  const [row] = layOut({ nodes: nodes(...many), edges: [] }).rows;
  expect(row).toHaveLength(8);
  expect(row?.at(-1)).toMatchObject({ more: 20_000 - 7 });
  const chain = many.slice(1).map((to, at) => ({ from: many[at] ?? "", to, kind: "child" }));
  expect(layOut({ nodes: nodes(...many), edges: chain }).rows).toHaveLength(20_000);
});
