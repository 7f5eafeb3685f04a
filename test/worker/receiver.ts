/** A server of the test that tasks call, and an app whose workers may call it. */
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import type { Settings } from "../../app/index.ts";
import { cleanUp } from "../../testing/clean-up.ts";

/** A request that came in. */
export interface Received {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What is answered; default: 200 without a body. */
export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Sent as JSON. */
  readonly json?: unknown;
}

export interface Receiver {
  /** Without a slash at its end. */
  readonly url: string;
  readonly received: readonly Received[];
  /** Settings of an app whose workers may call it, and try again at once. */
  readonly settings: Partial<Settings>;
}

export type Answerer = (request: Received, count: number) => Reply | Promise<Reply> | "hang up";

/** Closed when the test or file ends that started it. */
export async function startReceiver(answer: Answerer): Promise<Receiver> {
  const received: Received[] = [];
  const server = createServer(async (req, res) => {
    const body = (await buffer(req)).toString();
    const request = { method: req.method ?? "", url: req.url ?? "", headers: req.headers, body };
    received.push(request);
    const reply = await answer(request, received.length);
    if (reply === "hang up") return req.socket.destroy();
    const { status = 200, headers = {}, json } = reply;
    const type = json === undefined ? {} : { "content-type": "application/json" };
    return res.writeHead(status, { ...type, ...headers }).end(reply.body ?? JSON.stringify(json));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanUp(async () => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    settings: {
      httpTasks: true,
      httpTasksAllowCidrs: ["127.0.0.0/8"],
      httpTasksAllowPorts: [port],
      taskAnnotations: { "celerity.webhook": { retryBackoff: 0.01, maxRetries: 3 } },
    },
  };
}
