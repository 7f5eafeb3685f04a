/** All faults of live implementations, those that end a worker last. */
import { CONTROL_FAULTS } from "./control-faults.ts";
import { FOLLOWING_FAULTS } from "./following-faults.ts";
import type { LiveMutant } from "./live-mutant.ts";
import { PRODUCER_FAULTS } from "./producer-faults.ts";
import { RESULT_FAULTS } from "./result-faults.ts";
import { REFUSING_FAULTS, RUNNING_FAULTS } from "./running-faults.ts";
import { SETTLING_FAULTS } from "./settling-faults.ts";

/** Those that one process can have in turn. */
export const LIVE_MUTANTS: readonly LiveMutant[] = [
  ...PRODUCER_FAULTS,
  ...RUNNING_FAULTS,
  ...FOLLOWING_FAULTS,
  ...CONTROL_FAULTS,
  ...RESULT_FAULTS,
  ...REFUSING_FAULTS,
];

/** By name, with those that need a worker of their own. */
export const MUTANTS_BY_NAME: ReadonlyMap<string, LiveMutant> = new Map(
  [...LIVE_MUTANTS, ...SETTLING_FAULTS].map((mutant) => [mutant.name, mutant]),
);
