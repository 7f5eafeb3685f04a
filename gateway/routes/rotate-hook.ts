import { hookRefusal } from "../hooks/hook-request.ts";
import { type HookRotation, rotate } from "../hooks/rotate.ts";
import { Problem } from "../problems.ts";
import { hasBody, readJson } from "../read-json.ts";
import type { Route } from "../route.ts";
import { writeJson } from "../task-view.ts";
import { createValidator } from "../validate.ts";
import { findOwn } from "./hook.ts";
import { HOOK_PROBLEMS, SUBMIT_PROBLEMS } from "./shared.ts";

const validate = createValidator("HookRotation");

/** Gives a hook a new secret. */
export const rotateHook: Route = {
  method: "POST",
  path: "/v1/hooks/{hook}:rotate",
  access: "webhooks",
  operation: {
    operationId: "rotateHook",
    summary: "Give a hook a new secret",
    description:
      "The secrets that there are still count for a while, so that the sender can change at leisure.",
    tags: ["hooks"],
  },
  requestSchema: "HookRotation",
  isBodyOptional: true,
  responses: { 200: { description: "The new secret, shown this once.", schema: "HookSecretMade" } },
  problems: [...SUBMIT_PROBLEMS, ...HOOK_PROBLEMS, "unknown-hook", "hook-taken", "precondition-failed"],
  async handle(exchange, gateway) {
    const name = exchange.param("hook");
    const body = hasBody(exchange.req) ? await readJson(exchange, gateway) : {};
    validate(body);
    const hook = await findOwn(exchange, gateway, name);
    if (hook === undefined) throw new Problem("unknown-hook", { members: { name } });
    try {
      // The schema says so.
      const { options, secret, othersUntil } = rotate(hook, body as HookRotation, Date.now());
      await gateway.hooks.book.put(name, options, hook.owner, hook);
      exchange.json(200, writeJson({ secret, others_until: othersUntil }), { "cache-control": "no-store" });
    } catch (error) {
      throw hookRefusal(error);
    }
  },
};
