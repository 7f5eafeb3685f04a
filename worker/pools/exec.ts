/**
 * `--pool "exec:./program --flag"`: tasks run in processes of a program in any language, which reads a call from each line
 * of its input and writes an answer as a line (docs/pools.md). Started, replaced and killed as prefork's processes are.
 */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { jsonSerializer } from "../../codecs/index.ts";
import {
  ConfigurationError,
  customHeaders,
  isPlainObject,
  type PlainObject,
  toError,
} from "../../protocol/index.ts";
import type { Run } from "../job.ts";
import { failure, type Outcome } from "../outcome.ts";
import type { PoolFactory } from "../pool.ts";
import { toOutcome } from "./answer-document.ts";
import { toCallDocument } from "./call-document.ts";
import type { Carrier } from "./child/carrier.ts";
import { endWithWorker } from "./child/guard.ts";
import { packMeta, packOutcome, unpackRequest } from "./child/pack.ts";
import { ChildPool } from "./child-pool.ts";
import { LineReader } from "./line-reader.ts";

const MAX_DEPTH = 200;

const createExecPool: PoolFactory = (options) => {
  const [program, ...args] = splitCommand(options.target ?? "");
  if (program === undefined) throw new ConfigurationError('Name a program: --pool "exec:./program --flag".');
  return new ChildPool({
    ...options,
    name: "exec",
    appModule: program,
    carrier: execCarrier(program, args, options.hostname, options.maxBytes),
    defaultConcurrency: availableParallelism(),
    runsAnyTask: true,
  });
};

export default createExecPool;

/** Words, of which those with blanks are in single or double quotes. */
function splitCommand(command: string): readonly string[] {
  const words = command.match(/"[^"]*"|'[^']*'|[^\s"']+/g) ?? [];
  return words.map((word) => word.replace(/^(["'])(.*)\1$/s, "$2"));
}

/** Speaks the pool's messages with the pool, and JSON lines with the program. */
function execCarrier(program: string, args: readonly string[], hostname: string, maxBytes: number): Carrier {
  return ({ onMessage, onEnd }) => {
    const child = spawn(program, [...args], {
      stdio: ["pipe", "pipe", "inherit"],
    }) as unknown as ChildProcessWithoutNullStreams;
    const runs = new Map<string, { readonly number: number; readonly run: Run }>();
    const endsAlone = endWithWorker(child.pid);
    let ended = false;
    const end = (how: string): void => {
      if (ended) return;
      ended = true;
      endsAlone();
      onEnd(how);
    };
    const finish = (id: string, outcome: Outcome): void => {
      const known = runs.get(id);
      if (known === undefined) return;
      runs.delete(id);
      onMessage({ kind: "ended", run: known.number, outcome: packOutcome(outcome), memoryKib: 0 });
    };
    const lines = new LineReader(maxBytes, {
      onLine: (line) => {
        const answer = readAnswer(line);
        const id = answer["id"];
        // A program that runs one task at a time need not repeat its id.
        const [only] = runs.keys();
        const meant = typeof id === "string" ? id : only;
        if (meant === undefined) return;
        const known = runs.get(meant);
        if (known === undefined) return;
        if (typeof answer["state"] === "string") {
          const { state, meta = null } = answer;
          onMessage({
            kind: "update",
            update: 0,
            run: known.number,
            state: String(state),
            meta: packMeta(meta),
          });
        } else finish(meant, answerOutcome(answer, known.run, hostname));
      },
      onTooLong: () => child.kill("SIGKILL"),
    });
    child.stdout.on("data", (chunk: Buffer) => lines.push(chunk));
    // A program that ends while it is written to says so by its exit.
    child.stdin.on("error", () => undefined);
    child.on("error", (error) => end(error.message));
    child.on("exit", (code, signal) => end(signal === null ? `exit code ${code}` : `signal ${signal}`));
    return {
      pid: child.pid ?? 0,
      send(message) {
        if (message.kind === "start") setImmediate(() => !ended && onMessage({ kind: "ready" }));
        if (message.kind === "stop") child.stdin.end();
        if (message.kind === "abort") child.stdin.write(`${JSON.stringify({ abort: message.message })}\n`);
        if (message.kind !== "run") return;
        const request = unpackRequest(message.request);
        const run = {
          request,
          task: { name: request.task, options: {} },
          abort: undefined,
        } as unknown as Run;
        runs.set(request.id, { number: message.run, run });
        child.stdin.write(jsonSerializer.serialize(toCallDocument(request, customHeaders(request.headers))));
        child.stdin.write("\n");
      },
      kill: () => void child.kill("SIGKILL"),
      unref: () => child.unref(),
    };
  };
}

function answerOutcome(answer: PlainObject, run: Run, hostname: string): Outcome {
  try {
    return toOutcome(answer, run, hostname);
  } catch (error) {
    return failure(error);
  }
}

/** A line that is no JSON object is an answer that failed. */
function readAnswer(line: Uint8Array): PlainObject {
  try {
    const value = jsonSerializer.deserialize(line, { maxBytes: line.length, maxDepth: MAX_DEPTH });
    if (isPlainObject(value)) return value;
  } catch (error) {
    return {
      error: {
        type: "DecodeError",
        message: `The program wrote a line that is no JSON: ${toError(error).message}`,
      },
    };
  }
  return { error: { type: "DecodeError", message: "The program wrote a line that is no JSON object." } };
}
