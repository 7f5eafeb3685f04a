/** What a gateway has answered to the clients of this suite, and what must be true of it. */
import type { Check } from "./fault.ts";

/** One attempt to send a task. */
export interface Answer {
  /** Its Idempotency-Key: the same for all attempts of one task. */
  readonly key: string;
  /** Milliseconds since 1970. */
  readonly sentAtMs: number;
  readonly answeredAtMs: number;
  /** 0: no answer came, as from a gateway that was killed. */
  readonly status: number;
  /** Last part of a problem's type: `broker-refused`. */
  readonly problem?: string;
  /** Of the task, in a 202. */
  readonly id?: string;
}

/** A time in milliseconds since 1970, from and to. */
export interface Period {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Seconds within which a gateway says that the broker does not take anything. */
export const REFUSAL_LIMIT = 5;
/** What the clock of a busy client adds to it. */
const SLACK_MS = 500;
/** Answers that a careful client repeats; all others but 202 are faults. */
const REPEATED: ReadonlySet<number> = new Set([0, 409, 429, 503]);
const BROKER_PROBLEMS: ReadonlySet<string> = new Set(["broker-refused", "broker-unavailable"]);

/** Of any run: each key stands for one task, and no answer is a fault of the gateway's. */
export function checkAnswers(answers: readonly Answer[]): Check[] {
  const accepted = answers.filter(({ status }) => status === 202);
  const idsOfKeys = group(
    accepted,
    ({ key }) => key,
    ({ id }) => id,
  );
  const keysOfIds = group(
    accepted,
    ({ id }) => id,
    ({ key }) => key,
  );
  const faulty = answers.filter(({ status }) => status !== 202 && !REPEATED.has(status));
  return [
    { what: "Idempotency-Keys with two tasks", value: countOfLarger(idsOfKeys), limit: 0 },
    { what: "tasks of two Idempotency-Keys", value: countOfLarger(keysOfIds), limit: 0 },
    { what: `answers that must not be${nameOf(faulty)}`, value: faulty.length, limit: 0 },
  ];
}

/** While the broker took nothing: every request was refused for that, soon enough, and at least one was made. */
export function checkRefusals(answers: readonly Answer[], { fromMs, toMs }: Period): Check[] {
  const limitMs = REFUSAL_LIMIT * 1000 + SLACK_MS;
  // What was asked shortly before the end may have been answered after it, and then as it pleased.
  const during = answers.filter(
    ({ sentAtMs, answeredAtMs }) =>
      sentAtMs >= fromMs && (answeredAtMs <= toMs || sentAtMs <= toMs - limitMs),
  );
  const others = during.filter(
    ({ status, problem = "" }) => status !== 202 && !(status === 503 && BROKER_PROBLEMS.has(problem)),
  );
  const accepted = during.filter(({ status }) => status === 202).length;
  const slowestMs = Math.max(0, ...during.map(({ sentAtMs, answeredAtMs }) => answeredAtMs - sentAtMs));
  return [
    { what: "missing refusals", value: during.length === 0 ? 1 : 0, limit: 0 },
    { what: "accepted while the broker took nothing", value: accepted, limit: 0 },
    { what: `answers that do not say what is wrong${nameOf(others)}`, value: others.length, limit: 0 },
    { what: "seconds to the slowest refusal", value: slowestMs / 1000, limit: limitMs / 1000 },
  ];
}

/** Refusals at this time. */
export function refusedIn(answers: readonly Answer[], { fromMs, toMs }: Period): readonly Answer[] {
  return answers.filter(
    ({ status, sentAtMs, answeredAtMs }) => status === 503 && answeredAtMs >= fromMs && sentAtMs <= toMs,
  );
}

/** Whether the broker may have taken the task all the same: it did not say no, it said nothing. */
export function isUnconfirmed({ problem }: Answer): boolean {
  return problem === "broker-unavailable";
}

/** From a moment to the first task that was asked for then and accepted, in seconds; Infinity when none was. */
export function secondsToAccept(answers: readonly Answer[], atMs: number): number {
  const later = answers.filter(({ status, answeredAtMs }) => status === 202 && answeredAtMs >= atMs);
  return (Math.min(...later.map(({ answeredAtMs }) => answeredAtMs)) - atMs) / 1000;
}

/** Within how many milliseconds so many of a hundred were done; 0 of none. */
export function percentile(durationsMs: readonly number[], percent: number): number {
  const sorted = [...durationsMs].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)] ?? 0;
}

/** ` (500 internal-error, 404)` of what is there, each once. */
function nameOf(answers: readonly Answer[]): string {
  const names = new Set(answers.map(({ status, problem = "" }) => `${status} ${problem}`.trim()));
  return names.size === 0 ? "" : ` (${[...names].join(", ")})`;
}

function group(
  answers: readonly Answer[],
  by: (answer: Answer) => string | undefined,
  member: (answer: Answer) => string | undefined,
): Map<string, Set<string>> {
  const groups = new Map<string, Set<string>>();
  for (const answer of answers) {
    const name = by(answer) ?? "";
    groups.set(name, (groups.get(name) ?? new Set()).add(member(answer) ?? ""));
  }
  return groups;
}

function countOfLarger(groups: ReadonlyMap<string, ReadonlySet<string>>): number {
  return [...groups.values()].filter(({ size }) => size > 1).length;
}
