import { expect, test } from "vitest";

interface Layout {
  readonly rows: readonly (readonly { readonly id: string; readonly more?: number }[])[];
  readonly edges: readonly unknown[];
}
type LayOut = (graph: { readonly nodes: readonly object[]; readonly edges: readonly object[] }) => Layout;

// The page's own module, which has no types.
const file = new URL("../../gateway/dashboard/workflow-layout.js", import.meta.url).href;
const { layOut } = (await import(file)) as { readonly layOut: LayOut };

const nodes = (...ids: readonly string[]): object[] => ids.map((id) => ({ id, kind: "task" }));
const edges = (...pairs: readonly string[]): object[] =>
  pairs.map((pair) => ({ from: pair[0], to: pair[1], kind: "child" }));
const ids = ({ rows }: Layout): string[] => rows.map((row) => row.map(({ id }) => id).join(""));

test("a row for each step, by the longest way", () => {
  expect(ids(layOut({ nodes: nodes("a", "b", "c", "d"), edges: edges("ab", "bd", "ad", "ac") }))).toEqual([
    "a",
    "bc",
    "d",
  ]);
});

test("what leads back ends nowhere", () => {
  expect(ids(layOut({ nodes: nodes("a", "b"), edges: edges("ab", "ba") })).join("")).toHaveLength(2);
});

test("a long row is counted, and a long chain is no deep recursion", () => {
  const many = Array.from({ length: 20_000 }, (_, at) => `n${at}`);
  const [row] = layOut({ nodes: nodes(...many), edges: [] }).rows;
  expect(row).toHaveLength(8);
  expect(row?.at(-1)?.more).toBe(20_000 - 7);
  const chain = many.slice(1).map((to, at) => ({ from: many[at], to, kind: "child" }));
  expect(layOut({ nodes: nodes(...many), edges: chain }).rows).toHaveLength(20_000);
});
