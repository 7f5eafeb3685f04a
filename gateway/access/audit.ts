/** Who changed what: one record for each request that changes something, done or refused. */
import { createWriteStream, type WriteStream } from "node:fs";
import type { Exchange } from "../exchange.ts";
import { logParam } from "../log-path.ts";
import type { GatewayLogger } from "../options.ts";
import type { Problem } from "../problems.ts";
import type { Route } from "../route.ts";

/** One record: a line of JSON in the file, and the facts of a line in the log. */
export interface AuditRecord {
  /** RFC 3339. */
  readonly time: string;
  /** The answer's X-Request-Id. */
  readonly request: string;
  readonly caller: string;
  readonly tenant?: string;
  readonly address?: string;
  /** The operation's name in the OpenAPI document: `submitTask`. */
  readonly action: string;
  /** What the path names. */
  readonly target?: Readonly<Record<string, string>>;
  /** Tasks that were sent, the first hundred of them. */
  readonly sent?: readonly { readonly id: string; readonly task: string }[];
  /** `done`, or the name of the problem. */
  readonly outcome: string;
}

export interface AuditOptions {
  /** File that records are appended to. Default: they go to the log alone. */
  readonly path?: string;
  readonly logger: GatewayLogger;
}

const CHANGES: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH", "DELETE"]);
/** Tasks of one record. */
const MAX_SENT = 100;
/** Characters of anything that a caller chose. */
const MAX_TEXT = 255;
/** Bytes that a slow disk may leave unwritten before records are lost, which the log tells. */
const MAX_UNWRITTEN = 16 * 1024 * 1024;
/** What JSON leaves as it is, though terminals obey it and some readers break lines at it. */
const CONTROLS = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

export class AuditLog {
  readonly #logger: GatewayLogger;
  readonly #file: WriteStream | undefined;
  #hasFailed = false;

  constructor({ path, logger }: AuditOptions) {
    this.#logger = logger;
    this.#file = path === undefined ? undefined : createWriteStream(path, { flags: "a", mode: 0o600 });
    this.#file?.on("error", (error) => this.#fail(error));
  }

  /** Names the request, before it runs. False for one that changes nothing. */
  begin(exchange: Exchange, { method }: Route): boolean {
    if (!CHANGES.has(method)) return false;
    exchange.headers["x-request-id"] = exchange.requestId;
    return true;
  }

  /** After the request was answered; with what it ended in when that was not what its caller wanted. */
  end(exchange: Exchange, route: Route, problem: Problem | undefined): void {
    if (this.#file === undefined && this.#logger.isLevelEnabled?.("info") === false) return;
    const record = toRecord(exchange, route, problem);
    this.#logger.info({ audit: record }, `Audit: ${record.action} by ${record.caller}: ${record.outcome}`);
    if (this.#file === undefined) return;
    if (this.#file.destroyed || this.#file.writableLength > MAX_UNWRITTEN) {
      this.#fail(new Error("The file takes no more."));
      return;
    }
    this.#file.write(`${toLine(record)}\n`);
  }

  #fail(error: Error): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.#logger.error({ err: error }, "The audit log cannot be written; its records are in this log alone");
  }

  /** Resolves when all is written. */
  async close(): Promise<void> {
    const file = this.#file;
    if (file === undefined || file.destroyed) return;
    await new Promise<void>((resolve) => {
      file.once("close", resolve);
      file.end();
    });
  }
}

function toRecord(exchange: Exchange, { operation }: Route, problem: Problem | undefined): AuditRecord {
  const { caller, req, params, requestId, sent } = exchange;
  const target = Object.entries(params).map(([name, value]) => [
    name,
    logParam(name, value).slice(0, MAX_TEXT),
  ]);
  return {
    time: new Date().toISOString(),
    request: requestId,
    caller: caller.id,
    ...(caller.tenant === undefined ? {} : { tenant: caller.tenant }),
    ...(req.socket.remoteAddress === undefined ? {} : { address: req.socket.remoteAddress }),
    action: operation.operationId,
    ...(target.length === 0 ? {} : { target: Object.fromEntries(target) }),
    ...(sent.length === 0 ? {} : { sent: sent.slice(0, MAX_SENT).map(({ id, task }) => ({ id, task })) }),
    outcome: problem?.type ?? "done",
  };
}

/** One line, whatever a stranger put into it. */
function toLine(record: AuditRecord): string {
  return JSON.stringify(record).replace(CONTROLS, (char) =>
    Array.from({ length: char.length }, (_, at) => {
      const unit = char.charCodeAt(at).toString(16);
      return `\\u${unit.padStart(4, "0")}`;
    }).join(""),
  );
}
