/** One request and its answer, and the few ways to answer. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { ANONYMOUS, type Caller } from "./access/caller.ts";
import type { Allowance } from "./access/quotas.ts";
import { requestIdOf } from "./requests/request-id.ts";

/** A task as the logs name it. */
export interface SentTask {
  readonly id: string;
  readonly task: string;
}

/** A request on its way through a route. */
export class Exchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** The path the gateway is mounted at, "" for the root. */
  readonly base: string;
  /** Without its question mark. */
  readonly search: string;
  /** Values of the path's `{names}`, decoded. */
  readonly params: Readonly<Record<string, string>>;
  /** Bytes of the body that count against the limit until the request is over. */
  heldBytes = 0;
  /** Who sends it; set before a route runs. */
  caller: Caller = ANONYMOUS;
  /** What a limited caller may still take; undefined for others. */
  allowance: Allowance | undefined;
  /** The body, when it had to be read before the route runs. */
  body: Buffer | undefined;
  /** Of the answer, whatever that will be; all of them once it has begun. */
  headers: Record<string, string | number> = {};
  /** When it came, by performance.now(). */
  readonly startedAtMs: number = performance.now();
  #requestId: string | undefined;
  #sent: SentTask[] | undefined;
  #query: URLSearchParams | undefined;

  constructor(
    req: IncomingMessage,
    res: ServerResponse,
    place: { readonly base: string; readonly search: string; readonly params: Exchange["params"] },
  ) {
    this.req = req;
    this.res = res;
    this.base = place.base;
    this.search = place.search;
    this.params = place.params;
  }

  /** Names it in logs and in answers. */
  get requestId(): string {
    this.#requestId ??= requestIdOf(this.req.headers["x-request-id"]);
    return this.#requestId;
  }

  /** Tasks that were sent for this request. */
  get sent(): readonly SentTask[] {
    return this.#sent ?? [];
  }

  noteSent(task: SentTask): void {
    this.#sent ??= [];
    this.#sent.push(task);
  }

  /** Without the query. */
  get path(): string {
    const { url = "/" } = this.req;
    const mark = url.indexOf("?");
    return mark === -1 ? url : url.slice(0, mark);
  }

  get query(): URLSearchParams {
    this.#query ??= new URLSearchParams(this.search);
    return this.#query;
  }

  /** A parameter that the route's path names. */
  param(name: string): string {
    return this.params[name] ?? "";
  }

  /** Begins the answer. Its headers are handed over all at once, which costs Node a fraction of one by one. */
  writeHead(status: number, headers: Readonly<Record<string, string | number>> | undefined): void {
    this.allowance?.tell(this);
    Object.assign(this.headers, headers);
    this.res.writeHead(status, this.headers);
  }

  /** Answers with JSON text. */
  json(status: number, text: string, headers?: Readonly<Record<string, string>>): void {
    this.send(status, "application/json", text, headers);
  }

  send(status: number, contentType: string, body: string, headers?: Readonly<Record<string, string>>): void {
    const all = this.headers;
    all["content-type"] = contentType;
    all["content-length"] = Buffer.byteLength(body);
    all["x-content-type-options"] = "nosniff";
    this.writeHead(status, headers);
    this.res.end(body);
  }

  /** Answers without a body. */
  empty(status: number, headers: Readonly<Record<string, string>>): void {
    this.writeHead(status, headers);
    this.res.end();
  }

  /** Runs `listener` when the answer is over, or the caller has gone. */
  onClose(listener: () => void): void {
    if (this.res.closed || this.res.destroyed) listener();
    else this.res.once("close", listener);
  }
}
