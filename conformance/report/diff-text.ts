/** The changes between two runs in words. */
import type { Change, DiffSide, ReportDiff } from "./diff.ts";

const TITLES = {
  newly_failing: "newly failing",
  newly_passing: "newly passing",
  changed: "changed",
  added: "added",
  removed: "removed",
} as const;

/** The same in words; `nothing changed` when all lists are empty. */
export function describeDiff(diff: ReportDiff): string {
  const side = ({ adapter, version, vectors, started_at }: DiffSide): string =>
    `${adapter} ${version}, vectors ${vectors}, ${started_at}`;
  const lists = Object.entries(TITLES).flatMap(([name, title]) => {
    const changes = diff[name as keyof typeof TITLES];
    return changes.length === 0 ? [] : [`${title}: ${changes.length}`, ...changes.map(changeLine)];
  });
  const told = lists.length === 0 ? ["nothing changed"] : lists;
  return [`old  ${side(diff.old)}`, `new  ${side(diff.new)}`, ...told].join("\n");
}

function changeLine({ id, old, new: now, message }: Change): string {
  const statuses = [old, now].filter((status) => status !== null).join(" -> ");
  return `  ${statuses}  ${id}${message === "" || now === null ? "" : `  ${message}`}`;
}
