/** The head of a report's page: who was tried, and how it did by level, profile and feature. */
import { STATUSES, type Status } from "../../run/result.ts";
import type { ProfileState } from "../profiles.ts";
import type { Report } from "../report.ts";
import type { Support } from "../tally.ts";
import { dataTable, STATUS_TONES, type Tone, tallyMark, webLink } from "./parts.ts";
import { type Html, html } from "./template.ts";

const VERDICTS: Readonly<Record<number, readonly [tone: Tone, text: string]>> = {
  0: ["good", "Nothing failed that should not."],
  1: ["bad", "Something failed, or passed although it is listed as failing."],
  2: ["bad", "No verdict on something: the adapter failed."],
};
const SUPPORT_TONES: Readonly<Record<Support, Tone>> = {
  full: "good",
  partial: "warn",
  incompatible: "bad",
  unknown: "quiet",
};
const PROFILE_TONES: Readonly<Record<ProfileState, Tone>> = {
  passed: "good",
  failed: "bad",
  incomplete: "quiet",
};

export function overview(report: Report): Html {
  const { adapter, exit_code } = report;
  const [tone, verdict] = VERDICTS[exit_code] ?? ["quiet", ""];
  return html`<h1>${adapter.name} ${adapter.version}</h1>
<p class="${tone}"><strong>${verdict}</strong></p>
<dl>
<dt>Language</dt><dd>${adapter.language}</dd>
<dt>Roles</dt><dd>${adapter.roles.join(", ")}</dd>
${adapter.homepage !== undefined && html`<dt>Home page</dt><dd>${webLink(adapter.homepage)}</dd>`}
${adapter.issues !== undefined && html`<dt>Issues</dt><dd>${webLink(adapter.issues)}</dd>`}
${report.broker !== undefined && html`<dt>Broker</dt><dd>${report.broker}</dd>`}
<dt>Runner</dt><dd>Celerity ${report.runner}, vectors ${report.vectors}</dd>
<dt>Run</dt><dd>${report.started_at}, ${(report.took_ms / 1000).toFixed(1)} s</dd>
</dl>
${totals(report)}
${levels(report)}
${profiles(report)}
${features(report)}`;
}

function totals({ totals: counts }: Report): Html {
  const present = Object.entries(counts) as [Status, number][];
  const items = present
    .filter(([, count]) => count > 0)
    .map(
      ([status, count]) =>
        html`<li><strong class="${STATUS_TONES[status]}">${count}</strong> ${status}<br><span class="quiet">${STATUSES[status]}</span></li>\n`,
    );
  return html`<ul class="totals">
${items}</ul>`;
}

function levels({ levels: reports }: Report): Html {
  const rows = Object.entries(reports).map(([level, { about, must, should, info }]) => {
    const total = must.total + should.total + info.total;
    const tried = must.tried + should.tried + info.tried;
    return [level, about, tallyMark(must), tallyMark(should), tallyMark(info), total - tried];
  });
  return html`<h2>Levels</h2>
${dataTable("Levels", ["Level", "About", "MUST", "SHOULD", "Information", "Not tried"], rows)}`;
}

function profiles({ profiles: reports }: Report): Html | undefined {
  const rows = Object.entries(reports).map(([name, { state, must }]) => [
    html`<span class="id">${name}</span>`,
    html`<span class="${PROFILE_TONES[state]}">${state}</span>`,
    tallyMark(must, must.total),
  ]);
  if (rows.length === 0) return undefined;
  return html`<h2>Profiles</h2>
${dataTable("Profiles", ["Profile", "State", "MUST"], rows)}`;
}

function features({ features: reports }: Report): Html {
  const rows = Object.entries(reports).map(([name, { support, ...tally }]) => [
    html`<span class="id">${name}</span>`,
    html`<span class="${SUPPORT_TONES[support]}">${support}</span>`,
    tallyMark(tally),
    tally.total - tally.tried,
  ]);
  return html`<h2>Features</h2>
${dataTable("Features", ["Feature", "Support", "Passed", "Not tried"], rows)}`;
}
