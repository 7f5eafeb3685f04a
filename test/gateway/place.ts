/** A gateway on a memory broker and result store of its own, and the ways tests talk to it. */
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { onTestFinished } from "vitest";
import type { App, Settings } from "../../app/index.ts";
import { createGateway, type Gateway, type GatewayOptions } from "../../gateway/index.ts";
import { formatIsoTime, toResultDocument } from "../../protocol/index.ts";
import { testApp } from "../helpers/worker.ts";

export interface GatewayPlace {
  readonly app: App;
  readonly gateway: Gateway;
  /** Without a slash at its end. */
  readonly url: string;
  readonly port: number;
}

export interface PlaceOptions extends Partial<GatewayOptions> {
  readonly settings?: Partial<Settings>;
}

/** A listening gateway, closed when the test ends. */
export async function openGateway({ settings, ...options }: PlaceOptions = {}): Promise<GatewayPlace> {
  const app = options.app ?? testApp(settings);
  const gateway = createGateway({ app, ...options });
  onTestFinished(() => gateway.close());
  const { url, port } = await gateway.listen({ port: 0 });
  return { app, gateway, url, port };
}

/** Posts JSON. A string goes as it is. */
export function post(
  url: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body),
  });
}

/** What tests read of any answer. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

/** The status, the headers and the JSON object of an answer; {} without a body. */
export async function read(response: Response | Promise<Response>): Promise<Answer> {
  const { status, headers } = await response;
  const body = await (await response).text();
  return { status, headers, body: body === "" ? {} : (JSON.parse(body) as Record<string, unknown>) };
}

/** Stores a state, as a worker would. */
export async function storeState(
  app: App,
  taskId: string,
  state: string,
  result: unknown,
  traceback: string | null = null,
): Promise<void> {
  const document = toResultDocument({ taskId, state, result, traceback, now: formatIsoTime(Date.now()) });
  await (await app.backend()).store([{ document }]);
}

/** An exception as a worker stores it. */
export function exception(type: string, ...args: readonly unknown[]): object {
  return { exc_type: type, exc_message: args, exc_module: "builtins" };
}

/** Sends bytes as they are, and resolves with all that comes back until the gateway closes the connection. */
export async function sendRaw(port: number, bytes: string | Uint8Array): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  socket.write(bytes);
  return text(socket);
}
