/** What a worker without an adapter is taken for. */
import { basename } from "node:path";
import { ConfigurationError } from "../../protocol/index.ts";
import type { AdapterInfo } from "../ccp/messages.ts";
import { SERVER_KINDS } from "../suite/scenario.ts";
import type { Vector } from "../suite/vector.ts";

/**
 * It has all features that vectors for workers need or, with `has`, those alone: names as `retries` and `serializers:json`, or
 * `serializers` for any of them. Throws ConfigurationError for others.
 */
export function bareWorkerInfo(
  command: string,
  vectors: readonly Vector[],
  has?: readonly string[],
): AdapterInfo {
  const known = [
    ...new Set(vectors.flatMap(({ role, features }) => (role === "worker" ? features : []))),
  ].toSorted();
  const isMeant = (name: string, asked: string): boolean => name === asked || name.startsWith(`${asked}:`);
  const unknown = has?.find((asked) => !known.some((name) => isMeant(name, asked)));
  if (unknown !== undefined)
    throw new ConfigurationError(
      `No vector for workers needs the feature ${unknown}. Known are ${known.join(", ")}.`,
    );
  const names = known.filter((name) => has?.some((asked) => isMeant(name, asked)) ?? true);
  const [program = command] = command.trim().split(/\s+/);
  return {
    name: basename(program),
    language: "no adapter",
    version: "unversioned",
    roles: ["worker"],
    commands: ["work", "drain"],
    features: { ...asFeatures(names), brokers: SERVER_KINDS, backends: SERVER_KINDS },
  };
}

/** The form in which adapters tell them. */
function asFeatures(names: readonly string[]): Readonly<Record<string, unknown>> {
  const features: Record<string, true | string[]> = {};
  for (const name of names) {
    const [key = "", item] = name.split(":");
    const before = features[key];
    if (item === undefined) features[key] = true;
    else features[key] = [...(Array.isArray(before) ? before : []), item];
  }
  return features;
}
