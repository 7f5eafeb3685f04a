/** Makes vectors of plans: Celery sends the messages, runs the tasks and reads the results. */
import type { AmqpWire, Call } from "../ccp/messages.ts";
import type { SessionOptions } from "../ccp/session.ts";
import { readCall } from "../expect/read-call.ts";
import type { ServerChoice } from "../rig/servers.ts";
import { Peer } from "../scenario/peer.ts";
import type { Step } from "../suite/scenario.ts";
import type { ScenarioVector } from "../suite/vector.ts";
import type { TaggedObject } from "../values/tagged.ts";
import { type Captured, capture, relativeTimes } from "./capture.ts";
import { type Change, changed } from "./change.ts";
import { type Plan, type PlanStep, tagWritten } from "./plan-file.ts";
import { fillStores, readyStore } from "./stores.ts";
import { fillViews } from "./views.ts";

export interface RecordOptions {
  /** How to run Celery's adapter. */
  readonly session: SessionOptions;
  readonly servers: ServerChoice;
  /** Told about each vector that has its messages. */
  readonly onCaptured?: (id: string) => void;
}

/** Rejects with Unanswered when Celery does not do what a plan asks. */
export async function record(
  plans: readonly Plan[],
  options: RecordOptions,
): Promise<readonly ScenarioVector[]> {
  const oracle = await Peer.start({ ...options.session, hasChildren: true });
  try {
    const recorded = { celery: oracle.info.version };
    const vectors: ScenarioVector[] = [];
    for (const plan of plans) {
      vectors.push(await withMessages(plan, oracle, recorded));
      options.onCaptured?.(plan.id);
    }
    return await fillViews(await fillStores(vectors, options), options);
  } finally {
    await oracle.stop();
  }
}

async function withMessages(
  plan: Plan,
  oracle: Peer,
  recorded: Readonly<Record<string, string>>,
): Promise<ScenarioVector> {
  const ids: Record<string, string> = {};
  const times: Record<string, number> = { ...plan.times };
  const messages = new Map<string, { readonly captured: Captured; readonly call: Call | undefined }>();
  const steps: Step[] = [];
  const canary = plan.canary && (await captureCanary(oracle, plan));
  for (const step of plan.steps) {
    const asked = askedOf(step);
    if (asked !== undefined) {
      await configure(oracle, { ...plan.env, ...(step["env"] as Environment | undefined) });
      const captured = await capture(oracle, { vectorId: plan.id, ...asked });
      Object.assign(ids, captured.ids);
      Object.assign(times, captured.times);
      messages.set(asked.as, { captured, call: asked.call });
    }
    const ready = step.do === "store" ? readyStore(plan.id, step) : undefined;
    if (ready !== undefined) ids[ready.step.as] = ready.id;
    steps.push(ready?.step ?? (await toStep(step, asked, messages)));
  }
  const { requirement, role, features, spec, applies, canary: _, ...rest } = plan;
  return {
    ...rest,
    command: "scenario",
    requirement,
    role,
    features,
    spec,
    recorded,
    applies,
    ...(canary !== undefined && { canary }),
    ...(Object.keys(ids).length > 0 && { ids }),
    ...(Object.keys(times).length > 0 && { times }),
    steps,
  };
}

type Environment = Readonly<Record<string, string>>;

/** Celery sends as its environment says; the servers are nobody's, since nothing is sent. */
async function configure(oracle: Peer, env: Environment): Promise<void> {
  const servers = { brokerUrl: "memory://", backendUrl: "cache+memory://" };
  await oracle.configure({ servers, queue: "celery", env });
}

async function captureCanary(oracle: Peer, { id, env = {}, canary }: Plan): Promise<AmqpWire | undefined> {
  await configure(oracle, env);
  const asked = askedOf({ do: "put", as: "canary", call: canary });
  const { wires } = await capture(oracle, { vectorId: id, as: "canary", ...asked });
  return wires[0];
}

interface AskedAs {
  readonly as: string;
  readonly call?: Call;
  readonly canvas?: TaggedObject;
}

function askedOf({ as, call, canvas }: PlanStep): AskedAs | undefined {
  if (typeof as !== "string" || (call === undefined && canvas === undefined)) return undefined;
  if (canvas !== undefined) return { as, canvas: tagWritten(canvas) as TaggedObject };
  return {
    as,
    call: { args: [], kwargs: {}, options: {}, ...(tagWritten(call) as object) } as unknown as Call,
  };
}

async function toStep(
  { change, of, env: _, ...step }: PlanStep,
  asked: AskedAs | undefined,
  messages: ReadonlyMap<string, { readonly captured: Captured; readonly call: Call | undefined }>,
): Promise<Step> {
  if (step.do === "put" && asked !== undefined) {
    const { wires = [], chords = {} } = messages.get(asked.as)?.captured ?? {};
    const [other] = messages.get(String(of))?.captured.wires ?? [];
    return {
      ...step,
      ...asked,
      do: "put",
      wires: wires.map((wire) => changed(wire, change as Change, other)),
      ...(change !== undefined && { changed: true as const }),
      ...(Object.keys(chords).length > 0 && { chords }),
    };
  }
  if (step.do === "put" && of !== undefined) {
    const { wires = [] } = messages.get(String(of))?.captured ?? {};
    return { ...step, do: "put", as: String(of), wires };
  }
  if (step.do === "store" && asked !== undefined) {
    // What the worker stores is filled in later.
    return {
      ...step,
      as: asked.as,
      wires: messages.get(asked.as)?.captured.wires ?? [],
    } as unknown as Step;
  }
  if (step.do === "take") {
    const [wire] = messages.get(String(of))?.captured.wires ?? [];
    return {
      ...step,
      do: "take",
      ...(await expectedMessage(wire)),
      ...relativeOf(messages.get(String(of))?.call),
    };
  }
  if (step.do === "http") {
    const { as: _as, call: _call, answer, ...rest } = step;
    return { ...rest, ...(answer !== undefined && { answer: tagWritten(answer) }) } as unknown as Step;
  }
  const written = ["view", "arguments"].filter((name) => step[name] !== undefined);
  const tagged = Object.fromEntries(written.map((name) => [name, tagWritten(step[name])]));
  // What is missing is found when the vectors are checked.
  return { ...step, ...asked, ...tagged } as unknown as Step;
}

async function expectedMessage(
  wire: AmqpWire | undefined,
): Promise<{ readonly wire: AmqpWire; readonly view: TaggedObject }> {
  const message = wire ?? { properties: {}, headers: {}, body_b64: "" };
  return { wire: message, view: await readCall(message) };
}

function relativeOf(call: Call | undefined): { readonly relative?: Readonly<Record<string, number>> } {
  const relative = relativeTimes(call);
  return Object.keys(relative).length === 0 ? {} : { relative };
}
