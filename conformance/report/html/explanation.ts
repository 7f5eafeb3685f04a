/** Everything about one result: what differs, the bytes, what was said, and where the truth is. */
import type { Flag } from "../../suite/vector.ts";
import type { Difference, Weight } from "../../values/compare.ts";
import type { Tagged } from "../../values/tagged.ts";
import type { Report, ReportedResult } from "../report.ts";
import { replayCommandOf } from "../repro.ts";
import { hexDifference, hexView } from "./hex-view.ts";
import { clipped, dataTable, statusMark } from "./parts.ts";
import { dataOf } from "./results.ts";
import { type Html, html } from "./template.ts";

/** Longest value of a difference, and longest command or answer, in characters. */
const MAX_VALUE = 1_000;
const MAX_SPOKEN = 4_000;
/** Lines of a scenario that are shown. */
const MAX_LINES = 200;

/** A section that is closed until it is wanted. */
export function explanation(result: ReportedResult, report: Report): Html {
  const { id, status, message } = result;
  return html`<details id="r-${id}" ${dataOf(result)}>
<summary>${statusMark(status)} <span class="id">${id}</span> ${clipped(message, MAX_VALUE)}</summary>
${differencesPart(result.differences)}
${transcriptPart(result.transcript ?? [])}
${bytesPart(result.bytes ?? {})}
${spokenPart(result)}
${flagsPart(result.flags ?? [], report.flags)}
<h3>The vector</h3>
<dl>
<dt>Level</dt><dd>${result.level}, ${result.requirement.toUpperCase()}, ${result.role}</dd>
<dt>Features</dt><dd>${result.features.join(", ")}</dd>
<dt>Specification</dt><dd>${result.spec.join("; ")}</dd>
<dt>Recorded from</dt><dd>${recordedText(result.recorded)}</dd>
${result.note !== undefined && html`<dt>Note</dt><dd>${result.note}</dd>`}
</dl>
<h3>Try it again</h3>
<pre tabindex="0">celerity ${replayCommandOf(report, id)}</pre>
</details>
`;
}

/** What weighs most comes first; what is only told is a line each. */
function differencesPart(differences: readonly Difference[]): Html | undefined {
  if (differences.length === 0) return undefined;
  const of = (weight: Weight): readonly Difference[] => differences.filter((one) => one.weight === weight);
  const told = of("info");
  return html`<h3>What differs</h3>
${[...of("must"), ...of("should")].map(differenceView)}
${told.length > 0 && html`<ul>\n${told.map(differenceLine)}</ul>`}`;
}

function differenceView({ weight, path, expected, actual, reason }: Difference): Html {
  return html`<p><strong>${weight.toUpperCase()}</strong> <code>${path}</code> ${reason}</p>
<div class="sides">
<div><h4>Expected</h4>${valueView(expected)}</div>
<div><h4>Actual</h4>${valueView(actual)}</div>
</div>
`;
}

function differenceLine({ path, expected, actual, reason }: Difference): Html {
  const why = reason === undefined ? "" : ` (${reason})`;
  return html`<li>INFO <code>${path}</code>: expected <code>${textOf(expected)}</code>, actual <code>${textOf(actual)}</code>${why}</li>\n`;
}

function valueView(value: Tagged | undefined): Html {
  return html`<pre class="wrapped">${textOf(value)}</pre>`;
}

function textOf(value: Tagged | undefined): string {
  return value === undefined ? "nothing" : clipped(JSON.stringify(value), MAX_VALUE);
}

function transcriptPart(lines: readonly string[]): Html | undefined {
  if (lines.length === 0) return undefined;
  const shown = lines.slice(0, MAX_LINES).map((line) => clipped(line, MAX_VALUE));
  const more = lines.length - shown.length;
  return html`<h3>What happened</h3>
<pre class="wrapped">${shown.join("\n")}${more > 0 && `\n... ${more} more lines`}</pre>`;
}

function bytesPart(bytes: Readonly<Record<string, string>>): readonly Html[] {
  const { recorded, answered, ...others } = bytes;
  const single = { ...(answered === undefined && recorded !== undefined && { recorded }), ...others };
  return [
    ...(recorded !== undefined && answered !== undefined
      ? [hexDifference(["recorded", recorded], ["answered", answered])]
      : []),
    ...Object.entries(single).map(([name, dump]) => hexView(name, dump)),
  ];
}

function spokenPart({ spoken }: ReportedResult): Html | undefined {
  if (spoken === undefined) return undefined;
  const { command, answer } = spoken;
  return html`<h3>Asked</h3>
<pre class="wrapped">${clipped(command, MAX_SPOKEN)}</pre>
<h3>Answered</h3>
<pre class="wrapped">${answer === undefined ? "nothing" : clipped(answer, MAX_SPOKEN)}</pre>`;
}

function flagsPart(names: readonly string[], flags: Readonly<Record<string, Flag>>): Html | undefined {
  const rows = names.map((name) => [name, flags[name]?.bugType ?? "", flags[name]?.note ?? ""]);
  if (rows.length === 0) return undefined;
  return html`<h3>Flags</h3>
${dataTable("Flags", ["Flag", "What goes wrong", "Meaning"], rows)}`;
}

function recordedText(recorded: Readonly<Record<string, string>>): string {
  return Object.entries(recorded)
    .map(([name, version]) => `${name} ${version}`)
    .join(", ");
}
