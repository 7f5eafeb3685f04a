/** Gateways that ask for credentials, and callers that have some. */
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { type AccessOptions, createGateway, type Gateway, type Policy } from "../../gateway/index.ts";
import { createMemoryState } from "../../gateway/state/memory-state.ts";
import type { StateStore } from "../../gateway/state/state-store.ts";
import { temporaryFolder } from "../helpers/services.ts";
import { type GatewayPlace, openGateway, type PlaceOptions } from "./place.ts";

export interface AccessPlace extends GatewayPlace {
  readonly state: StateStore;
  /** A new key with this policy. */
  key(policy?: Policy): Promise<string>;
  /** Asks as the bearer of a key or token. */
  as(key: string, path: string, init?: RequestInit): Promise<Response>;
}

export const OPERATOR: Policy = { scopes: ["admin"], read: "all" };

export async function openAccess({
  access = {},
  state = createMemoryState(),
  ...options
}: PlaceOptions & {
  readonly access?: AccessOptions;
  readonly state?: StateStore;
} = {}): Promise<AccessPlace> {
  const schedules = join(await temporaryFolder(), "schedule");
  const place = await openGateway({ access, stateStore: state, schedules, ...options });
  return { ...place, state, ...callersOf(place.gateway, place.url) };
}

/** A second gateway in front of the same app and state. */
export async function openAnother(
  { app, state }: AccessPlace,
  access: AccessOptions = {},
): Promise<AccessPlace> {
  const gateway = createGateway({ app, access, stateStore: state });
  onTestFinished(() => gateway.close());
  const { url, port } = await gateway.listen({ port: 0 });
  return { app, gateway, url, port, state, ...callersOf(gateway, url) };
}

function callersOf(gateway: Gateway, url: string): Pick<AccessPlace, "key" | "as"> {
  return {
    async key(policy = {}) {
      const made = await gateway.apiKeys?.create({ name: "test", policy });
      return made?.key ?? "";
    },
    as: (key, path, init = {}) =>
      fetch(url + path, { ...init, headers: { ...init.headers, authorization: `Bearer ${key}` } }),
  };
}

/** A POST of JSON. */
export function posted(body: unknown): RequestInit {
  return { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
}
