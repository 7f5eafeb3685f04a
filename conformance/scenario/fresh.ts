/**
 * Each run of a scenario has ids and times of its own: those of the recording are replaced by others of the same length,
 * in messages, their bodies and views alike, so that a broker or a store that is used again never confuses two runs.
 */
import { randomUUID } from "node:crypto";
import type { Step } from "../suite/scenario.ts";
import type { ScenarioVector } from "../suite/vector.ts";
import { renamed } from "../values/rename.ts";

/** A scenario as it is run. */
export interface FreshScenario {
  readonly steps: readonly Step[];
  /** Ids of tasks by name. */
  readonly ids: ReadonlyMap<string, string>;
}

/** Makes a scenario ready for a run that begins now. */
export function freshen({ steps, ids = {}, times = {} }: ScenarioVector, nowMs: number): FreshScenario {
  // Two names may stand for one id.
  const others = new Map(Object.values(ids).map((recorded) => [recorded, idLike(recorded)]));
  const fresh = new Map(
    Object.entries(ids).map(([name, recorded]) => [name, others.get(recorded) ?? recorded]),
  );
  const names = new Map([
    ...others,
    ...Object.entries(times).map(
      ([text, seconds]) => [text, timeLike(text, nowMs + seconds * 1000)] as const,
    ),
  ]);
  return { steps: renamed(steps, names), ids: fresh };
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const RANDOM_END = 8;

/** An id that is no UUID keeps its form: only its end is another. */
function idLike(recorded: string): string {
  const id = randomUUID();
  return UUID.test(recorded) ? id : `${recorded.slice(0, -RANDOM_END)}${id.slice(0, RANDOM_END)}`;
}

const MINUTE_MS = 60_000;

/** A time in the form of Python's isoformat(), with as many digits and with the offset of the recorded one; UTC without one. */
function timeLike(recorded: string, timestampMs: number): string {
  const [zone = "", sign, hours = "0", minutes = "0"] = /(?:Z|([+-])(\d{2}):(\d{2}))$/.exec(recorded) ?? [];
  const offset = (Number(hours) * 60 + Number(minutes)) * (sign === "-" ? -1 : 1);
  const iso = new Date(timestampMs + offset * MINUTE_MS).toISOString();
  const hasFraction = /\.\d{6}/.test(recorded);
  return `${iso.slice(0, hasFraction ? 23 : 19)}${hasFraction ? "000" : ""}${zone}`;
}
