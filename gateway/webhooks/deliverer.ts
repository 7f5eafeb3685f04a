/** Sends what is due, and writes down what comes of it. */
import type { Egress, EgressOutcome } from "../../egress/index.ts";
import type { ClaimedEntry, StateStore } from "../state/state-store.ts";
import { AgendaLoop } from "./agenda-loop.ts";
import { TEST_EVENT_TYPE } from "./callback.ts";
import type { Attempt, Delivery, GivenUpBecause } from "./delivery.ts";
import { MAX_ATTEMPTS_KEPT } from "./delivery.ts";
import type { DeliveryLog, KnownDelivery } from "./delivery-log.ts";
import type { Endpoint } from "./endpoint.ts";
import type { EndpointBook } from "./endpoint-book.ts";
import { noteHealth } from "./endpoint-health.ts";
import { judge, outcomeWord, type Verdict } from "./judge.ts";
import type { WebhookSettings } from "./options.ts";
import { DUE, digest } from "./places.ts";
import { nextTryMs } from "./retry-schedule.ts";
import type { SecretBook } from "./secret-book.ts";
import { HostPlaces, Throttles } from "./throttles.ts";

export interface DelivererOptions {
  readonly state: StateStore;
  readonly log: DeliveryLog;
  readonly endpoints: EndpointBook;
  readonly secrets: SecretBook;
  readonly egress: Egress;
  readonly settings: WebhookSettings;
  readonly keepAnswers: boolean;
  /** Called with one word for how each attempt ended. */
  readonly onAttempt: (outcome: string, delivery: Delivery) => void;
  readonly now: () => number;
  readonly onWarning: (message: string, error?: unknown) => void;
}

/** Where one delivery goes. */
interface Destination {
  readonly url: string;
  readonly endpoint: Endpoint | undefined;
  /** What is paused when the receiver asks for a pause. */
  readonly target: string;
}

/** A claimed delivery. */
interface Job extends KnownDelivery {
  readonly entry: ClaimedEntry;
  readonly prefix: string;
}

/** Bytes of an answer that the log keeps. */
const ANSWER_BYTES = 1024;
/** Time that stop() gives running attempts. */
const GRACE_MS = 5000;
/** How long a delivery waits for a place at its host, or for another gateway; about. */
const PLACE_MS = 1000;

export class Deliverer {
  readonly #options: DelivererOptions;
  readonly #loop: AgendaLoop;
  readonly #throttles: Throttles;
  readonly #places: HostPlaces;
  readonly #stop = new AbortController();

  constructor(options: DelivererOptions) {
    const { state, settings, now, onWarning } = options;
    this.#options = options;
    this.#throttles = new Throttles(state.records);
    this.#places = new HostPlaces(settings.concurrencyPerHost);
    this.#loop = new AgendaLoop({
      agenda: state.agenda,
      topic: DUE,
      // As long again as an attempt may take, for the store.
      leaseMs: 2 * settings.timeoutMs + 1000,
      limit: settings.concurrency,
      pollMs: settings.pollMs,
      now,
      onWarning,
      work: (entry) => this.#work(entry),
    });
  }

  start(): void {
    this.#loop.start();
  }

  /** There is something to send. */
  wake(): void {
    this.#loop.wakeAt(this.#options.now());
  }

  /** How long the oldest delivery is due that nobody works on; 0 for none. */
  async oldestDueSeconds(): Promise<number> {
    const { state, now } = this.#options;
    const { nextDueAtMs } = await state.agenda.summary(DUE);
    return nextDueAtMs === null ? 0 : Math.max(0, now() - nextDueAtMs) / 1000;
  }

  /** Attempts that do not end soon are given up, and made again by whoever goes on. */
  async stop(): Promise<void> {
    const timer = setTimeout(() => this.#stop.abort(), GRACE_MS);
    await this.#loop.stop();
    clearTimeout(timer);
  }

  async #work(entry: ClaimedEntry): Promise<void> {
    const known = await this.#options.log.find(entry.id);
    if (known === undefined || known.delivery.status !== "pending") return this.#settle(entry);
    const prefix = entry.id.slice(0, entry.id.length - known.delivery.id.length);
    const job: Job = { ...known, entry, prefix };
    const destination = await this.#destination(job);
    if (typeof destination === "string") return this.#end(job, destination);
    const pausedUntilMs = await this.#throttles.until(destination.target);
    // Not all at once when the pause ends.
    if (pausedUntilMs > this.#options.now())
      return this.#wait(entry, pausedUntilMs + PLACE_MS * Math.random());
    const leave = this.#places.take(destination.url);
    if (leave === undefined) return this.#wait(entry, this.#options.now() + PLACE_MS * (0.5 + Math.random()));
    try {
      await this.#attempt(job, destination);
    } finally {
      leave();
    }
  }

  async #destination({ delivery, prefix }: Job): Promise<Destination | GivenUpBecause> {
    const { endpoint: name, url, type } = delivery;
    if (name === undefined) return { url, endpoint: undefined, target: prefix + digest(url) };
    const endpoint = (await this.#options.endpoints.find(prefix, name))?.endpoint;
    if (endpoint === undefined) return "endpoint-removed";
    if (endpoint.disabled !== null && type !== TEST_EVENT_TYPE) return "endpoint-disabled";
    return { url: endpoint.url, endpoint, target: prefix + name };
  }

  async #attempt(job: Job, destination: Destination): Promise<void> {
    const { settings, now, log, onAttempt } = this.#options;
    const { delivery, entry } = job;
    const body = await log.body(entry.id);
    if (body === undefined) return this.#end(job, "not-sendable");
    const atMs = now();
    const startedAt = performance.now();
    const outcome = await this.#send(delivery, Buffer.from(body), destination, atMs);
    const verdict = judge(outcome, pausesOf(settings), now());
    if (verdict.kind === "unsaid") return this.#wait(entry, now() + PLACE_MS);
    onAttempt(outcomeWord(outcome, verdict), delivery);
    const attempt: Attempt = {
      attempt: delivery.attempted + 1,
      atMs,
      ms: Math.round(performance.now() - startedAt),
      ...this.#facts(outcome),
    };
    await this.#conclude(job, destination, attempt, verdict);
  }

  async #send(
    { id, attempted, contentType }: Delivery,
    body: Buffer,
    { url, endpoint }: Destination,
    atMs: number,
  ): Promise<EgressOutcome> {
    const { secrets, egress, settings } = this.#options;
    const at = new Date(atMs);
    const headers = await secrets.sign({ id, url, body, contentType, at, secrets: endpoint?.secrets });
    return egress.request({
      url,
      method: "POST",
      headers: { ...headers, "webhook-attempt": String(attempted + 1) },
      body,
      timeoutMs: settings.timeoutMs,
      maxBytes: ANSWER_BYTES,
      signal: this.#stop.signal,
    });
  }

  #facts(outcome: EgressOutcome): Pick<Attempt, "status" | "error" | "answer"> {
    const status = outcome.status === undefined ? {} : { status: outcome.status };
    if (outcome.kind === "failure") return { ...status, error: `${outcome.reason}: ${outcome.message}` };
    const answer = outcome.body.toString("utf8");
    return this.#options.keepAnswers && answer !== "" ? { ...status, answer } : status;
  }

  /** The log first: a gateway that dies in between leaves a claim, whose next owner reads there that it is done. */
  async #conclude(
    job: Job,
    { endpoint, target }: Destination,
    attempt: Attempt,
    verdict: Verdict,
  ): Promise<void> {
    const { settings, log, endpoints, now, onWarning } = this.#options;
    const { delivery, entry, version, prefix } = job;
    const nowMs = now();
    const tried: Delivery = {
      ...delivery,
      url: endpoint?.url ?? delivery.url,
      attempts: [...delivery.attempts, attempt].slice(-MAX_ATTEMPTS_KEPT),
      attempted: delivery.attempted + 1,
      tries: delivery.tries + 1,
      changedAtMs: nowMs,
      nextAtMs: null,
    };
    const pauseMs = verdict.kind === "again" ? (verdict.pauseMs ?? 0) : 0;
    if (pauseMs > 0) await this.#throttles.pause(target, nowMs + pauseMs);
    const waitMs = verdict.kind === "again" ? nextTryMs(settings, tried.tries, Math.random()) : undefined;
    const nextAtMs = waitMs === undefined ? null : nowMs + Math.max(waitMs, pauseMs);
    const after: Delivery = nextAtMs === null ? { ...tried, ...ended(verdict) } : { ...tried, nextAtMs };
    // Somebody asked for it again meanwhile, or had to take it for lost: it is theirs.
    if (!(await log.save(entry.id, after, version))) return;
    if (nextAtMs === null) await this.#settle(entry);
    else await this.#wait(entry, nextAtMs);
    if (endpoint === undefined) return;
    const disableAfterMs = settings.disableAfterSeconds * 1000;
    const disabled = await noteHealth(endpoints, { prefix, endpoint, verdict, nowMs, disableAfterMs });
    if (disabled !== undefined) onWarning(`The webhook endpoint ${endpoint.name} is disabled: ${disabled}`);
  }

  /** Nothing more is tried; what there is stays in the log. */
  async #end({ delivery, entry, version }: Job, reason: GivenUpBecause): Promise<void> {
    const { log, now } = this.#options;
    const over: Delivery = { ...delivery, status: "failed", reason, changedAtMs: now(), nextAtMs: null };
    if (await log.save(entry.id, over, version)) await this.#settle(entry);
  }

  async #settle(entry: ClaimedEntry): Promise<void> {
    await this.#options.state.agenda.settle(DUE, entry);
  }

  async #wait(entry: ClaimedEntry, dueAtMs: number): Promise<void> {
    await this.#options.state.agenda.postpone(DUE, entry, { dueAtMs: Math.ceil(dueAtMs), value: "" });
    this.#loop.wakeAt(dueAtMs);
  }
}

const REASONS: Partial<Readonly<Record<Verdict["kind"], GivenUpBecause>>> = {
  gone: "gone",
  over: "not-sendable",
};

function ended({ kind }: Verdict): Pick<Delivery, "status" | "reason"> {
  if (kind === "delivered") return { status: "delivered" };
  return { status: "failed", reason: REASONS[kind] ?? "attempts-used-up" };
}

function pausesOf({ throttleSeconds, maxRetryAfterSeconds }: WebhookSettings): {
  readonly throttleMs: number;
  readonly maxRetryAfterMs: number;
} {
  return { throttleMs: throttleSeconds * 1000, maxRetryAfterMs: maxRetryAfterSeconds * 1000 };
}
