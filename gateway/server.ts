/**
 * The HTTP server: the routes first, then Express for everything else (the dashboard, and what the application mounts).
 * A request to a route never passes through Express, which would cost more than all the rest.
 */
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from "node:http";
import { createServer as createTlsServer, type Server as TlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { Server as TlsListener } from "node:tls";
import type { Express } from "express";
import { type CelerityError, ConfigurationError } from "../protocol/index.ts";
import { isTooLarge } from "./body.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { createLoopbackGuard, isLoopback } from "./host-guard.ts";
import type { GatewayLimits } from "./options.ts";
import { Problem } from "./problems.ts";
import { closeUnused, watchUnused } from "./unused-connections.ts";

/** A handler that Node's server, Connect and Express all can call. */
export type Handler = (req: IncomingMessage, res: ServerResponse, next?: (error?: unknown) => void) => void;

/** Longer than the proxies' usual 60 s: a connection must not be closed while a proxy sends on it. */
const KEEP_ALIVE_MS = 65_000;
/** How often a closing server looks for connections that have become idle. */
const IDLE_CHECK_MS = 50;
/** How often Node looks for requests that take too long. */
const TIMEOUT_CHECK_MS = 1000;

/** PEM texts. */
export interface TlsOptions {
  readonly cert: string;
  readonly key: string;
  /** Authorities whose client certificates count; without it, nobody is asked for one. */
  readonly ca?: string;
}

export interface ListenOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Speak HTTPS. */
  readonly tls?: TlsOptions;
}

export type HttpServer = Server | TlsServer;

/** Where a gateway listens. */
export interface GatewayAddress {
  readonly host: string;
  readonly port: number;
  /** Without a slash at its end. */
  readonly url: string;
}

/** Routes, then Express, then `next` or a 404. */
export function createHandler(dispatcher: Dispatcher, express: Express): Handler {
  // Express makes its own request out of Node's; its types ask for one that is made.
  const site = express as unknown as Handler;
  return (req, res, next) => {
    if (dispatcher.dispatch(req, res)) return;
    site(req, res, (error?: unknown) => {
      if (next !== undefined) next(error);
      else
        dispatcher.refuse(req, res, error === undefined ? new Problem("not-found") : requestProblem(error));
    });
  };
}

/** Express gives errors of the request a 4xx status, such as a broken path. */
function requestProblem(error: unknown): Problem {
  const status =
    typeof error === "object" && error !== null && "status" in error ? Number(error.status) : 500;
  return new Problem(status >= 400 && status < 500 ? "bad-request" : "internal-error");
}

/** Throws ConfigurationError for an address that strangers can reach, unless that is allowed. */
export function requireSafeHost(host: string, allowUnauthenticated: boolean): void {
  if (allowUnauthenticated || isLoopback(host)) return;
  throw new ConfigurationError(
    `The gateway asks nobody to log in, so it does not listen on ${host}, where others can reach it. Ask for keys (access, --require-keys), listen on 127.0.0.1 behind a proxy that authenticates, or set allowUnauthenticated (--allow-unauthenticated) when the network is safe.`,
  );
}

/** Makes the server; on loopback it refuses what comes by way of a stranger's web page. */
export function createHttpServer(
  handler: Handler,
  dispatcher: Dispatcher,
  {
    host,
    limits,
    tls,
  }: { readonly host: string; readonly limits: GatewayLimits; readonly tls?: TlsOptions | undefined },
): HttpServer {
  const guard = isLoopback(host) ? createLoopbackGuard() : undefined;
  const listener = (req: IncomingMessage, res: ServerResponse): void => {
    const problem = guard?.(req);
    if (problem === undefined) handler(req, res);
    else dispatcher.refuse(req, res, problem);
  };
  const options = {
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: Math.min(TIMEOUT_CHECK_MS, limits.headersTimeoutMs),
    noDelay: true,
    // The dispatcher does, which then reads nothing more from the connection.
    requireHostHeader: false,
  };
  const server = tls === undefined ? createServer(options, listener) : secured(tls, options, listener);
  // A caller that asks first hears 413 before it sends anything.
  server.on("checkContinue", (req: IncomingMessage, res: ServerResponse) => {
    if (!isTooLarge(req, limits.bodyBytes)) res.writeContinue();
    listener(req, res);
  });
  watchUnused(server);
  return server;
}

/** Who has no certificate, or one that counts for nothing, may still come: what a request needs is asked of its credential. */
function secured(
  tls: TlsOptions,
  options: ServerOptions,
  listener: (req: IncomingMessage, res: ServerResponse) => void,
): TlsServer {
  try {
    const asksForCertificate = tls.ca !== undefined;
    return createTlsServer(
      { ...options, ...tls, requestCert: asksForCertificate, rejectUnauthorized: false },
      listener,
    );
  } catch (error) {
    throw new ConfigurationError(
      "The TLS certificate and key cannot be used: are they PEM, and of each other?",
      {
        cause: error,
      },
    );
  }
}

/** Starts to listen. Throws ConfigurationError that names the port when that is taken, or may not be used. */
export async function startListening(
  server: HttpServer,
  { host = "127.0.0.1", port }: ListenOptions,
): Promise<GatewayAddress> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(listenError(error, host, port)));
    server.listen({ host, port }, resolve);
  });
  const bound = (server.address() as AddressInfo).port;
  const scheme = server instanceof TlsListener ? "https" : "http";
  const name = host.includes(":") ? `[${host}]` : host;
  return { host, port: bound, url: `${scheme}://${name}:${bound}` };
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): CelerityError {
  const problem: Partial<Record<string, string>> = {
    EADDRINUSE: `Port ${port} on ${host} is in use; choose another one with --port (0 takes a free one).`,
    EACCES: `This user may not listen on port ${port}; choose one above 1023 with --port.`,
    EADDRNOTAVAIL: `${host} is not an address of this machine; choose another one with --host.`,
    ENOTFOUND: `The name ${host} has no address; choose another one with --host.`,
  };
  const message =
    problem[error.code ?? ""] ?? `The gateway cannot listen on ${host}:${port}: ${error.message}`;
  return new ConfigurationError(message, { cause: error });
}

/** Stops accepting, lets running requests finish for `graceMs`, then cuts what is left. */
export async function stopServer(server: HttpServer, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  // Who keeps its connection busy is sent elsewhere, too.
  server.prependListener("request", (_req, res: ServerResponse) => void res.setHeader("connection", "close"));
  closeUnused(server);
  const late = setTimeout(() => server.closeAllConnections(), graceMs);
  // A connection that a caller keeps alive is idle once its request is answered.
  const idle = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS);
  await closed;
  clearTimeout(late);
  clearInterval(idle);
}
