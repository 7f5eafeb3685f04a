import type { GatewayContext } from "../context.ts";
import { isVisible } from "../hooks/hook.ts";
import { HOOK_NAME } from "../hooks/hook-options.ts";
import { hookMembers } from "../hooks/hook-view.ts";
import type { Route } from "../route.ts";
import { writeJson } from "../task-view.ts";
import {
  type Asked,
  answerPage,
  nextLink,
  type Page,
  pageParameters,
  readCursor,
  readLimit,
} from "./page.ts";
import { HOOK_PROBLEMS } from "./shared.ts";

/** The hooks that the caller may see, by name. */
export const listHooks: Route = {
  method: "GET",
  path: "/v1/hooks",
  access: "webhooks",
  operation: {
    operationId: "listHooks",
    summary: "List hooks",
    description: "By name: those that were put here, and those of the gateway's own options.",
    tags: ["hooks"],
    parameters: pageParameters("Hooks"),
  },
  responses: {
    200: {
      description: "A page of hooks.",
      schema: "HookList",
      headers: { Link: 'The next page, rel="next".' },
    },
  },
  problems: [...HOOK_PROBLEMS, "invalid-arguments"],
  async handle(exchange, gateway) {
    answerPage(exchange, await hookPage(exchange, gateway));
  },
};

export async function hookPage(
  { query, base, caller }: Asked,
  { hooks }: Pick<GatewayContext, "hooks">,
): Promise<Page> {
  const limit = readLimit(query);
  const found = await hooks.book.list(readCursor(query, HOOK_NAME) ?? "", limit + 1);
  const page = found.slice(0, limit);
  const last = page.at(-1);
  const next =
    found.length > limit && last !== undefined ? nextLink(`${base}/v1/hooks`, query, last.name) : undefined;
  const visible = page.filter((hook) => isVisible(caller, hook));
  const members = visible.map((hook) => hookMembers(hook, base, hooks.tallies.get(hook.key)));
  return { text: writeJson({ hooks: members, ...(next && { next }) }), next };
}
