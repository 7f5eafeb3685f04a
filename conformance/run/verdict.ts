/** Makes a result of an exchange. */
import { toError } from "../../protocol/index.ts";
import type { Exchange } from "../ccp/session.ts";
import { hexDump } from "../expect/hex-dump.ts";
import { bytesOf, type Judgement, judge } from "../expect/judge.ts";
import { matchesAny } from "../suite/patterns.ts";
import type { Question, ScenarioVector, Vector } from "../suite/vector.ts";
import type { Difference } from "../values/compare.ts";
import type { Result, Spoken, Status } from "./result.ts";

/** What a run takes into account beside the answer. */
export interface Allowances {
  /** Patterns of ids that must fail. */
  readonly knownFailing: readonly string[];
  /** Patterns of ids that may fail. */
  readonly knownFlaky: readonly string[];
  /** Whether a SHOULD counts as a MUST. */
  readonly isStrict: boolean;
}

/** Every failure counts, a SHOULD warns. */
export const NO_ALLOWANCES: Allowances = { knownFailing: [], knownFlaky: [], isStrict: false };

interface Finding {
  readonly status: Status;
  readonly message: string;
  readonly differences: readonly Difference[];
}

/** What a report holds of a command or an answer at most. */
const MAX_SPOKEN = 16 * 1024;

export function disabled(vector: Vector, missing: readonly string[]): Result {
  const message = `needs ${missing.join(", ")}`;
  return { ...base(vector, 0), status: "disabled", message, differences: [] };
}

export async function verdictOf(
  vector: Question,
  exchange: Exchange,
  allowances: Allowances,
): Promise<Result> {
  const finding = allow(vector, await find(vector, exchange, allowances), allowances);
  const result = { ...base(vector, exchange.answeredAtMs - exchange.sentAtMs), ...finding };
  return finding.status === "pass" ? result : { ...result, ...evidence(vector, exchange) };
}

/** What came of a scenario: what was wrong, or why there is no verdict. */
export interface Played {
  readonly differences: readonly Difference[];
  readonly trouble?: { readonly status: "skip" | "error"; readonly message: string } | undefined;
  readonly tookMs: number;
  /** What happened, a line each. */
  readonly transcript: readonly string[];
}

/** Makes a result of a scenario; also of a question that was asked as one. */
export function verdictOfPlay(
  vector: Vector,
  { differences, trouble, tookMs, transcript }: Played,
  allowances: Allowances,
): Result {
  const found: Finding =
    trouble === undefined
      ? weigh(vector, { differences, isNonstrict: false }, allowances)
      : { ...trouble, differences };
  const finding = allow(vector, found, allowances);
  const result = { ...base(vector, tookMs), ...finding };
  if (finding.status === "pass") return result;
  const told = transcript.map((line) => line.slice(0, MAX_SPOKEN));
  const bytes = vector.command === "scenario" ? messagesOf(vector) : {};
  return { ...result, transcript: told, ...(Object.keys(bytes).length > 0 && { bytes }) };
}

/** The messages that a scenario puts, by the names of their tasks. */
function messagesOf({ steps }: ScenarioVector): Readonly<Record<string, string>> {
  const dumps = steps.flatMap((step) =>
    step.do === "put"
      ? step.wires.map((wire, at) => [at === 0 ? step.as : `${step.as} (${at + 1})`, hexDump(bytesOf(wire))])
      : [],
  );
  return Object.fromEntries(dumps);
}

async function find(vector: Question, exchange: Exchange, allowances: Allowances): Promise<Finding> {
  const { outcome, sentAtMs, answeredAtMs } = exchange;
  switch (outcome.kind) {
    case "skipped":
      return { status: "skip", message: skipMessage(outcome), differences: [] };
    case "errored":
      return { status: "error", message: `the adapter says: ${outcome.message}`, differences: [] };
    case "answer":
      try {
        const answered = { fields: outcome.fields, sentAtMs, answeredAtMs };
        return weigh(vector, await judge(vector, answered), allowances);
      } catch (error) {
        return { status: "error", message: `the runner says: ${toError(error).message}`, differences: [] };
      }
    default:
      return { status: "error", message: outcome.message, differences: [] };
  }
}

function skipMessage({
  message,
  issueUrl,
}: {
  readonly message: string;
  readonly issueUrl?: string | undefined;
}): string {
  return issueUrl === undefined ? message : `${message} (${issueUrl})`;
}

function weigh(vector: Vector, { differences, isNonstrict }: Judgement, { isStrict }: Allowances): Finding {
  const heaviest = ["must", "should", "info"].find((weight) =>
    differences.some((entry) => entry.weight === weight),
  );
  const [first] = differences.filter(({ weight }) => weight === heaviest);
  const message =
    first === undefined ? "" : `${first.path} differs${first.reason ? `: ${first.reason}` : ""}`;
  if (heaviest === "must") return { status: statusOf(vector.requirement, isStrict), message, differences };
  if (heaviest === "should" || isNonstrict) {
    const told = message || "this outcome is only tolerated";
    return { status: isStrict ? "fail" : "warn", message: told, differences };
  }
  return { status: heaviest === "info" ? "info" : "pass", message, differences };
}

function statusOf(requirement: Vector["requirement"], isStrict: boolean): Status {
  if (requirement === "info") return "info";
  return requirement === "must" || isStrict ? "fail" : "warn";
}

/** Known failures are run like all others, so that a repaired one turns the run red until it is taken off the list. */
function allow(vector: Vector, finding: Finding, { knownFailing, knownFlaky }: Allowances): Finding {
  const isWrong = finding.status === "fail" || finding.status === "error";
  if (matchesAny(knownFlaky, vector.id)) return isWrong ? { ...finding, status: "flaky" } : finding;
  if (!matchesAny(knownFailing, vector.id) || finding.status === "skip") return finding;
  if (isWrong) return { ...finding, status: "known-fail" };
  const message = "it passes, but is listed as known to fail: take it off the list";
  return { ...finding, status: "fail", message };
}

function base(
  vector: Vector,
  tookMs: number,
): Pick<Result, "id" | "level" | "requirement" | "features" | "tookMs"> {
  const { id, level, requirement, features } = vector;
  return { id, level, requirement, features, tookMs };
}

function evidence(vector: Question, exchange: Exchange): Pick<Result, "spoken" | "bytes"> {
  const spoken: Spoken = {
    command: JSON.stringify(exchange.command).slice(0, MAX_SPOKEN),
    answer: exchange.line?.slice(0, MAX_SPOKEN),
  };
  return { spoken, bytes: dumps(vector, exchange) };
}

function dumps(vector: Question, { outcome }: Exchange): Readonly<Record<string, string>> {
  if (vector.command === "decode") {
    const bytes =
      vector.wire === undefined ? Buffer.from(vector.stored?.body_b64 ?? "", "base64") : bytesOf(vector.wire);
    return { sent: hexDump(bytes) };
  }
  const wire = outcome.kind === "answer" ? outcome.fields["wire"] : undefined;
  const actual = (wire as { readonly body_b64?: unknown } | undefined)?.body_b64;
  return {
    recorded: hexDump(bytesOf(vector.wire)),
    ...(typeof actual === "string" && { answered: hexDump(Buffer.from(actual, "base64")) }),
  };
}
