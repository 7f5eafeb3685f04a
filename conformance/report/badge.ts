/** Badges as shields.io reads them from an address: https://shields.io/badges/endpoint-badge. */
import type { ProfileReport, ProfileState } from "./profiles.ts";
import type { Report } from "./report.ts";
import type { Tally } from "./tally.ts";

export interface Badge {
  readonly schemaVersion: 1;
  readonly label: string;
  readonly message: string;
  readonly color: string;
}

const COLORS: Readonly<Record<ProfileState, string>> = {
  passed: "brightgreen",
  failed: "red",
  incomplete: "lightgrey",
};
/** From this part of what was tried on, some failures are yellow instead of red. */
const MOST = 0.9;

/** How many MUST vectors pass, of those that were tried. */
export function badgeOf(report: Report): Badge {
  const must = sum(Object.values(report.levels).map((level) => level.must));
  return {
    schemaVersion: 1,
    label: "celery conformance",
    message: must.tried === 0 ? "nothing tried" : `${must.passed} of ${must.tried}`,
    color: colorOf(must),
  };
}

export function profileBadgeOf(name: string, { state, must }: ProfileReport): Badge {
  const message = state === "passed" ? state : `${state}, ${must.passed} of ${must.total}`;
  return { schemaVersion: 1, label: `celery ${name}`, message, color: COLORS[state] };
}

function colorOf({ passed, tried }: Tally): string {
  if (tried === 0) return "lightgrey";
  if (passed === tried) return "brightgreen";
  return passed >= MOST * tried ? "yellow" : "red";
}

function sum(tallies: readonly Tally[]): Tally {
  const add = (name: keyof Tally): number => tallies.reduce((total, tally) => total + tally[name], 0);
  return { passed: add("passed"), tried: add("tried"), total: add("total") };
}
