/** The table of clients/README.md: what each client can do, as the scenario found it. */
import type { ComparedStep } from "./compare.ts";
import { CLIENTS } from "./languages.ts";

/** Feature to the mark in the table. */
export type Column = ReadonlyMap<string, string>;

const TABLE = /(<!-- features -->\n)[\s\S]*?(<!-- \/features -->)/;

/** A feature is there when every step of it did what it should. */
export function featureColumn(steps: readonly ComparedStep[]): Column {
  const column = new Map<string, string>();
  for (const { feature, differences, isUnsupported } of steps) {
    const mark = isUnsupported ? "no" : differences.length > 0 ? "fails" : "yes";
    const before = column.get(feature) ?? "yes";
    column.set(feature, before === "yes" ? mark : before);
  }
  return column;
}

/** The page with the table written anew. Clients that did not run keep their columns. */
export function withTable(page: string, columns: ReadonlyMap<string, Column>): string {
  const known = columnsOf(TABLE.exec(page)?.[0] ?? "");
  const all = CLIENTS.map(({ title }) => [title, columns.get(title) ?? known.get(title)] as const);
  const features = new Set([...columns.values(), ...known.values()].flatMap((column) => [...column.keys()]));
  const rows = [...features].map((feature) => [
    feature,
    ...all.map(([, column]) => column?.get(feature) ?? ""),
  ]);
  const head = ["", ...all.map(([title]) => title)];
  const lines = [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
  return page.replace(TABLE, (_, before: string, after: string) => `${before}${lines.join("\n")}\n${after}`);
}

function columnsOf(table: string): Map<string, Column> {
  const rows = table
    .split("\n")
    .filter((line) => line.startsWith("|") && !line.startsWith("| ---"))
    .map((line) =>
      line
        .slice(1, -1)
        .split("|")
        .map((cell) => cell.trim()),
    );
  const [head = [], ...body] = rows;
  const columns = head.slice(1).map((title, at) => {
    const cells = body.map((row) => [row[0] ?? "", row[at + 1] ?? ""] as const);
    return [title, new Map(cells)] as const;
  });
  return new Map(columns.filter(([, column]) => [...column.values()].some((mark) => mark !== "")));
}
