/** Plays one scenario, and says what came of it. */
import { toError } from "../../protocol/index.ts";
import type { Rig } from "../rig/rig.ts";
import { freshen } from "../scenario/fresh.ts";
import { Unanswered } from "../scenario/peer.ts";
import { play } from "../scenario/play.ts";
import type { Part, Stage } from "../scenario/stage.ts";
import type { ScenarioVector } from "../suite/vector.ts";
import type { TaggedObject } from "../values/tagged.ts";
import type { PlannedScenario } from "./plan.ts";
import type { Result } from "./result.ts";
import { type Allowances, type Played, verdictOfPlay } from "./verdict.ts";

/** What all scenarios of a run share. */
export interface PlayContext {
  /** How long a step may take, in milliseconds. */
  readonly timeoutMs: number;
  readonly allowances: Allowances;
  readonly onNote?: ((line: string) => void) | undefined;
  /** Told what was seen of a task, where it is compared. */
  readonly onSeen?:
    | ((vector: ScenarioVector, task: string, view: TaggedObject, ids: ReadonlyMap<string, string>) => void)
    | undefined;
}

/** Plays a scenario with a part of the servers and processes; resolves to whether no MUST failed. */
export type Act = (part: Part, rig: Rig) => Promise<boolean>;

/** Has a scenario played where there is what it needs. */
export interface Place {
  /** Resolves to false when it tells nothing of the scenario, because others were played beside it. */
  with(scenario: ScenarioVector, act: Act): Promise<boolean>;
  close(): Promise<void>;
}

/** Resolves to undefined when it has to be played again, alone. */
export async function playOne(
  { vector, scenario }: PlannedScenario,
  place: Place,
  { timeoutMs, allowances, onNote, onSeen }: PlayContext,
): Promise<Result | undefined> {
  const startedAtMs = Date.now();
  const transcript: string[] = [];
  let played: Pick<Played, "differences" | "trouble"> = { differences: [] };
  try {
    const stands = await place.with(scenario, async (part, rig) => {
      const { steps, ids } = freshen(scenario, Date.now());
      const stage: Stage = {
        ...part,
        rig,
        ids: new Map(ids),
        given: new Map(),
        saved: new Map(),
        canary: scenario.canary,
        timeoutMs,
        note: (line) => {
          transcript.push(line);
          onNote?.(line);
        },
        see: (task, view) => onSeen?.(scenario, task, view, ids),
      };
      const differences = await play(steps, stage);
      played = { differences };
      return differences.every(({ weight }) => weight !== "must");
    });
    if (!stands) return undefined;
  } catch (error) {
    const status = error instanceof Unanswered ? error.status : "error";
    const message =
      error instanceof Unanswered ? error.message : `the runner says: ${toError(error).message}`;
    played = { differences: [], trouble: { status, message } };
  }
  return verdictOfPlay(vector, { ...played, tookMs: Date.now() - startedAtMs, transcript }, allowances);
}
