/** Asks a running gateway. */
import { type Command, Option } from "commander";
import { BackendError, ConfigurationError, toError } from "../protocol/index.ts";
import { DEFAULT_PORT } from "./options.ts";
import { plainText } from "./plain-text.ts";

export interface GatewayClientFlags {
  readonly url: string;
  readonly token?: string;
}

/** An answer that is not an error; the body is {} when there is none, and `{ text }` when it is no JSON. */
export interface GatewayAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface GatewayRequest {
  readonly method?: string;
  readonly body?: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

const TIMEOUT_MS = 60_000;

export function urlOption(): Option {
  return new Option("--url <url>", "where the gateway is").env("CELERITY_URL");
}

/** `--url` and `--token`. */
export function withGatewayClientOptions(command: Command): Command {
  return command.addOption(urlOption().default(`http://127.0.0.1:${DEFAULT_PORT}`)).addOption(tokenOption());
}

export function tokenOption(): Option {
  return new Option("--token <key>", "API key, for a gateway that asks for one").env("CELERITY_API_KEY");
}

/** Throws BackendError when nobody answers, ConfigurationError with what the gateway says when it refuses. */
export async function askGateway(
  { url, token }: GatewayClientFlags,
  path: string,
  { method = "GET", body, headers = {} }: GatewayRequest = {},
): Promise<GatewayAnswer> {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response = await request(url.replace(/\/$/, "") + path, {
    method,
    headers: { ...authorization, ...headers },
    signal: AbortSignal.timeout(TIMEOUT_MS),
    ...(body === undefined ? {} : { body }),
  });
  const text = await response.text();
  const members = readMembers(text);
  if (response.ok) return { status: response.status, body: members };
  const { detail } = members;
  const said = typeof detail === "string" ? plainText(detail) : "It does not say why.";
  throw new ConfigurationError(`The gateway answered ${response.status}: ${said}`);
}

async function request(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (error) {
    const { message, cause } = toError(error);
    const why = cause instanceof Error ? cause.message : message;
    throw new BackendError("backend_unavailable", `No gateway answers at ${url}: ${why}`, { cause: error });
  }
}

function readMembers(text: string): Readonly<Record<string, unknown>> {
  if (text === "") return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : { text };
  } catch {
    return { text };
  }
}
