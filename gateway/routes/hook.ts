import type { GatewayContext } from "../context.ts";
import type { Exchange } from "../exchange.ts";
import { compileHook, type Hook, isVisible } from "../hooks/hook.ts";
import { warnOfNone } from "../hooks/hook-door.ts";
import { hookRefusal, readHookRequest, requireAllowedTasks } from "../hooks/hook-request.ts";
import { hookLink, hookMembers } from "../hooks/hook-view.ts";
import { Problem } from "../problems.ts";
import { readJson } from "../read-json.ts";
import type { ParameterSpec, Route } from "../route.ts";
import { requirePreconditions } from "../schedules/preconditions.ts";
import { etagOf, writeJson } from "../task-view.ts";
import { HOOK_PROBLEMS, IF_MATCH, SUBMIT_PROBLEMS } from "./shared.ts";

const path = "/v1/hooks/{hook}";
const ETAG = { ETag: "Changes with the hook, not with its deliveries." };

const IF_NONE_MATCH_STAR: ParameterSpec = {
  name: "If-None-Match",
  in: "header",
  description: "*: only when there is no hook of this name.",
  schema: { type: "string" },
};

/** One hook, without its secrets. */
export const getHook: Route = {
  method: "GET",
  path,
  access: "webhooks",
  operation: { operationId: "getHook", summary: "Read a hook", tags: ["hooks"] },
  responses: { 200: { description: "The hook, without its secrets.", schema: "Hook", headers: ETAG } },
  problems: [...HOOK_PROBLEMS, "unknown-hook"],
  async handle(exchange, gateway) {
    const hook = await gateway.hooks.book.getFor(exchange.caller, exchange.param("hook"));
    answerHook(exchange, gateway, 200, hook);
  },
};

/** Makes a hook, or replaces the one of this name. */
export const putHook: Route = {
  method: "PUT",
  path,
  access: "webhooks",
  operation: {
    operationId: "putHook",
    summary: "Make or replace a hook",
    description:
      "All of the hook is replaced, but for its secrets when the request has none. What GET answers may be sent back. It may send no task that the caller may not send.",
    tags: ["hooks"],
    parameters: [IF_MATCH, IF_NONE_MATCH_STAR],
  },
  requestSchema: "HookRequest",
  responses: {
    200: { description: "It was replaced.", schema: "Hook", headers: ETAG },
    201: { description: "It is new.", schema: "Hook", headers: { ...ETAG, Location: "The hook." } },
  },
  problems: [...SUBMIT_PROBLEMS, ...HOOK_PROBLEMS, "precondition-failed", "hook-taken", "too-many-hooks"],
  async handle(exchange, gateway) {
    const name = exchange.param("hook");
    const body = await readJson(exchange, gateway);
    const before = await findOwn(exchange, gateway, name);
    requirePreconditions(exchange, before && etag(before));
    const options = readHookRequest(name, body, before);
    const { id, tenant, queuePrefix } = exchange.caller;
    const owner = { id, tenant, queuePrefix };
    try {
      const facts = { name, key: "", origin: "store", owner, version: 0 } as const;
      requireAllowedTasks(exchange, gateway, compileHook(facts, options));
      const hook = await gateway.hooks.book.put(name, options, owner, before);
      if (options.verifier === "none")
        warnOfNone(name, (message) => gateway.logger.warn({ hook: name }, message));
      const isNew = before === undefined;
      const location = isNew ? { location: hookLink(name, exchange.base) } : {};
      answerHook(exchange, gateway, isNew ? 201 : 200, hook, location);
    } catch (error) {
      throw hookRefusal(error);
    }
  },
};

/** Removes a hook. */
export const deleteHook: Route = {
  method: "DELETE",
  path,
  access: "webhooks",
  operation: {
    operationId: "deleteHook",
    summary: "Remove a hook",
    description: "Its deliveries go when their time is over, and a new hook of its name does not have them.",
    tags: ["hooks"],
    parameters: [IF_MATCH],
  },
  responses: { 204: { description: "It is removed." } },
  problems: [...HOOK_PROBLEMS, "unknown-hook", "hook-taken", "precondition-failed"],
  async handle(exchange, gateway) {
    const name = exchange.param("hook");
    const hook = await findOwn(exchange, gateway, name);
    if (hook === undefined) throw new Problem("unknown-hook", { members: { name } });
    requirePreconditions(exchange, etag(hook));
    await gateway.hooks.book.remove(hook);
    exchange.empty(204, {});
  },
};

/** A hook that the caller may change; undefined for none. Throws Problem `hook-taken` for one of somebody else. */
export async function findOwn(
  { caller }: Exchange,
  { hooks }: GatewayContext,
  name: string,
): Promise<Hook | undefined> {
  const hook = await hooks.book.find(name);
  if (hook === undefined) return undefined;
  if (hook.origin === "app" || !isVisible(caller, hook)) throw new Problem("hook-taken");
  return hook;
}

function etag({ key, options, origin }: Hook): string {
  return etagOf(writeJson({ key, options, origin }));
}

function answerHook(
  exchange: Exchange,
  { hooks }: GatewayContext,
  status: number,
  hook: Hook,
  headers: Readonly<Record<string, string>> = {},
): void {
  const text = writeJson(hookMembers(hook, exchange.base, hooks.tallies.get(hook.key)));
  exchange.json(status, text, { etag: etag(hook), "cache-control": "no-store", ...headers });
}
