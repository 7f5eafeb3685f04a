/** A receiver of callbacks on loopback, and a gateway that may reach it. */
import { createServer, type IncomingHttpHeaders, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { expect, onTestFinished, vi } from "vitest";
import { type GatewayPlace, openGateway, type PlaceOptions } from "./place.ts";

/** One call, as it came. */
export interface Call {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly json: Record<string, unknown>;
}

/** How a receiver answers: a status, perhaps with headers and a body. */
export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Receiver {
  /** Without a slash at its end. */
  readonly url: string;
  readonly port: number;
  /** All calls so far, the oldest first. */
  readonly calls: readonly Call[];
  /** Answers to the next calls, one for each; when they are used up it is `fallback`. */
  readonly replies: (number | Reply)[];
  fallback: number | Reply;
  /** Waits until there are so many calls. */
  called(times: number): Promise<readonly Call[]>;
}

/** A receiver that keeps what it gets, closed when the test ends. */
export async function openReceiver(): Promise<Receiver> {
  const calls: Call[] = [];
  const port = await serve(async (req, res) => {
    // A caller that is killed leaves half a request, which is none.
    const body = await buffer(req).catch(() => undefined);
    if (body === undefined) return;
    const { method = "", url = "", headers } = req;
    const json = body.length === 0 ? {} : (JSON.parse(body.toString()) as Record<string, unknown>);
    calls.push({ method, path: url, headers, body, json });
    const next = receiver.replies.shift() ?? receiver.fallback;
    const reply = typeof next === "number" ? { status: next } : next;
    res.writeHead(reply.status, reply.headers).end(reply.body);
  });
  const receiver: Receiver = {
    url: `http://127.0.0.1:${port}`,
    port,
    calls,
    replies: [],
    fallback: 204,
    async called(times) {
      await vi.waitFor(() => expect(calls.length).toBeGreaterThanOrEqual(times), { timeout: 20_000 });
      return calls;
    },
  };
  return receiver;
}

/** A server of any behaviour; resolves with its port. */
export async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

/** A clock that stands still until a test moves it. */
export class TestClock {
  #nowMs = Date.now();
  readonly now = (): number => this.#nowMs;

  forward(seconds: number): void {
    this.#nowMs += seconds * 1000;
  }
}

export interface CallbackPlaceOptions extends PlaceOptions {
  readonly ports: readonly number[];
}

/** A gateway that may call loopback, and asks its store often. */
export function openCallbackGateway({ ports, ...options }: CallbackPlaceOptions): Promise<GatewayPlace> {
  return openGateway({
    ...options,
    egress: { allowCidrs: ["127.0.0.0/8"], allowPorts: ports, ...options.egress },
    webhooks: { pollMs: 20, keepAnswers: true, ...options.webhooks },
  });
}
