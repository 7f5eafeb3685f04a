/** Servers before one gateway: one that passes everything on, and three that make trouble. */
import { createHash } from "node:crypto";
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  request,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

/** A request that came to one of the servers that make trouble. */
export interface Seen {
  readonly at: "busy" | "cut" | "down";
  readonly method: string;
  readonly path: string;
  /** The header Idempotency-Key. */
  readonly key: string | undefined;
  /** Digest of the body. */
  readonly digest: string;
  readonly lastEventId: string | undefined;
  readonly arrivedMs: number;
  readonly did: "refused" | "passed" | "cut";
  /** Id of the last event that was passed on before the cut. */
  readonly lastPassedId?: string;
}

/** Listens on a free port of this machine. */
export async function listen(handler: RequestListener): Promise<{ url: string; close: () => Promise<void> }> {
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // It listens on TCP.
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Which tasks have their events followed now; made from the requests that pass. */
export class Followers {
  readonly #open = new Map<string, number>();

  has(taskId: string): boolean {
    return (this.#open.get(taskId) ?? 0) > 0;
  }

  watch(req: IncomingMessage, res: ServerResponse): void {
    const taskId = /^\/v1\/tasks\/([^/?]+)\/events/.exec(req.url ?? "")?.[1];
    if (taskId === undefined) return;
    this.#open.set(taskId, (this.#open.get(taskId) ?? 0) + 1);
    res.once("close", () => this.#open.set(taskId, (this.#open.get(taskId) ?? 1) - 1));
  }
}

const REFUSALS_OF_BUSY = 2;

/** Answers 503 twice for each key, then passes on. */
export function busy(gatewayUrl: string, seen: Seen[]): RequestListener {
  const refused = new Map<string, number>();
  return whole(async (req, res, body) => {
    const key = keyOf(req);
    const count = refused.get(key ?? "") ?? 0;
    const isRefused = key !== undefined && count < REFUSALS_OF_BUSY;
    seen.push({ ...factsOf(req, body), at: "busy", did: isRefused ? "refused" : "passed" });
    if (!isRefused) return pass(gatewayUrl, req, res, body);
    refused.set(key, count + 1);
    unavailable(res, "1");
  });
}

/** Always answers 503. */
export function down(seen: Seen[]): RequestListener {
  return whole(async (req, res, body) => {
    seen.push({ ...factsOf(req, body), at: "down", did: "refused" });
    unavailable(res, "0");
  });
}

/** Lets the gateway take the first request of each key, and closes the connection instead of answering; cuts each stream once. */
export function cut(gatewayUrl: string, seen: Seen[]): RequestListener {
  const done = new Set<string>();
  return whole(async (req, res, body) => {
    const facts = { ...factsOf(req, body), at: "cut" } as const;
    const isStream = facts.path.endsWith("/events");
    const what = isStream ? facts.path : keyOf(req);
    if (what === undefined || done.has(what)) {
      seen.push({ ...facts, did: "passed" });
      return pass(gatewayUrl, req, res, body);
    }
    done.add(what);
    if (isStream) {
      const lastPassedId = await passOneStep(gatewayUrl, req, res);
      seen.push({ ...facts, did: "cut", lastPassedId });
    } else {
      await buffer(await ask(gatewayUrl, req, body));
      seen.push({ ...facts, did: "cut" });
    }
    res.destroy();
  });
}

/** Resolves to the id of the first event of a task's progress, once that was passed on. */
async function passOneStep(gatewayUrl: string, req: IncomingMessage, res: ServerResponse): Promise<string> {
  const answer = await ask(gatewayUrl, req, Buffer.alloc(0));
  res.writeHead(answer.statusCode ?? 502, answer.headers);
  let text = "";
  for await (const chunk of answer.setEncoding("utf8")) {
    text += String(chunk);
    const step = /^id: (\d+)\nevent: progress\n.*\n\n/m.exec(text);
    if (step === null) continue;
    await new Promise((resolve) => res.write(text.slice(0, step.index + step[0].length), resolve));
    answer.destroy();
    return step[1] ?? "";
  }
  return "";
}

function whole(
  handle: (req: IncomingMessage, res: ServerResponse, body: Buffer) => Promise<void>,
): RequestListener {
  return (req, res) => {
    buffer(req)
      .then((body) => handle(req, res, body))
      .catch(() => res.destroy());
  };
}

function ask(gatewayUrl: string, req: IncomingMessage, body: Buffer): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { method, headers } = req;
    const options = { method: method ?? "GET", headers: { ...headers, connection: "close" }, agent: false };
    request(gatewayUrl + req.url, options, resolve)
      .once("error", reject)
      .end(body);
  });
}

async function pass(
  gatewayUrl: string,
  req: IncomingMessage,
  res: ServerResponse,
  body: Buffer,
): Promise<void> {
  const answer = await ask(gatewayUrl, req, body);
  res.writeHead(answer.statusCode ?? 502, answer.headers);
  res.once("close", () => answer.destroy());
  answer.pipe(res);
}

function unavailable(res: ServerResponse, retryAfter: string): void {
  res.writeHead(503, { "content-type": "application/problem+json", "retry-after": retryAfter });
  const problem = { type: "/problems/broker-unavailable", title: "The broker is unavailable", status: 503 };
  res.end(JSON.stringify({ ...problem, detail: "The broker cannot be reached." }));
}

function keyOf(req: IncomingMessage): string | undefined {
  const key = req.headers["idempotency-key"];
  return typeof key === "string" ? key : undefined;
}

function factsOf(req: IncomingMessage, body: Buffer): Omit<Seen, "at" | "did"> {
  const lastEventId = req.headers["last-event-id"];
  return {
    method: req.method ?? "",
    path: req.url ?? "",
    key: keyOf(req),
    digest: createHash("sha256").update(body).digest("hex"),
    lastEventId: typeof lastEventId === "string" ? lastEventId : undefined,
    arrivedMs: performance.now(),
  };
}
