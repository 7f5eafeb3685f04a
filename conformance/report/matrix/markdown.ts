/** matrix.md: the matrix for whoever reads the repository. */
import { LEVELS } from "../../suite/vector.ts";
import { markdownTable } from "../markdown.ts";
import type { Tally } from "../tally.ts";
import { MATRIX_LEGEND } from "./legend.ts";
import type { Matrix, MatrixCell } from "./matrix.ts";

export function toMatrixMarkdown({ levels, rows, missing, runner, vectors, date }: Matrix): string {
  const lines = rows.map(({ name, version, language, levels: cells, leftOut }) => [
    name,
    version,
    language,
    ...levels.map((level) => textOf(cells[level])),
    String(leftOut),
  ]);
  const absent = missing.map(({ name, language, why }) => [name, language, why]);
  const parts = [
    "# How implementations of Celery's protocol do",
    `${MATRIX_LEGEND} Celerity ${runner}, vectors ${vectors}, ${date}; \`npm run conformance:matrix\` makes it again.`,
    markdownTable(["implementation", "version", "language", ...levels, "left out"], lines),
    levels.map((level) => `- **${level}** ${LEVELS[level]}`).join("\n"),
    ...(absent.length > 0
      ? ["## Not tried", markdownTable(["implementation", "language", "why"], absent)]
      : []),
  ];
  return `${parts.join("\n\n")}\n`;
}

/** `12/14`, and `· 3/4` of the SHOULD vectors when some were tried. */
function textOf(cell: MatrixCell | undefined): string {
  const parts = cell === undefined ? [] : [cell.must, cell.should].filter(({ tried }) => tried > 0);
  return parts.length === 0 ? "-" : parts.map(({ passed, tried }: Tally) => `${passed}/${tried}`).join(" · ");
}
