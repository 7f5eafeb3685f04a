/** What several parts of the pages are made of. */
import type { Status } from "../../run/result.ts";
import type { Tally } from "../tally.ts";
import { type Html, html, type Part } from "./template.ts";

/** A colour of the style; it only repeats what the text says. */
export type Tone = "good" | "bad" | "warn" | "note" | "quiet";

export const STATUS_TONES: Readonly<Record<Status, Tone>> = {
  pass: "good",
  fail: "bad",
  warn: "warn",
  info: "note",
  skip: "quiet",
  disabled: "quiet",
  error: "bad",
  "known-fail": "warn",
  flaky: "warn",
};

export function statusMark(status: Status): Html {
  return html`<span class="status ${STATUS_TONES[status]}">${status}</span>`;
}

/** `12 of 14`, coloured by whether it is all, some or nothing; a dash when nothing was tried. */
export function tallyMark(tally: Tally, of: number = tally.tried): Html {
  if (tally.tried === 0) return html`<span class="quiet">-</span>`;
  const tone: Tone = tally.passed === of ? "good" : tally.passed === 0 ? "bad" : "warn";
  return html`<span class="figure ${tone}">${tally.passed} of ${of}</span>`;
}

/** A table that scrolls by itself, with the keyboard too, where the screen is narrow. The first cell of a row is its head. */
export function dataTable(label: string, head: readonly Part[], rows: readonly (readonly Part[])[]): Html {
  const cells = ([first, ...rest]: readonly Part[]): Html =>
    html`<tr><th scope="row">${first}</th>${rest.map((part) => html`<td>${part}</td>`)}</tr>\n`;
  return html`<div class="scroll" role="region" tabindex="0" aria-label="${label}"><table>
<thead><tr>${head.map((part) => html`<th scope="col">${part}</th>`)}</tr></thead>
<tbody>
${rows.map(cells)}</tbody>
</table></div>`;
}

/** Text cut to what a page can hold. */
export function clipped(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max)}... (${text.length} characters)`;
}

/** A link for addresses of the web; for others the text stays text. */
export function webLink(address: string, text: string = address): Html {
  if (!/^https?:\/\//.test(address)) return html`${text}`;
  return html`<a href="${address}" rel="noopener noreferrer">${text}</a>`;
}
