/** Graphs of results as text that other programs draw. Names and ids are strangers' text, so every label is escaped. */
import type { EdgeKind, GraphNode, ResultGraph } from "./graph.ts";

/** A Mermaid flowchart, which Markdown pages of GitHub and GitLab draw. */
export function toMermaid(graph: ResultGraph): string {
  const number = numbers(graph);
  const node = (shown: GraphNode): string => {
    const label = labelOf(shown).map(escapeMermaid).join("<br>");
    const [open, close] = shown.kind === "group" ? ["{{", "}}"] : ["[", "]"];
    return `  n${number(shown.id)}${open}"${label}"${close}`;
  };
  const lines = graph.edges.map(
    ({ from, to, kind }) => `  n${number(from)} ${MERMAID_ARROWS[kind]} n${number(to)}`,
  );
  return ["flowchart TD", ...graph.nodes.map(node), ...lines, ""].join("\n");
}

/** A digraph for Graphviz. */
export function toDot(graph: ResultGraph): string {
  const number = numbers(graph);
  const node = (shown: GraphNode): string => {
    const label = labelOf(shown).map(escapeDot).join("\\n");
    return `  n${number(shown.id)} [label="${label}", shape=${shown.kind === "group" ? "hexagon" : "box"}];`;
  };
  const lines = graph.edges.map(
    ({ from, to, kind }) => `  n${number(from)} -> n${number(to)} [${DOT_STYLES[kind]}];`,
  );
  return ["digraph results {", ...graph.nodes.map(node), ...lines, "}", ""].join("\n");
}

const MERMAID_ARROWS: Readonly<Record<EdgeKind, string>> = {
  body: "==>|body|",
  member: "-.->",
  child: "-->",
  parent: "-->",
};

const DOT_STYLES: Readonly<Record<EdgeKind, string>> = {
  body: 'style=bold, label="body"',
  member: "style=dashed",
  child: "style=solid",
  parent: "style=solid",
};

/** Ids may hold anything; numbers are safe in every language. */
function numbers({ nodes }: ResultGraph): (id: string) => number {
  const byId = new Map(nodes.map(({ id }, at) => [id, at]));
  return (id) => byId.get(id) ?? -1;
}

/** Longest name or id that is shown. */
const MAX_LABEL = 200;

/** Lines of text: name, id, state. */
function labelOf({ id, name, state, kind }: GraphNode): readonly string[] {
  const lines = [name ?? (kind === "group" ? "group" : undefined), id, state];
  return lines
    .filter((line) => line !== undefined)
    .map((line) => line.slice(0, MAX_LABEL).replace(/\p{Cs}/gu, "\ufffd"));
}

/** Everything but letters, digits and a few marks as `#34;`, Mermaid's form of a character; "1. " and "- " would be lists. */
function escapeMermaid(text: string): string {
  return text.replace(/[^\p{L}\p{N}_.:@ -]|[.-](?= )/gu, (character) => `#${character.codePointAt(0)};`);
}

/** In quotes, only the quote and the backslash mean something; what nobody sees is shown as its number. */
function escapeDot(text: string): string {
  return text
    .replace(/["\\]/g, "\\$&")
    .replace(
      /[\p{Cc}\p{Cf}]/gu,
      (character) => `U+${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`,
    );
}
