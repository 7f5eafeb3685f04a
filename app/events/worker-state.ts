/** A worker as its events show it. Source: celery/events/state.py `Worker` of 5.7. */
import { boundedText, type ClusterEvent } from "./event.ts";

/** Heartbeats that are remembered. */
const MAX_HEARTBEATS = 4;
/** Intervals of its heartbeat after which a silent worker counts as gone. */
const MISSED_HEARTBEATS = 2;
/** Seconds between heartbeats of a worker that has not said. */
const DEFAULT_FREQ = 60;

export class ClusterWorker {
  readonly hostname: string;
  /** null until a worker-* event names it. */
  pid: number | null = null;
  /** Seconds between heartbeats. */
  freq: number = DEFAULT_FREQ;
  clock = 0;
  /** Tasks that it runs. */
  active: number | null = null;
  /** Tasks that it has ended. */
  processed: number | null = null;
  loadavg: readonly number[] | null = null;
  softwareName: string | null = null;
  softwareVersion: string | null = null;
  softwareSystem: string | null = null;
  /** When it was last heard of, in seconds since 1970, the earliest first; none once it said goodbye. */
  readonly heartbeats: number[] = [];

  constructor(hostname: string) {
    this.hostname = hostname;
  }

  /** Told apart from another process of the same name. */
  get id(): string {
    return `${this.hostname}.${this.pid ?? "None"}`;
  }

  /** Heard of lately, and not to have left; `now` is in seconds since 1970. */
  isAlive(now: number = Date.now() / 1000): boolean {
    const last = this.heartbeats.at(-1);
    return last !== undefined && now < last + MISSED_HEARTBEATS * this.freq;
  }

  /** Takes in what a worker-* event says. A field of the wrong type is left out. */
  update(event: ClusterEvent): void {
    const { pid, freq, clock, active, processed, loadavg, sw_ident, sw_ver, sw_sys } = event;
    if (isCount(pid)) this.pid = pid;
    if (typeof freq === "number" && freq >= 0) this.freq = freq;
    if (isCount(clock)) this.clock = clock;
    if (isCount(active)) this.active = active;
    if (isCount(processed)) this.processed = processed;
    if (isLoad(loadavg)) this.loadavg = loadavg;
    if (sw_ident !== undefined) this.softwareName = boundedText(sw_ident);
    if (sw_ver !== undefined) this.softwareVersion = boundedText(sw_ver);
    if (sw_sys !== undefined) this.softwareSystem = boundedText(sw_sys);
  }

  /** It is there at this time, in seconds since 1970. */
  beat(at: number): void {
    if (this.heartbeats.length >= MAX_HEARTBEATS) this.heartbeats.shift();
    const after = this.heartbeats.findIndex((heartbeat) => heartbeat > at);
    this.heartbeats.splice(after === -1 ? this.heartbeats.length : after, 0, at);
  }

  /** It has said goodbye. */
  leave(): void {
    this.heartbeats.length = 0;
  }

  /** Plain data. */
  toJSON(): WorkerSnapshot {
    const { hostname, pid, freq, clock, active, processed, loadavg } = this;
    const { softwareName, softwareVersion, softwareSystem } = this;
    const software = { softwareName, softwareVersion, softwareSystem };
    const heartbeats = [...this.heartbeats];
    return { hostname, pid, freq, clock, active, processed, loadavg, ...software, heartbeats };
  }
}

/** A worker's data at one time. */
export type WorkerSnapshot = Readonly<
  Pick<
    ClusterWorker,
    | "hostname"
    | "pid"
    | "freq"
    | "clock"
    | "active"
    | "processed"
    | "loadavg"
    | "softwareName"
    | "softwareVersion"
    | "softwareSystem"
  >
> & { readonly heartbeats: readonly number[] };

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isLoad(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.length <= 3 && value.every((one) => typeof one === "number");
}
