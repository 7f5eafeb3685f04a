/** node-celery as an adapter of the conformance suite: CCP/1 over stdin and stdout, see docs/conformance.md. */
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import celery from "node-celery";
import { answer, CannotSay, errorOf, readOptions, tag, untag } from "../js-tagged/ccp.mjs";

const ABOUT = {
  name: "node-celery",
  language: "javascript",
  version: "0.2.8",
  homepage: "https://github.com/mher/node-celery",
  issues: "https://github.com/mher/node-celery/issues",
  roles: ["producer", "results"],
  features: {
    protocol: [1],
    serializers: ["json"],
    brokers: ["redis", "amqp"],
    backends: ["redis"],
    eta: true,
    expires: true,
  },
};
const PENDING = { status: "PENDING", result: null };
const FINAL = ["FAILURE", "REVOKED"];

/** Options under the library's names. */
function optionsOf({ task_id, protocol = 1, serializer, ...given }) {
  if (protocol !== 1) throw new CannotSay("it sends protocol 1 only");
  const unknown = Object.keys(given).filter((name) => !["eta", "expires"].includes(name));
  if (unknown.length > 0) throw new CannotSay(`call() has no ${unknown}`);
  return task_id === undefined ? given : { id: task_id, ...given };
}

let client;
/** The library tells results of its own calls by itself; of others it reads what is stored. */
const published = new Map();

await answer({
  start: () => ABOUT,

  async configure({ broker, backend, queue }) {
    client?.end();
    client = celery.createClient({
      CELERY_BROKER_URL: broker,
      CELERY_RESULT_BACKEND: backend ?? broker,
      CELERY_IGNORE_RESULT: backend === null,
      CELERY_DEFAULT_QUEUE: queue,
    });
    await once(client, "connect");
    return { ok: true };
  },

  publish({ call: { task, args = [], kwargs = {}, options = {} } }) {
    const given = optionsOf(readOptions(options));
    const result = client.createTask(task).call(untag(args), untag(kwargs), given);
    published.set(result.taskid, result);
    return { id: result.taskid };
  },

  async result({ id, timeout_ms }) {
    const known = published.get(id);
    const read = (resolve) => celery.createResult(id, client).get(resolve);
    const end = Date.now() + timeout_ms;
    for (;;) {
      const { status, result } = (known ? known.get() : await new Promise(read)) ?? PENDING;
      if (status === "SUCCESS") return { state: status, value: tag(result) };
      if (FINAL.includes(status)) return { state: status, error: errorOf(result) };
      if (Date.now() >= end) return { state: "PENDING" };
      await sleep(50);
    }
  },
});
