/** What people may have meant by the name of a setting: other letter case, Celery's names before 4.0, slips. */
import { absentSetting } from "./celery-settings.ts";
import { DEFAULT_SETTINGS } from "./settings.ts";

/** `taskAcksLate` is `task_acks_late`. */
export function celeryName(setting: string): string {
  return setting.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** `taskAcksLate` is `CELERY_TASK_ACKS_LATE`. */
export function environmentName(setting: string): string {
  return `CELERY_${celeryName(setting).toUpperCase()}`;
}

/** `task_acks_late` is `taskAcksLate`. */
export function settingName(name: string): string {
  return name.replace(/_([a-z])/g, (_all, letter: string) => letter.toUpperCase());
}

/** Names before Celery 4.0 that the rules below do not find. Source: celery/app/defaults.py. */
const OLD_NAMES: Readonly<Record<string, string>> = {
  celery_eager_propagates_exceptions: "task_eager_propagates",
  celery_max_cached_results: "result_cache_max",
  celery_message_compression: "task_compression",
  celery_result_db_short_lived_sessions: "database_short_lived_sessions",
  celery_result_db_tablenames: "database_table_names",
  celery_result_dburi: "database_url",
  celery_result_engine_options: "database_engine_options",
  celery_send_events: "worker_send_task_events",
  celery_send_task_sent_event: "task_send_sent_event",
  celery_task_result_expires: "result_expires",
};

/** How an old name begins, and what the new one begins with instead. */
const OLD_PREFIXES: readonly (readonly [string, readonly string[]])[] = [
  ["celerybeat_", ["beat_"]],
  ["celeryd_", ["worker_", ""]],
  ["celery_", ["", "task_", "worker_"]],
];

/**
 * Celery's present name (`task_acks_late`) for a name in any letter case (`taskAcksLate`, `TASK_ACKS_LATE`), with or
 * without `CELERY_`, or from before Celery 4.0 (`CELERY_ACKS_LATE`); undefined when Celery and this app know none.
 */
export function presentName(name: string): string | undefined {
  const isKnown = (candidate: string): boolean =>
    Object.hasOwn(DEFAULT_SETTINGS, settingName(candidate)) || absentSetting(candidate) !== undefined;
  const lower = /[a-z]/.test(name) && /^[^_]*$/.test(name) ? celeryName(name) : name.toLowerCase();
  if (isKnown(lower)) return lower;
  if (Object.hasOwn(OLD_NAMES, lower)) return OLD_NAMES[lower];
  for (const [old, replacements] of OLD_PREFIXES) {
    if (!lower.startsWith(old)) continue;
    const rest = lower.slice(old.length);
    const found = replacements.map((prefix) => prefix + rest).find(isKnown);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The setting of this app that a name means, or is but a slip away from; undefined when none is near. */
export function nearestSetting(name: string): string | undefined {
  const present = presentName(name);
  if (present !== undefined && Object.hasOwn(DEFAULT_SETTINGS, settingName(present)))
    return settingName(present);
  return nearestName(name, Object.keys(DEFAULT_SETTINGS));
}

/** The candidate that a name is but a slip away from, whatever its letter case and underscores; undefined when none is near. */
export function nearestName(name: string, candidates: readonly string[]): string | undefined {
  const wanted = plain(name);
  const [best] = candidates
    .map((candidate) => ({ candidate, slips: distance(wanted, plain(candidate)) }))
    .sort((a, b) => a.slips - b.slips);
  return best !== undefined && best.slips <= Math.min(3, wanted.length / 4) ? best.candidate : undefined;
}

/** Longer names are nobody's slip. */
const MAX_LENGTH = 100;

function plain(name: string): string {
  return name
    .slice(0, MAX_LENGTH)
    .toLowerCase()
    .replace(/^celery_/, "")
    .replaceAll("_", "");
}

/** Letters to add, drop or change (Levenshtein). */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (const [at, letter] of [...from].entries()) {
    const next = [at + 1];
    for (let column = 1; column <= to.length; column += 1) {
      const changed = (row[column - 1] ?? 0) + (letter === to[column - 1] ? 0 : 1);
      next.push(Math.min(changed, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
