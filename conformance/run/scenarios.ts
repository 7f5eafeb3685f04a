/** Plays scenarios: those of the shared worker beside each other, those without one in turn, each of the others with its own. */
import type { SessionOptions } from "../ccp/session.ts";
import { Rig } from "../rig/rig.ts";
import { isEmbedded, openServers, type ServerChoice } from "../rig/servers.ts";
import { Oracle } from "../scenario/oracle.ts";
import type { WorkerNeeds } from "../scenario/worker-house.ts";
import type { WorkerUse } from "../suite/scenario.ts";
import { homesApart, sharedHome } from "./homes.ts";
import { LoneWorker, NoWorker, OwnWorkers, SharedWorker } from "./places.ts";
import type { PlannedScenario } from "./plan.ts";
import { type Place, type PlayContext, playOne } from "./play-one.ts";
import type { Result } from "./result.ts";

export interface PlayOptions extends Omit<PlayContext, "timeoutMs"> {
  readonly session: SessionOptions;
  readonly servers: ServerChoice;
  /** How to run the adapter of a real Celery that takes part: docs/conformance.md. */
  readonly oracle?: SessionOptions | undefined;
  /** Scenarios of the shared worker under way at once. */
  readonly parallel: number;
}

/** Workers, or clients, of each kind under way at once; those that others must not disturb where their servers are apart. */
const LANES = { shared: 2, none: 2, alone: 2, own: 5 };

/** Tells every result as it comes. Rejects when the servers cannot be opened. */
export async function playAll(
  planned: readonly PlannedScenario[],
  options: PlayOptions,
  finish: (result: Result) => void,
): Promise<void> {
  const { parallel, servers: choice } = options;
  const session = { ...options.session, hasChildren: true };
  const context = { ...options, timeoutMs: session.timeoutMs };
  const servers = await openServers(choice);
  const rig = new Rig(servers);
  const oracle =
    options.oracle === undefined ? undefined : new Oracle({ ...options.oracle, hasChildren: true }, rig);
  const by = (use: WorkerUse): readonly PlannedScenario[] =>
    planned.filter(({ scenario }) => scenario.worker === use);
  const again: PlannedScenario[] = [];
  const playIn = async (
    scenarios: readonly PlannedScenario[],
    places: readonly Place[],
    lanesOfEach = 1,
  ): Promise<void> => {
    const queue = scenarios.values();
    const lane = async (place: Place): Promise<void> => {
      for (const one of queue) {
        const result = await playOne(one, place, context);
        if (result === undefined) again.push(one);
        else finish(result);
      }
    };
    const lanes = places.flatMap((place) => Array.from({ length: lanesOfEach }, () => lane(place)));
    try {
      await Promise.all(lanes);
    } finally {
      await Promise.all(places.map((place) => place.close()));
    }
  };
  try {
    await rig.hear(planned.flatMap(({ scenario }) => scenario.steps));
    const groups = byEnvironment(by("shared")).values();
    const share = async (): Promise<void> => {
      for (const [needs, scenarios] of groups)
        await playIn(scenarios, [new SharedWorker(session, rig, needs, oracle)], Math.max(1, parallel));
    };
    const lanesOf = (use: keyof typeof LANES, most = LANES[use]) =>
      Array.from({ length: Math.min(LANES[use], most) });
    // Workers have their host's name: RabbitMQ gives the queue of that name to one of them at a time.
    const sharers = lanesOf("shared", isEmbedded(choice) ? LANES.shared : 1);
    const apart = homesApart(choice);
    const homes = apart ?? sharedHome(rig);
    const playAlone = (scenarios: readonly PlannedScenario[]): Promise<void> =>
      playIn(
        scenarios,
        lanesOf("alone", homes.count).map(() => new LoneWorker(session, homes)),
      );
    const playOwn = (): Promise<void> =>
      playIn(
        by("own"),
        lanesOf("own", homes.count).map(() => new OwnWorkers(session, homes)),
      );
    const clients = lanesOf("none").map(() => new NoWorker(session, rig, oracle));
    const sharing = [...sharers.map(share), playIn(by("none"), clients)];
    // What has servers of its own disturbs nobody.
    if (apart !== undefined) await Promise.all([...sharing, playAlone(by("alone")), playOwn()]);
    else {
      await Promise.all(sharing);
      await playAlone(by("alone"));
      await playOwn();
    }
    await playAlone(again);
  } finally {
    await oracle?.close();
    await rig.close();
    await servers.close();
  }
}

/** Those of one environment share a worker. */
function byEnvironment(
  planned: readonly PlannedScenario[],
): readonly (readonly [WorkerNeeds, readonly PlannedScenario[]])[] {
  const groups = new Map<string, readonly [WorkerNeeds, PlannedScenario[]]>();
  for (const one of planned) {
    const name = JSON.stringify(one.scenario.env ?? {});
    const group = groups.get(name) ?? [one.scenario, []];
    group[1].push(one);
    groups.set(name, group);
  }
  return [...groups.values()];
}
