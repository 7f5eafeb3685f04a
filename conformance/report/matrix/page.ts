/** matrix.html: the matrix as a page of the same make as report.html. */
import { LEVELS } from "../../suite/vector.ts";
import { toPage } from "../html/document.ts";
import { dataTable, tallyMark, webLink } from "../html/parts.ts";
import { type Html, html } from "../html/template.ts";
import { MATRIX_LEGEND } from "./legend.ts";
import type { Matrix, MatrixCell } from "./matrix.ts";

const TITLE = "How implementations of Celery's protocol do";

export function toMatrixPage({ levels, rows, missing, runner, vectors, date }: Matrix): string {
  const lines = rows.map(({ name, homepage, version, language, levels: cells, leftOut }) => [
    webLink(homepage ?? "", name),
    version,
    language,
    ...levels.map((level) => cellMark(cells[level])),
    leftOut,
  ]);
  return toPage({
    title: TITLE,
    main: html`<h1>${TITLE}</h1>
<p>${MATRIX_LEGEND}</p>
<p class="quiet">Celerity ${runner}, vectors ${vectors}, ${date}</p>
${dataTable("Implementations by level", ["Implementation", "Version", "Language", ...levels, "Left out"], lines)}
<h2>Levels</h2>
<dl>
${levels.map((level) => html`<dt>${level}</dt><dd>${LEVELS[level]}</dd>\n`)}</dl>
${missing.length > 0 && missingPart(missing)}`,
  });
}

function missingPart(missing: Matrix["missing"]): Html {
  const rows = missing.map(({ name, homepage, language, why }) => [
    webLink(homepage ?? "", name),
    language,
    html`<pre class="wrapped">${why}</pre>`,
  ]);
  return html`<h2>Not tried</h2>
${dataTable("Not tried", ["Implementation", "Language", "Why"], rows)}`;
}

function cellMark(cell: MatrixCell | undefined): Html {
  const parts = cell === undefined ? [] : [cell.must, cell.should].filter(({ tried }) => tried > 0);
  if (parts.length === 0) return html`<span class="quiet">-</span>`;
  return html`${parts.map((tally, at) => html`${at > 0 && html` <span class="quiet">·</span> `}${tallyMark(tally)}`)}`;
}
