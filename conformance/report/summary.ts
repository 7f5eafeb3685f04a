/** summary.md: what a run found, for people. */
import type { Status } from "../run/result.ts";
import { cell, markdownTable } from "./markdown.ts";
import type { Report } from "./report.ts";
import type { Tally } from "./tally.ts";

/** Results that are listed one by one. */
const LISTED: readonly Status[] = ["fail", "error", "known-fail", "flaky", "warn"];
const MAX_LISTED = 200;

export function toSummary(report: Report): string {
  const { adapter, totals } = report;
  const counts = Object.entries(totals).filter(([, count]) => count > 0);
  const listed = LISTED.flatMap((status) => report.results.filter((result) => result.status === status));
  const rows = listed.slice(0, MAX_LISTED).map(({ status, id, message }) => [status, `\`${id}\``, message]);
  const levels = Object.entries(report.levels).map(([level, { about, must, should }]) => [
    level,
    about,
    passedOf(must),
    passedOf(should),
  ]);
  const profiles = Object.entries(report.profiles).map(([name, { state, must }]) => [
    `\`${name}\``,
    state,
    `${must.passed} of ${must.total}`,
  ]);
  const features = Object.entries(report.features).map(([name, { support, ...tally }]) => [
    `\`${name}\``,
    support,
    passedOf(tally),
  ]);
  const parts = [
    `# ${cell(adapter.name)} ${cell(adapter.version)} (${cell(adapter.language)})`,
    `Runner ${report.runner}, vectors ${report.vectors}, ${report.started_at}.`,
    markdownTable(
      ["result", "vectors"],
      counts.map(([status, count]) => [status, String(count)]),
    ),
    "## Levels",
    markdownTable(["level", "about", "MUST", "SHOULD"], levels),
    ...(rows.length > 0 ? ["## To look at", markdownTable(["result", "vector", "why"], rows)] : []),
    ...(profiles.length > 0 ? ["## Profiles", markdownTable(["profile", "state", "MUST"], profiles)] : []),
    "## Features",
    markdownTable(["feature", "support", "passed"], features),
  ];
  return `${parts.join("\n\n")}\n`;
}

/** `12 of 14`, of those that were tried. */
function passedOf({ passed, tried }: Tally): string {
  return tried === 0 ? "-" : `${passed} of ${tried}`;
}
