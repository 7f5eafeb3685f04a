/** summary.md: what a run found, for people. */
import type { Status } from "../run/result.ts";
import type { Report } from "./report.ts";

/** Results that are listed one by one. */
const LISTED: readonly Status[] = ["fail", "error", "known-fail", "flaky", "warn"];
const MAX_LISTED = 200;

export function toSummary(report: Report): string {
  const { adapter, totals } = report;
  const counts = Object.entries(totals).filter(([, count]) => count > 0);
  const listed = LISTED.flatMap((status) => report.results.filter((result) => result.status === status));
  const rows = listed.slice(0, MAX_LISTED).map(({ status, id, message }) => [status, `\`${id}\``, message]);
  const features = Object.entries(report.features).map(([name, { support, passed, total }]) => [
    `\`${name}\``,
    support,
    `${passed} of ${total}`,
  ]);
  return [
    `# ${cell(adapter.name)} ${cell(adapter.version)} (${cell(adapter.language)})`,
    `Runner ${report.runner}, vectors ${report.vectors}, ${report.started_at}.`,
    table(
      ["result", "vectors"],
      counts.map(([status, count]) => [status, String(count)]),
    ),
    ...(rows.length > 0 ? ["## To look at", table(["result", "vector", "why"], rows)] : []),
    "## Features",
    table(["feature", "support", "passed"], features),
    "",
  ].join("\n\n");
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** Text of the adapter must not end a cell. */
function cell(text: string): string {
  return text
    .replaceAll("|", "\\|")
    .replaceAll(/[\r\n<]+/g, " ")
    .slice(0, 300);
}
