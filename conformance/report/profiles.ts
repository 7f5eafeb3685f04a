/** Profiles: named sets of vectors that a badge can speak of, such as `worker-json-redis`. */
import type { Result } from "../run/result.ts";
import type { Role, Vector } from "../suite/vector.ts";
import { isMet, isTried, type Tally, tallyOf } from "./tally.ts";

/** `incomplete`: nothing failed, but not every vector of the profile was tried. */
export type ProfileState = "passed" | "failed" | "incomplete";

export interface ProfileReport {
  readonly state: ProfileState;
  /** Of its MUST vectors, those included that the run left out. */
  readonly must: Tally;
}

/** What a role cannot be without, beside a protocol, a serializer, a broker and a result store. */
const NEEDED: Readonly<Record<Role, readonly string[]>> = {
  producer: ["eta", "expires"],
  worker: ["envelope", "eta", "expires", "retries"],
  results: [],
  gateway: ["gateway"],
};
const SERIALIZERS = ["json", "msgpack", "pickle", "yaml"];
/** Features that depend on the servers of a run. */
const SERVERS = /^(brokers|backends):/;

/**
 * The profiles of which something was tried, by name: a role and a serializer, and for what happens at a broker its kind.
 * `vectors` is the whole set: a run of a part of it does not pass a profile.
 */
export function profilesOf(
  vectors: readonly Vector[],
  results: readonly Result[],
  broker?: string,
): Readonly<Record<string, ProfileReport>> {
  const byId = new Map(results.map((result) => [result.id, result]));
  const places = broker === undefined ? [undefined] : [undefined, broker];
  const profiles = (Object.keys(NEEDED) as Role[]).flatMap((role) =>
    SERIALIZERS.flatMap((serializer) =>
      places.map((place) => {
        const members = vectors.filter(
          (vector) => isAbout(vector, role, serializer) && isTriedAt(vector, place),
        );
        const name = [role, serializer, ...(place === undefined ? [] : [place])].join("-");
        return [name, profileOf(members, byId)] as const;
      }),
    ),
  );
  return Object.fromEntries(profiles.filter(([, { must }]) => must.tried > 0));
}

function isAbout(vector: Vector, role: Role, serializer: string): boolean {
  if (vector.role !== role || vector.requirement !== "must") return false;
  const core = ["protocol:2", `serializers:${serializer}`, ...NEEDED[role]];
  return vector.features.every((feature) => core.includes(feature) || SERVERS.test(feature));
}

/** Messages can be made with a broker or without one. An implementation that only works at a broker reads none otherwise. */
function isTriedAt(vector: Vector, broker: string | undefined): boolean {
  if (broker === undefined) return vector.command !== "scenario";
  if (vector.command !== "scenario") return vector.command === "encode";
  const brokers: readonly string[] | undefined = vector.brokers;
  return brokers?.includes(broker) ?? true;
}

function profileOf(members: readonly Vector[], byId: ReadonlyMap<string, Result>): ProfileReport {
  const results = members.flatMap(({ id }) => byId.get(id) ?? []);
  const must = { ...tallyOf(results), total: members.length };
  if (results.some((result) => isTried(result) && !isMet(result))) return { state: "failed", must };
  return { state: must.passed === must.total ? "passed" : "incomplete", must };
}
