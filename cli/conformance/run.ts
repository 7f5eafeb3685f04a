/** `celerity conformance run`. */
import { resolve } from "node:path";
import {
  bareWorkerInfo,
  countByStatus,
  exitCodeOf,
  explainResult,
  type Result,
  type Run,
  readPatterns,
  resultLine,
  runVectors,
  type SessionOptions,
  type Status,
  type Suite,
  toReport,
  writeReports,
} from "../../conformance/index.ts";
import { ConfigurationError } from "../../protocol/index.ts";
import { redactUrl } from "../../transports/index.ts";
import { VERSION } from "../../version.ts";
import { plainText } from "../plain-text.ts";
import { type AdapterFlags, programOf, type RunFlags, selected } from "./options.ts";

/** Results that are told while others still run. */
const TOLD: ReadonlySet<Status> = new Set(["fail", "error", "warn", "flaky"]);
const EXPLAINED: ReadonlySet<Status> = new Set(["fail", "error"]);
/** Results that are explained at the end; report.json has all. */
const MAX_EXPLAINED = 10;
const PROGRESS_EVERY = 50;

/** Resolves to the exit code. */
export async function runAdapter(words: readonly string[], flags: RunFlags): Promise<number> {
  const { suite, vectors } = selected(flags.cmd === undefined ? flags : forWorker(flags));
  const run = await runVectors({
    vectors,
    session: sessionOptions(words, flags, suite),
    servers: flags,
    oracle: oracleOptions(flags, suite),
    parallel: flags.parallel,
    isStrict: flags.strict === true,
    knownFailing: readPatterns(flags.knownFailing ?? ""),
    knownFlaky: readPatterns(flags.knownFlaky ?? ""),
    onResult: tellProgress,
  });
  const exitCode = exitCodeOf(run.results);
  printExplanations(run.results);
  printTotals(run);
  if (flags.report !== undefined) {
    const replay = replayArguments(words, flags);
    const report = toReport(run, { runner: VERSION, suite, exitCode, replay });
    print(`Written: ${writeReports(report, flags.report).join(", ")}`);
  }
  return exitCode;
}

/** What tries a vector of this run again, beside its id. Reports are shown to others: passwords are not in it. */
function replayArguments(words: readonly string[], flags: RunFlags): readonly string[] {
  const { timeout, broker, backend, vectors, cmd, has, oracle } = flags;
  const hidden = { broker: broker && redactUrl(broker), backend: backend && redactUrl(backend) };
  const options = Object.entries({ ...hidden, vectors, cmd, has: has?.join(), oracle }).flatMap(
    ([name, value]) => (value === undefined ? [] : [`--${name}`, value]),
  );
  return ["--timeout", String(timeout), ...options, ...(cmd === undefined ? ["--", ...words] : [])];
}

/** Throws ConfigurationError. */
function forWorker(flags: RunFlags): RunFlags {
  const { role = ["worker"] } = flags;
  if (role.every((name) => name === "worker")) return { ...flags, role };
  throw new ConfigurationError("--cmd starts a worker: --role can be nothing but worker with it.");
}

/** For vectors of that suite. Throws ConfigurationError. */
export function sessionOptions(words: readonly string[], flags: AdapterFlags, suite?: Suite): SessionOptions {
  const { cmd, has, timeout, validate } = flags;
  return {
    command: programOf(words, flags),
    timeoutMs: timeout * 1000,
    ...(suite !== undefined && { suiteFolder: resolve(suite.folder) }),
    ...(cmd !== undefined && { bare: bareWorkerInfo(cmd, suite?.vectors ?? [], has) }),
    ...(validate === true && { onBroken: tellBroken }),
  };
}

/** Of the Celery that takes part, if one is named. */
export function oracleOptions({ oracle, timeout }: AdapterFlags, suite: Suite): SessionOptions | undefined {
  return oracle === undefined ? undefined : sessionOptions(oracle.trim().split(/\s+/), { timeout }, suite);
}

function tellBroken(line: string, problems: readonly string[]): void {
  process.stderr.write(`contract: ${plainText(problems.join("; "))}\n  ${plainText(line.slice(0, 500))}\n`);
}

/** To standard error, so that the result can go elsewhere. */
function tellProgress(result: Result, done: number, of: number): void {
  if (TOLD.has(result.status)) process.stderr.write(`${plainText(resultLine(result)).slice(0, 300)}\n`);
  else if (done % PROGRESS_EVERY === 0 && done < of) process.stderr.write(`${done} of ${of}\n`);
}

function printExplanations(results: readonly Result[]): void {
  const wrong = results.filter(({ status }) => EXPLAINED.has(status));
  for (const result of wrong.slice(0, MAX_EXPLAINED)) printLines(explainResult(result));
  if (wrong.length > MAX_EXPLAINED)
    print(`... and ${wrong.length - MAX_EXPLAINED} more; --report writes all of them.`);
}

function printTotals(run: Run): void {
  const { name, version, language } = run.adapter;
  const totals = Object.entries(countByStatus(run.results)).filter(([, count]) => count > 0);
  print(
    `${name} ${version} (${language}): ${totals.map(([status, count]) => `${count} ${status}`).join(", ")}`,
  );
  if (!run.endedWell) print("The adapter did not end with exit code 0 when it was asked to stop.");
}

/** Text of an adapter must not move the cursor. */
export function printLines(text: string): void {
  for (const line of text.split("\n")) print(line);
}

export function print(line: string): void {
  process.stdout.write(`${plainText(line)}\n`);
}
