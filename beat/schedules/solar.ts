/** Celery's solar schedule. Source: celery/schedules.py of 5.7, which reckons with the package ephem. */
import { createRequire } from "node:module";
import { CelerityError, ConfigurationError } from "../../protocol/errors.ts";
import { dueByNext } from "./due.ts";
import { type Due, type Schedule, SOLAR_EVENTS, type SolarEvent, type SolarSpec } from "./schedule.ts";
import { DAY_MS, END_MS } from "./zone.ts";

type Astronomy = typeof import("astronomy-engine", { with: { "resolution-mode": "require" }});

const PACKAGE = "astronomy-engine";
/** Celery looks no further than a year for an event. */
const MAX_DAYS = 366;
/** Between two events of a kind on one day. */
const MINUTE_MS = 60_000;
const [RISING, SETTING] = [1, -1];

/** For the altitude of the sun's centre in degrees at an event, and its direction; "limb" is its upper edge at -34'. */
const CROSSINGS: Readonly<
  Record<Exclude<SolarEvent, "solar_noon">, readonly [altitude: number | "limb", direction: number]>
> = {
  dawn_astronomical: [-18, RISING],
  dawn_nautical: [-12, RISING],
  dawn_civil: [-6, RISING],
  sunrise: ["limb", RISING],
  sunset: ["limb", SETTING],
  dusk_civil: [-6, SETTING],
  dusk_nautical: [-12, SETTING],
  dusk_astronomical: [-18, SETTING],
};

/**
 * An event of the sun at a place, in degrees north and east. Needs the package astronomy-engine. Throws ConfigurationError,
 * and CelerityError `missing_package` without the package.
 */
export function solar(event: SolarEvent, latitude: number, longitude: number): Schedule {
  return new SolarSchedule(event, latitude, longitude);
}

/** At sea level and without air that bends the light, as Celery reckons. */
export class SolarSchedule implements Schedule {
  readonly #event: SolarEvent;
  readonly #latitude: number;
  readonly #longitude: number;
  readonly #astronomy: Astronomy;
  /** The last answer of nextAfter(): it is the same for every time between the two. */
  #known: { readonly fromMs: number; readonly nextMs: number } | undefined;

  /** Throws what solar() throws. */
  constructor(event: SolarEvent, latitude: number, longitude: number) {
    if (!SOLAR_EVENTS.includes(event)) {
      const shown = JSON.stringify(String(event).slice(0, 100));
      throw new ConfigurationError(`The solar event ${shown} is unknown. Use ${SOLAR_EVENTS.join(", ")}.`);
    }
    requireDegrees("latitude", latitude, 90);
    requireDegrees("longitude", longitude, 180);
    this.#event = event;
    this.#latitude = latitude;
    this.#longitude = longitude;
    this.#astronomy = loadAstronomy();
  }

  isDue(lastRunAtMs: number, nowMs: number): Due {
    return dueByNext((last) => this.nextAfter(last), lastRunAtMs, nowMs);
  }

  nextAfter(lastRunAtMs: number): number {
    const last = Math.max(lastRunAtMs, 0);
    if (!(last < END_MS)) return Number.POSITIVE_INFINITY;
    const known = this.#known;
    if (known !== undefined && last >= known.fromMs && last < known.nextMs) return known.nextMs;
    const nextMs = this.#search(last);
    this.#known = { fromMs: last, nextMs };
    return nextMs;
  }

  toString(): string {
    return `<solar: ${this.#event} at latitude ${this.#latitude}, longitude: ${this.#longitude}>`;
  }

  toJSON(): SolarSpec {
    return { type: "solar", event: this.#event, latitude: this.#latitude, longitude: this.#longitude };
  }

  /** Day by day from midnight, so that an event has the same time wherever a search begins. */
  #search(lastMs: number): number {
    const aheadMs = (this.#longitude / 360) * DAY_MS;
    const today = Math.floor((lastMs + aheadMs) / DAY_MS) * DAY_MS - aheadMs;
    for (let day = 0; day <= MAX_DAYS; day++) {
      const start = today + day * DAY_MS;
      const next = this.#eventsOf(start, start + DAY_MS).find((event) => event > lastMs);
      if (next !== undefined) return next;
    }
    return Number.POSITIVE_INFINITY;
  }

  /** Far in the north and south a day has none, and now and then two. */
  #eventsOf(startMs: number, endMs: number): number[] {
    const events: number[] = [];
    for (let from = startMs; from < endMs; ) {
      const event = this.#eventAfter(from, endMs);
      if (event === undefined || event >= endMs) break;
      events.push(event);
      from = event + MINUTE_MS;
    }
    return events;
  }

  #eventAfter(fromMs: number, endMs: number): number | undefined {
    const { Body, Observer, SearchAltitude, SearchHourAngle, SearchRiseSet } = this.#astronomy;
    const observer = new Observer(this.#latitude, this.#longitude, 0);
    const from = new Date(fromMs);
    if (this.#event === "solar_noon") return SearchHourAngle(Body.Sun, observer, 0, from).time.date.getTime();
    const [altitude, direction] = CROSSINGS[this.#event];
    const days = (endMs - fromMs) / DAY_MS;
    const found =
      altitude === "limb"
        ? SearchRiseSet(Body.Sun, observer, direction, from, days)
        : SearchAltitude(Body.Sun, observer, direction, from, days, altitude);
    return found?.date.getTime();
  }
}

function requireDegrees(name: "latitude" | "longitude", degrees: number, limit: number): void {
  if (typeof degrees === "number" && Math.abs(degrees) <= limit) return;
  throw new ConfigurationError(
    `The ${name} of a solar schedule is ${String(degrees).slice(0, 100)}. Use a number from -${limit} to ${limit}.`,
  );
}

function loadAstronomy(): Astronomy {
  try {
    return createRequire(import.meta.url)(PACKAGE);
  } catch (cause) {
    const message = `Solar schedules need the package ${PACKAGE}. Run: npm install ${PACKAGE}`;
    throw new CelerityError("missing_package", message, { cause });
  }
}
