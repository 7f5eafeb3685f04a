/** Has Celery make the messages of a plan. */
import type { AmqpWire, Call } from "../ccp/messages.ts";
import type { Peer } from "../scenario/peer.ts";
import { renamed } from "../values/rename.ts";
import { type TaggedObject, textOf } from "../values/tagged.ts";
import { namedId, namedTime, withoutSender } from "./canonical.ts";

/** What Celery was asked to send, and under which name. */
export interface CaptureRequest {
  readonly vectorId: string;
  readonly as: string;
  readonly call?: Call;
  readonly canvas?: TaggedObject;
}

export interface Captured {
  readonly wires: readonly AmqpWire[];
  /** Ids by name: `t1` for the first task, `t1.1` and so on for the others, `t1.g0` and so on for groups, `t1.end` for what the caller waits for. */
  readonly ids: Readonly<Record<string, string>>;
  /** Tasks that end a chord's header, by its id. */
  readonly chords: Readonly<Record<string, number>>;
  /** Seconds from now, by the text of a time. */
  readonly times: Readonly<Record<string, number>>;
}

interface CaptureAnswer {
  readonly ids: readonly string[];
  readonly groups?: readonly string[];
  readonly end?: string;
  readonly chords?: Readonly<Record<string, number>>;
  readonly wires: readonly AmqpWire[];
}

/** Rejects with Unanswered when the oracle cannot. */
export async function capture(oracle: Peer, request: CaptureRequest): Promise<Captured> {
  const { vectorId, as, call, canvas } = request;
  const given = textOf(call?.options["task_id"]) ?? namedId(vectorId, as);
  const options: TaggedObject = { ...call?.options, task_id: given };
  const answer = await oracle.ask(
    call === undefined
      ? { cmd: "capture", canvas: canvas ?? {} }
      : { cmd: "capture", call: { ...call, options } },
  );
  // The schema of the answer has been checked.
  const { ids, groups = [], end, chords = {}, wires } = answer as unknown as CaptureAnswer;
  // What the call says stays as it is.
  const said = new Set<unknown>(Object.values(options));
  const named: Record<string, string> = {};
  const names = new Map<string, string>();
  for (const [name, id] of [
    ...ids.map((id, at) => [at === 0 ? as : `${as}.${at}`, id] as const),
    ...groups.map((id, at) => [`${as}.g${at}`, id] as const),
  ]) {
    named[name] = said.has(id) ? id : namedId(vectorId, name);
    names.set(id, named[name]);
  }
  if (call !== undefined) named[as] = given;
  const endName = end === undefined ? undefined : names.get(end);
  if (endName !== undefined && endName !== named[as]) named[`${as}.end`] = endName;
  const times = timesOf(call, wires, names);
  const { wires: renamedWires, chords: renamedChords } = renamed(
    { wires: wires.map(withoutSender), chords },
    names,
  );
  return { wires: renamedWires, ids: named, chords: renamedChords, times };
}

/** Times that are relative to the call; each gets a name in their place. */
function timesOf(
  call: Call | undefined,
  wires: readonly AmqpWire[],
  names: Map<string, string>,
): Readonly<Record<string, number>> {
  const times: Record<string, number> = {};
  for (const [header, seconds] of Object.entries(relativeTimes(call))) {
    const text = timeIn(wires[0], header);
    if (text === null) continue;
    const name = namedTime(text, names.size + 1);
    names.set(text, name);
    times[name] = seconds;
  }
  return times;
}

/** Protocol 1 has it in the body. */
function timeIn(wire: AmqpWire | undefined, header: string): string | null {
  const body = Buffer.from(wire?.body_b64 ?? "", "base64").toString("latin1");
  return textOf(wire?.headers[header]) ?? new RegExp(`"${header}": "([^"]+)"`).exec(body)?.[1] ?? null;
}

/** Seconds from a call to the times of its message, by header; only of what the call gives in seconds. */
export function relativeTimes(call: Call | undefined): Readonly<Record<string, number>> {
  const given = { eta: call?.options["countdown"], expires: call?.options["expires"] };
  const seconds = Object.entries(given).map(([header, value]) => [header, numberOf(value)] as const);
  return Object.fromEntries(seconds.filter((entry) => entry[1] !== undefined)) as Readonly<
    Record<string, number>
  >;
}

function numberOf(value: unknown): number | undefined {
  const { $int, $float } = (value ?? {}) as { readonly $int?: unknown; readonly $float?: unknown };
  const text = $int ?? $float;
  return text === undefined ? undefined : Number(text);
}
