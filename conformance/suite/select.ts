/** Which vectors a run is about. */
import { matchesAny } from "./patterns.ts";
import type { Vector } from "./vector.ts";

/** What to run; what is not given does not narrow anything. */
export interface Selection {
  /** Patterns of ids. */
  readonly ids?: readonly string[] | undefined;
  readonly levels?: readonly string[] | undefined;
  readonly roles?: readonly string[] | undefined;
  /** Features of which a vector must be about at least one: `serializers:json`, or `serializers` for any of them. */
  readonly features?: readonly string[] | undefined;
}

export function selectVectors(vectors: readonly Vector[], selection: Selection): readonly Vector[] {
  const { ids, levels, roles, features } = selection;
  return vectors.filter(
    (vector) =>
      (ids === undefined || matchesAny(ids, vector.id)) &&
      (levels === undefined || levels.includes(vector.level)) &&
      (roles === undefined || roles.includes(vector.role)) &&
      (features === undefined || features.some((feature) => isAbout(vector, feature))),
  );
}

function isAbout(vector: Vector, feature: string): boolean {
  return vector.features.some((name) => name === feature || name.startsWith(`${feature}:`));
}
