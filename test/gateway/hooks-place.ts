/** A gateway with hooks, and a sender that signs for them. */

import type { App } from "../../app/index.ts";
import type { HookOptions } from "../../gateway/hooks/hook-options.ts";
import { signSample } from "../../gateway/hooks/sign-sample.ts";
import { readPythonJson } from "../../protocol/index.ts";
import { takeMessages } from "../helpers/worker.ts";
import { type Answer, type GatewayPlace, openGateway, type PlaceOptions, read } from "./place.ts";

export const SECRET = "It's a Secret to Everybody";
export const WHSEC = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/** A hook that sends `got` with the whole body. */
export const WHOLE_BODY: Pick<HookOptions, "rules"> = { rules: [{ task: "got", args: [{ $ptr: "" }] }] };

export interface HookPlace extends GatewayPlace {
  /** Posts signed bytes. */
  deliver(hook: string, body: string | Buffer, sending?: Sending): Promise<Answer>;
  /** Asks for what the operator asks for. */
  manage(method: string, path: string, body?: unknown): Promise<Answer>;
}

export interface Sending {
  readonly secret?: string;
  readonly now?: Date;
  /** In the place of those that the signature has, or beside them. */
  readonly headers?: Readonly<Record<string, string>>;
}

export async function openHooks(
  hooks: Readonly<Record<string, HookOptions>>,
  options: PlaceOptions = {},
): Promise<HookPlace> {
  const place = await openGateway({ ...options, hooks });
  const at = `${place.url}/v1/hooks`;
  return {
    ...place,
    deliver(hook, body, { secret, now = new Date(), headers = {} } = {}) {
      const options = hooks[hook];
      const bytes = Buffer.from(body);
      const first = secret ?? firstSecret(options);
      const signed = options === undefined ? {} : signSample({ options, secret: first, body: bytes, now });
      return send(`${at}/${hook}`, bytes, { "content-type": "application/json", ...signed, ...headers });
    },
    manage: (method, path, body) =>
      read(
        fetch(at + path, {
          method,
          ...(body === undefined
            ? {}
            : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
        }),
      ),
  };
}

/** Posts bytes with headers; an answer that is no JSON comes as `{ text }`. */
export async function send(
  url: string,
  body: Buffer | string,
  headers: Readonly<Record<string, string>>,
): Promise<Answer> {
  const response = await fetch(url, { method: "POST", body, headers });
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.includes("json") === true;
  const members = isJson ? (JSON.parse(text) as Record<string, unknown>) : { text };
  return { status: response.status, headers: response.headers, body: members };
}

function firstSecret(options: HookOptions | undefined): string {
  const [first = SECRET] = options?.secrets ?? [];
  if (typeof first === "string") return first;
  return "secret" in first ? first.secret : (process.env[first.env] ?? "");
}

/** A task as it lies at the broker. */
export interface SentCall {
  readonly headers: Readonly<Record<string, unknown>>;
  readonly args: readonly unknown[];
  readonly kwargs: unknown;
}

/** The next tasks of the default queue. */
export async function takeCalls(app: App, count: number): Promise<readonly SentCall[]> {
  const deliveries = await takeMessages(app, "celery", count);
  return deliveries.map(({ message }) => {
    const [args, kwargs] = readPythonJson(String(message?.body)) as [unknown[], unknown];
    return { headers: message?.headers ?? {}, args, kwargs };
  });
}
