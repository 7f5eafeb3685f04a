/** The Prefer header (RFC 7240): how long a caller wants to wait. */

export interface Preference {
  /** Seconds to wait for the task, already capped; 0 answers at once. */
  readonly waitSeconds: number;
  /** For Preference-Applied; undefined when nothing was asked for. */
  readonly applied: string | undefined;
}

const NONE: Preference = { waitSeconds: 0, applied: undefined };
const WAIT = /^wait\s*=\s*"?(\d{1,9})"?$/i;
const STRICT = /^handling\s*=\s*"?strict"?$/i;
const RESPOND_ASYNC = /^respond-async$/i;

/** True for `handling=strict`: all or nothing. */
export function prefersStrict(header: string | readonly string[] | undefined): boolean {
  return header !== undefined && preferencesOf(header).some((part) => STRICT.test(part));
}

/** Reads `wait=N` and `respond-async`; what it does not know it ignores, as the RFC asks. The first wait counts. */
export function readPreference(
  header: string | readonly string[] | undefined,
  maxSeconds: number,
): Preference {
  if (header === undefined) return NONE;
  const preferences = preferencesOf(header);
  const wait = preferences.map((part) => WAIT.exec(part)?.[1]).find((digits) => digits !== undefined);
  const isAsync = preferences.some((part) => RESPOND_ASYNC.test(part));
  if (wait === undefined) return isAsync ? { waitSeconds: 0, applied: "respond-async" } : NONE;
  const waitSeconds = Math.min(Number(wait), maxSeconds);
  return { waitSeconds, applied: `wait=${waitSeconds}` };
}

/** Without their parameters. */
function preferencesOf(header: string | readonly string[]): readonly string[] {
  const text = typeof header === "string" ? header : header.join(",");
  return text.split(",").map((part) => part.split(";")[0]?.trim() ?? "");
}
