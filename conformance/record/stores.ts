/** Documents to store: what Celery's worker stores of a call, byte for byte, or what is there already. */
import { CelerityError } from "../../protocol/index.ts";
import type { Stored, Wire } from "../ccp/messages.ts";
import { type Recorder, startRecorder } from "../recorder/index.ts";
import { RESULT_KEY } from "../rig/raw-redis.ts";
import { type PlayOptions, playAll } from "../run/scenarios.ts";
import { NO_ALLOWANCES } from "../run/verdict.ts";
import { loadSuite } from "../suite/load.ts";
import type { Step, StoreStep } from "../suite/scenario.ts";
import type { ScenarioVector } from "../suite/vector.ts";
import { renamed } from "../values/rename.ts";
import { textOf } from "../values/tagged.ts";
import { namedId } from "./canonical.ts";
import type { PlanStep } from "./plan-file.ts";
import type { RecordOptions } from "./record.ts";

/** A `store` step of a plan whose call the worker has yet to run. */
export interface UnfilledStore {
  readonly do: "store";
  readonly as: string;
  /** Of which state the document is; of the last one without. */
  readonly state?: string;
  readonly wires: readonly Wire[];
}

/** A step that needs no worker, and the id of its task. */
export interface ReadyStore {
  readonly step: StoreStep;
  readonly id: string;
}

/**
 * A document that a person wrote (`text`, where `$id` is the task's id), or that of a vector of decoding (`from`); undefined for
 * a call. Throws CelerityError `unsupported` when there is no such vector.
 */
export function readyStore(planId: string, step: PlanStep): ReadyStore | undefined {
  const as = String(step["as"]);
  const { text, from } = step;
  if (typeof text === "string") {
    const id = namedId(planId, as);
    const body_b64 = Buffer.from(text.replaceAll("$id", id)).toString("base64");
    return { step: { do: "store", as, stored: { serializer: "json", body_b64 } }, id };
  }
  if (from === undefined) return undefined;
  const vector = loadSuite().vectors.find(({ id }) => id === from);
  if (vector?.command !== "decode" || vector.stored === undefined)
    throw new CelerityError("unsupported", `${planId}: ${String(from)} is no vector of a stored result.`);
  return { step: { do: "store", as, stored: vector.stored }, id: textOf(vector.view["task_id"]) ?? "" };
}

const PARALLEL = 4;
/** All commands of a recording. */
const MAX_LOG = 1_000_000;

/** Has the worker run the calls of all `store` steps. */
export async function fillStores(
  vectors: readonly ScenarioVector[],
  { session }: RecordOptions,
): Promise<readonly ScenarioVector[]> {
  const lacking = vectors.filter(({ steps }) => steps.some(isUnfilled));
  if (lacking.length === 0) return vectors;
  const recorder = await startRecorder({ maxLog: MAX_LOG });
  const ids = new Map<string, ReadonlyMap<string, string>>();
  try {
    const planned = lacking.map((vector) => {
      const scenario = { ...vector, worker: "shared", steps: vector.steps.flatMap(runOf) } as const;
      return { vector: scenario, scenario };
    });
    const onSeen: PlayOptions["onSeen"] = ({ id }, _task, _view, fresh) => void ids.set(id, fresh);
    const servers = { broker: `${recorder.url}/0` };
    await playAll(
      planned,
      { session, servers, parallel: PARALLEL, allowances: NO_ALLOWANCES, onSeen },
      () => undefined,
    );
  } finally {
    await recorder.close();
  }
  return vectors.map((vector) => ({
    ...vector,
    steps: vector.steps.map((step) =>
      isUnfilled(step) ? filled(step, vector, ids.get(vector.id), recorder) : step,
    ),
  }));
}

function isUnfilled(step: Step | UnfilledStore): step is UnfilledStore {
  return step.do === "store" && "wires" in step;
}

function runOf(step: Step | UnfilledStore): readonly Step[] {
  if (!isUnfilled(step)) return [];
  const { as, wires } = step;
  return [
    { do: "put", as, wires },
    { do: "await", task: as, view: {} },
  ];
}

function filled(
  { as, state }: UnfilledStore,
  { id: vectorId, env, ids = {} }: ScenarioVector,
  fresh: ReadonlyMap<string, string> = new Map(),
  { log }: Recorder,
): Step {
  const key = `${RESULT_KEY}${fresh.get(as) ?? ""}`;
  const documents = log.flatMap(({ command: [name, channel, bytes] }) =>
    String(name).toLowerCase() === "publish" && String(channel) === key && bytes !== undefined ? [bytes] : [],
  );
  const bytes = documents.findLast((one) => state === undefined || one.includes(`"${state}"`));
  if (bytes === undefined)
    throw new CelerityError("unsupported", `${vectorId}: no document of ${as} was stored.`);
  const names = Object.entries(ids).map(([name, id]) => [fresh.get(name) ?? id, id] as const);
  const stored: Stored = {
    serializer: env?.["CONF_RESULT_SERIALIZER"] ?? "json",
    body_b64: withoutChance(bytes).toString("base64"),
  };
  return { do: "store", as, stored: renamed(stored, new Map(names)) };
}

/** Without the time of the recording, and the folders, processes and names of its machine. */
function withoutChance(bytes: Buffer): Buffer {
  const today = new Date().toISOString().slice(0, "2026-01-01".length);
  const text = bytes
    .toString("latin1")
    .replace(new RegExp(`${today}T\\d{2}:\\d{2}:\\d{2}\\.\\d{6}`, "g"), "2026-01-01T00:00:00.000001")
    .replace(/"conf-\d+@[^"]*"/g, '"conf-1@conformance"')
    .replace(/"pid": \d+/g, '"pid": 1')
    .replace(/"conformance-[0-9a-f]{8}"/g, '"conformance"')
    .replace(/(File \\")[^"\\]*\/([^"\\/]+\\")/g, "$1$2");
  return Buffer.from(text, "latin1");
}
