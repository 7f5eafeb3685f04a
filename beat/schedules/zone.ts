/** The clocks of a time zone, quickly: Temporal is asked once for each stretch of time between two changes of the clocks. */
import { Temporal } from "temporal-polyfill";
import { ConfigurationError } from "../../protocol/errors.ts";

/** Milliseconds of a day of 24 hours. */
export const DAY_MS = 86_400_000;
/** Schedules know the time from 1970 until here: later times cannot be told to Python. */
export const END_MS: number = Date.UTC(9999, 11, 1);

/** More than any clock differs from UTC. */
const WIDEST_OFFSET_MS = DAY_MS;
const NAME = /^[A-Za-z][\w+/-]*$/;

/** A stretch of time in which the clocks were not changed: from `fromMs` until before `toMs`. */
interface Span {
  readonly fromMs: number;
  readonly toMs: number;
  readonly offsetMs: number;
}

const zones = new Map<string, Zone>();

/** A time zone. What its clocks show is a number too, `wallMs`: the instant at which clocks in UTC show the same. */
export class Zone {
  readonly #name: string;
  readonly #spans: Span[] = [];
  #last: Span | undefined;

  private constructor(name: string) {
    this.#name = name;
  }

  /** The zone of an IANA name. Throws ConfigurationError when there is none. */
  static named(name: string): Zone {
    const id = officialName(name);
    const zone = zones.get(id) ?? new Zone(id);
    zones.set(id, zone);
    return zone;
  }

  /** What the clocks show at an instant. */
  wallAt(instantMs: number): number {
    return instantMs + this.#spanAt(instantMs).offsetMs;
  }

  /**
   * When the clocks show a time: twice when they are set back over it, in order. A time that they skip is as long after the
   * change as after the last second before it: 02:30 is 03:30, as in Python (PEP 495, fold=0).
   */
  instantsOf(wallMs: number): readonly [number, ...number[]] {
    const last = this.#last;
    if (
      last !== undefined &&
      holds(last, wallMs - WIDEST_OFFSET_MS) &&
      holds(last, wallMs + WIDEST_OFFSET_MS)
    ) {
      return [wallMs - last.offsetMs];
    }
    let span = this.#spanAt(Math.max(wallMs - WIDEST_OFFSET_MS, 0));
    const found: number[] = [];
    let skipped = wallMs - span.offsetMs;
    while (span.fromMs <= wallMs + WIDEST_OFFSET_MS) {
      const instant = wallMs - span.offsetMs;
      if (instant >= span.fromMs && instant < span.toMs) found.push(instant);
      if (instant >= span.toMs) skipped = instant;
      if (span.toMs === Number.POSITIVE_INFINITY) break;
      span = this.#spanAt(span.toMs);
    }
    const [first = skipped, ...others] = found;
    return [first, ...others];
  }

  #spanAt(instantMs: number): Span {
    if (this.#last === undefined || !holds(this.#last, instantMs)) {
      this.#last = this.#spans.find((span) => holds(span, instantMs)) ?? this.#askTemporal(instantMs);
    }
    return this.#last;
  }

  #askTemporal(instantMs: number): Span {
    const time = Temporal.Instant.fromEpochMilliseconds(Math.floor(instantMs)).toZonedDateTimeISO(this.#name);
    // The change before a time is not one at that time.
    const before = time.add({ milliseconds: 1 }).getTimeZoneTransition("previous");
    const after = time.getTimeZoneTransition("next");
    const span = {
      fromMs: before?.epochMilliseconds ?? Number.NEGATIVE_INFINITY,
      toMs: after?.epochMilliseconds ?? Number.POSITIVE_INFINITY,
      offsetMs: time.offsetNanoseconds / 1e6,
    };
    this.#spans.push(span);
    return span;
  }
}

function holds(span: Span, instantMs: number): boolean {
  return instantMs >= span.fromMs && instantMs < span.toMs;
}

function officialName(name: string): string {
  // Temporal also takes offsets and whole dates, which Python does not.
  try {
    if (NAME.test(name)) return Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name).timeZoneId;
  } catch {
    // Told below.
  }
  throw new ConfigurationError(
    `The timezone ${JSON.stringify(name.slice(0, 100))} of a schedule is no IANA name. Take one like "Europe/Berlin".`,
  );
}
