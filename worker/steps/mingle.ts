/** A worker that starts asks the others what is revoked, and what their clocks say. Source: celery/worker/consumer/mingle.py. */
import { ask } from "../../app/index.ts";
import { isPlainObject } from "../../protocol/index.ts";
import type { Bootstep } from "../bootstep.ts";
import type { Worker } from "../worker.ts";
import { isInCompany } from "./company.ts";

/** Neighbours answer within milliseconds, or are too busy to wait for: nobody waits a second for a lone worker to start. */
const QUIET_MS = 250;

export const mingleStep: Bootstep = {
  name: "mingle",
  async start(worker) {
    if (!isInCompany(worker)) return;
    const neighbours = await mingle(worker);
    worker.logger?.debug({ neighbours }, `mingle: ${neighbours.length} neighbours`);
  },
};

/** Names of the neighbours that answered in time. */
async function mingle(worker: Worker): Promise<readonly string[]> {
  const { app, clock, hostname, revoked } = worker;
  const { connection } = worker.requireParts();
  const replies = await ask(app, "hello", {
    arguments: { from_node: hostname, revoked: revoked.ids() },
    connection,
    quietMs: QUIET_MS,
    endsUnheard: true,
    clock: clock.forward(),
  });
  const neighbours = Object.entries(replies).filter(([node]) => node !== hostname);
  for (const [, reply] of neighbours) {
    if (!isPlainObject(reply)) continue;
    clock.adjust(reply["clock"]);
    const theirs = reply["revoked"];
    const ids = Array.isArray(theirs) ? theirs : isPlainObject(theirs) ? Object.keys(theirs) : [];
    for (const id of ids) if (typeof id === "string") revoked.add(id);
  }
  return neighbours.map(([node]) => node);
}
