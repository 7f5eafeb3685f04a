/** Revoking: by id or stamp, with or without ending what runs. Source: celery/worker/control.py of 5.7. */
import { constants } from "node:os";
import type { RevokeOptions } from "../../app/index.ts";
import { formatIsoTime, isPlainObject, pythonRepr, toResultDocument } from "../../protocol/index.ts";
import type { Job } from "../job.ts";
import { revoked } from "../outcome.ts";
import type { Worker } from "../worker.ts";
import { type Command, isTrue, ok, PythonError, readTexts } from "./command.ts";

/** States of tasks that no worker has begun. */
const NOT_BEGUN: ReadonlySet<string> = new Set(["PENDING", "RECEIVED", "RETRY", "REJECTED"]);
/** Ids that one command may have; more are a mistake. */
const MAX_IDS = 10_000;

const revoke: Command = async (worker, { task_id: given, terminate, signal }) => {
  if (given === undefined)
    throw new PythonError("TypeError", "revoke() needs task_id: an id, or a list of them");
  const ids = readTexts(given).slice(0, MAX_IDS);
  for (const id of ids) worker.revoked.add(id);
  const running = new Set(worker.jobs.active.map(({ request }) => request.id));
  await storeRevoked(
    worker,
    ids.filter((id) => !running.has(id)),
  );
  if (!isTrue(terminate)) return ok(`tasks {${ids.map((id) => `'${id}'`).join(", ")}} flagged as revoked`);
  const wanted = new Set(ids);
  const ended = endAll(worker, ({ request }) => wanted.has(request.id), signalNumber(signal));
  const waiting = worker.jobs.waiting.filter(({ request }) => wanted.has(request.id));
  const known = [...ended, ...waiting].map(({ request }) => request.id);
  return ok(known.length === 0 ? "terminate: tasks unknown" : `terminate: ${[...new Set(known)].join(", ")}`);
};

const revokeByStamps: Command = (worker, { headers, terminate, signal }) => {
  const stamps = readStamps(headers);
  for (const [header, values] of stamps) worker.revoked.addStamps(header, values);
  const shown = pythonRepr(isPlainObject(headers) ? headers : Object.fromEntries(stampPairs(headers)));
  if (!isTrue(terminate)) return ok(`headers ${shown} flagged as revoked, but not terminated`);
  const ended = endAll(
    worker,
    ({ request }) => worker.revoked.hasStampOf(request.headers),
    signalNumber(signal),
  );
  return ok(ended.length === 0 ? `headers ${shown} were not terminated` : `headers ${shown} revoked`);
};

/** `{header: value or values}`, or a list of `header=value`. */
function readStamps(headers: unknown): readonly (readonly [string, readonly string[]])[] {
  if (isPlainObject(headers))
    return Object.entries(headers).map(([header, value]) => [header, readTexts(value)]);
  return stampPairs(headers).map(([header, value]) => [header, [value]]);
}

/** Of a list of `header=value`. */
function stampPairs(headers: unknown): readonly (readonly [string, string])[] {
  return readTexts(headers).flatMap((pair) => {
    const at = pair.indexOf("=");
    return at === -1 ? [] : [[pair.slice(0, at), pair.slice(at + 1)] as const];
  });
}

function endAll(worker: Worker, isMeant: (job: Job) => boolean, signum: number): readonly Job[] {
  const meant = worker.jobs.active.filter(isMeant);
  for (const job of meant) {
    worker.endByForce(
      job,
      { ...revoked("terminated"), signum },
      new Error("The task was revoked and terminated."),
    );
  }
  return meant;
}

/** A name, with or without SIG, or a number; SIGTERM by default. Throws for one that the system does not have. */
function signalNumber(signal: unknown): number {
  if (signal === null || signal === undefined || signal === "") return constants.signals.SIGTERM;
  const numbers: readonly number[] = Object.values(constants.signals);
  if (typeof signal === "number" && numbers.includes(signal)) return signal;
  const name = String(signal).toUpperCase();
  const full = name.startsWith("SIG") ? name : `SIG${name}`;
  const number = (constants.signals as Readonly<Record<string, number>>)[full];
  if (number !== undefined && Object.hasOwn(constants.signals, full)) return number;
  throw new PythonError("ValueError", `Unknown signal ${name.slice(0, 40)}`);
}

/** Their callers learn it now, and not when a worker comes across the message. */
async function storeRevoked(worker: Worker, ids: readonly string[]): Promise<void> {
  if (!worker.app.keepsResults) return;
  try {
    const backend = await worker.app.backend();
    const open: string[] = [];
    for (const id of ids) if (NOT_BEGUN.has((await backend.get(id))?.status ?? "PENDING")) open.push(id);
    if (open.length === 0) return;
    const { exception } = revoked("revoked");
    const now = formatIsoTime(Date.now());
    const documents = open.map((taskId) =>
      toResultDocument({ taskId, state: "REVOKED", result: exception, now }),
    );
    await backend.store(documents.map((document) => ({ document, correlationId: document.task_id })));
  } catch (error) {
    worker.app.onWarning("That tasks are revoked could not be stored", error);
  }
}

/** Revokes in this worker alone, where the broker cannot tell all of them. */
export async function revokeHere(
  worker: Worker,
  taskIds: readonly string[],
  { terminate = false, signal = "SIGTERM" }: RevokeOptions = {},
): Promise<void> {
  await revoke(worker, { task_id: taskIds, terminate, signal });
}

export const REVOKE_COMMANDS: Readonly<Record<string, Command>> = {
  revoke,
  terminate: (worker, given) => revoke(worker, { ...given, terminate: true }),
  revoke_by_stamped_headers: revokeByStamps,
};
