/** A gateway with everything on that a request can be asked: a key with quotas, a declared task, and a state to keep things in. */
import { writeFileSync } from "node:fs";
import { createApp } from "../../app/index.ts";
import { createGateway } from "../../gateway/index.ts";
import { readInput, reportReady } from "../lib/child.ts";
import type { GuardedInput } from "./guarded-bench.ts";

const { broker, port, state, keyFile } = readInput<GuardedInput>();

const MANY = { quota: 1_000_000_000, window: 3600 };

const app = createApp({ env: {}, brokerUrl: broker });
const gateway = createGateway({ app, access: {}, ...(state !== undefined && { stateUrl: state }) });
const { url } = await gateway.listen({ port });
const { apiKeys } = gateway;
if (apiKeys === undefined) throw new Error("The gateway asks for no keys.");
const admin = await apiKeys.create({ name: "admin", policy: { scopes: ["admin"] } });
const caller = await apiKeys.create({
  name: "caller",
  policy: { submit: ["tasks.*", "!tasks.admin.*"], quotas: { requests: MANY, submit: MANY, bytes: MANY } },
});
const declared = await fetch(`${url}/v1/task-types/tasks.add`, {
  method: "PUT",
  headers: { "content-type": "application/json", authorization: `Bearer ${admin.key}` },
  body: JSON.stringify({
    args: { type: "array", minItems: 2, maxItems: 2, items: { type: "integer" } },
    idempotency: "required",
  }),
});
if (!declared.ok) throw new Error(await declared.text());
writeFileSync(keyFile, caller.key ?? "");
reportReady();
process.once("SIGTERM", () => process.exit());
