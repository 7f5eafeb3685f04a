/** report.html: a run for people, in one file. */
import type { Status } from "../../run/result.ts";
import type { Report, ReportedResult } from "../report.ts";
import { toPage } from "./document.ts";
import { explanation } from "./explanation.ts";
import { FILTER_SCRIPT } from "./filter-script.ts";
import { overview } from "./overview.ts";
import { resultsTable } from "./results.ts";
import { type Html, html } from "./template.ts";

/** Results that are explained, the worst first. */
const EXPLAINED: readonly Status[] = ["fail", "error", "known-fail", "flaky", "warn", "info"];
/** More would make a page that no browser likes; report.json has all. */
const MAX_EXPLAINED = 300;

export function toReportPage(report: Report): string {
  const all = EXPLAINED.flatMap((status) => report.results.filter((result) => result.status === status));
  const explained = all.slice(0, MAX_EXPLAINED);
  const { name, version } = report.adapter;
  return toPage({
    title: `${name} ${version}: conformance to Celery`,
    script: FILTER_SCRIPT,
    main: html`${overview(report)}
${resultsTable(report, new Set(explained.map(({ id }) => id)))}
${explanations(explained, all.length, report)}
${
  report.stderr !== "" &&
  html`<h2>Standard error of the adapter</h2>
<pre tabindex="0">${report.stderr}</pre>`
}`,
  });
}

function explanations(explained: readonly ReportedResult[], count: number, report: Report): Html | undefined {
  if (count === 0) return undefined;
  return html`<h2>Explained</h2>
${count > explained.length && html`<p>The first ${explained.length} of ${count}; report.json has all of them.</p>`}
${explained.map((result) => explanation(result, report))}`;
}
