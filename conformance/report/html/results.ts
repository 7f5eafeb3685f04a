/** All results of a report as a table that can be filtered. */
import type { Status } from "../../run/result.ts";
import type { Report, ReportedResult } from "../report.ts";
import { clipped, statusMark } from "./parts.ts";
import { type Html, html } from "./template.ts";

/** Longest reason in a row, in characters. */
const MAX_MESSAGE = 400;

/** What a result is looked for by: the script of the page reads it. */
export function dataOf({ id, status, level, requirement, features, message }: ReportedResult): Html {
  return html`data-vector="${id}" data-status="${status}" data-level="${level}" data-requirement="${requirement}" data-features="${features.join(" ")}" data-message="${clipped(message, MAX_MESSAGE)}"`;
}

/** `explained`: the ids that have a section of their own. */
export function resultsTable({ results, levels, totals }: Report, explained: ReadonlySet<string>): Html {
  const rows = results.map(
    (result) =>
      html`<tr ${dataOf(result)}><td>${statusMark(result.status)}</td><th scope="row" class="id">${nameOf(result.id, explained)}</th><td>${result.level}</td><td>${result.requirement.toUpperCase()}</td><td class="why">${clipped(result.message, MAX_MESSAGE)}</td></tr>\n`,
  );
  const present = Object.entries(totals).filter(([, count]) => count > 0);
  return html`<h2 id="results">Results</h2>
<form id="filter" class="filter" hidden>
<label>Text <input type="search" name="text" autocomplete="off" placeholder="id, feature, reason"></label>
<label>Result <select name="status"><option value="">all</option><option value="${WRONG.join(" ")}">wrong</option>${present.map(([status]) => html`<option>${status}</option>`)}</select></label>
<label>Level <select name="level"><option value="">all</option>${Object.keys(levels).map((level) => html`<option>${level}</option>`)}</select></label>
<label>Requirement <select name="requirement"><option value="">all</option><option value="must">MUST</option><option value="should">SHOULD</option><option value="info">INFO</option></select></label>
<button type="reset">Show all</button>
</form>
<p id="shown" class="quiet" role="status">${results.length} results</p>
<div class="scroll" role="region" tabindex="0" aria-labelledby="results"><table>
<thead><tr><th scope="col">Result</th><th scope="col">Vector</th><th scope="col">Level</th><th scope="col">Requirement</th><th scope="col">Why</th></tr></thead>
<tbody>
${rows}</tbody>
</table></div>`;
}

const WRONG: readonly Status[] = ["fail", "error", "known-fail", "flaky", "warn"];

function nameOf(id: string, explained: ReadonlySet<string>): Html {
  return explained.has(id) ? html`<a href="#r-${id}">${id}</a>` : html`${id}`;
}
