/** `--metrics-port`: metrics for Prometheus, the drain score and health of a worker over HTTP. */
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { ConfigurationError, toError } from "../../protocol/index.ts";
import type { Bootstep } from "../bootstep.ts";
import { drainReport } from "../metrics/drain.ts";
import { createMetrics, type WorkerMetrics } from "../metrics/registry.ts";
import type { Worker } from "../worker.ts";
import type { MetricsOptions } from "../worker-options.ts";

const MAX_CONNECTIONS = 100;
const REQUEST_TIMEOUT_MS = 10_000;

/** Starts first, so that a worker that waits for others says that it is not ready; stops last. */
export function metricsStep(options: MetricsOptions): Bootstep {
  const closing: (() => unknown)[] = [];
  return {
    name: "metrics",
    async start(worker) {
      const { default: client } = await import("prom-client");
      const server = createServer();
      server.maxConnections = MAX_CONNECTIONS;
      server.requestTimeout = REQUEST_TIMEOUT_MS;
      const url = await listen(server, options);
      const metrics = createMetrics(worker, client);
      server.on("request", answerFor(worker, metrics, watchReadiness(worker, closing)));
      const forget = worker.requireParts().events.observe(metrics.observer);
      closing.push(() => closeServer(server), metrics.close, forget);
      worker.logger?.info({ url }, `Metrics are on ${url}/metrics`);
    },
    async stop() {
      for (const close of closing) await close();
    },
  };
}

/** Is the worker connected, and does it take messages? */
function watchReadiness(worker: Worker, closing: (() => unknown)[]): () => boolean {
  let isConsuming = false;
  for (const [name, value] of [
    ["worker_ready", true],
    ["worker_shutting_down", false],
  ] as const) {
    const stop = worker.app.on(name, ({ hostname }) => {
      if (hostname === worker.hostname) isConsuming = value;
    });
    closing.push(stop);
  }
  return () => isConsuming && worker.parts?.connection.connected === true;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

function answerFor(worker: Worker, metrics: WorkerMetrics, isReady: () => boolean): RequestListener {
  const pages: Readonly<Record<string, () => Answer | Promise<Answer>>> = {
    "/metrics": async () => ({ status: 200, type: metrics.contentType, body: await metrics.read() }),
    "/drain": () => json(200, drainReport(worker, Date.now())),
    "/healthz": () => {
      const connected = worker.parts?.connection.connected === true;
      return json(isReady() ? 200 : 503, { ready: isReady(), connected });
    },
  };
  const find = (path: string): Answer | Promise<Answer> => {
    const page = Object.hasOwn(pages, path) ? pages[path] : undefined;
    return page?.() ?? json(404, { error: `There is ${Object.keys(pages).join(", ")}.` });
  };
  return async ({ method, url = "/" }, response) => {
    try {
      const isRead = method === "GET" || method === "HEAD";
      const { status, type, body } = isRead
        ? await find(url.split("?")[0] ?? "/")
        : json(405, { error: "It can only be read." });
      response.writeHead(status, { "Content-Type": type, "Cache-Control": "no-store" }).end(body);
    } catch (error) {
      worker.warn("Metrics could not be read", error);
      response.writeHead(500).end();
    }
  };
}

function json(status: number, value: unknown): Answer {
  return { status, type: "application/json", body: `${JSON.stringify(value)}\n` };
}

/** Resolves with its URL. Throws ConfigurationError. */
async function listen(server: Server, { port, host = "127.0.0.1" }: MetricsOptions): Promise<string> {
  try {
    server.listen(port, host);
    await once(server, "listening");
  } catch (error) {
    const problem = toError(error).message;
    throw new ConfigurationError(
      `Metrics cannot be served on ${host} port ${port} (--metrics-port): ${problem}.`,
    );
  }
  const { port: taken } = server.address() as AddressInfo;
  return `http://${host.includes(":") ? `[${host}]` : host}:${taken}`;
}

async function closeServer(server: Server): Promise<void> {
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
}
