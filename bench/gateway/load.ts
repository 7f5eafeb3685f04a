/** Sends requests from a process of its own, so that the server has a core to itself. */
import { readFileSync } from "node:fs";
import autocannon from "autocannon";
import { readInput, report } from "../lib/child.ts";
import type { LoadInput } from "./bench.ts";

const { url, body, connections, count, warmUp, keyFile, idempotent = false } = readInput<LoadInput>();

const authorization =
  keyFile === undefined ? {} : { authorization: `Bearer ${readFileSync(keyFile, "utf8")}` };
let requests = 0;

/** Distinct for each request of this process. */
function withKey(request: autocannon.Request): autocannon.Request {
  requests += 1;
  return { ...request, headers: { ...request.headers, "idempotency-key": `k-${requests}` } };
}

function send(amount: number): Promise<autocannon.Result> {
  return autocannon({
    url,
    method: "POST",
    headers: { "content-type": "application/json", ...authorization },
    ...(idempotent ? { requests: [{ setupRequest: withKey }] } : {}),
    body: JSON.stringify(body),
    connections,
    amount,
    // The end is noticed only that often.
    sampleInt: 10,
  });
}

await send(warmUp);
const { non2xx, errors, latency, start, finish } = await send(count);
if (non2xx + errors > 0) throw new Error(`${non2xx} requests were refused and ${errors} failed.`);
const seconds = (finish.getTime() - start.getTime()) / 1000;
report({ values: { perSecond: count / seconds, p99Ms: latency.p99 }, served: warmUp + count });
