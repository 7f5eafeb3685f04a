/**
 * Keeps what this process holds from being restored while it lives, and has it restored soon when it dies.
 *
 * Each consuming connection is a *life* with an alive key that expires within seconds. A living process renews the key, and
 * the age of everything it holds; a process that sees a life without its key for a while gives back what that life held.
 * The key's value is also a fence: `1` lets the claim script claim for that life, `0` keeps its claims safe but lets no
 * late command of a connection that was cut claim more.
 */
import { randomUUID } from "node:crypto";
import { runScript } from "../../stores/redis.ts";
import { type GiveBackContext, giveBack, sweepDeadLives, sweepOverdue, tagsOfLife } from "./give-back.ts";
import { livenessKeys } from "./layout.ts";
import type { ClaimLedger, Life, Unsettled } from "./ledger.ts";
import { parkClaims } from "./parking.ts";
import { type Repetition, repeat } from "./repeat.ts";
import { REGISTER, RENEW } from "./scripts.ts";

/** Longest pause between two renewals of a claim. */
const MAX_RENEW_SECONDS = 20;
/** Longest pause between two looks for overdue claims. */
const MAX_SWEEP_SECONDS = 5;
/** Claims renewed by one command. */
const RENEW_CHUNK = 1000;

export class Leases {
  /**
   * Claims are scored this far ahead of the clock, by two renewals: a sweep of any visibility timeout sees them as fresh,
   * and after a crash they are overdue that much later than a claim of kombu's.
   */
  readonly leadSeconds: number;
  readonly #context: GiveBackContext;
  readonly #ledger: ClaimLedger;
  readonly #work: Repetition[] = [];
  #life: Life | undefined;
  #starting: Promise<Life> | undefined;

  constructor(context: GiveBackContext, ledger: ClaimLedger) {
    this.#context = context;
    this.#ledger = ledger;
    this.leadSeconds = 2 * this.#renewSeconds;
  }

  get #renewSeconds(): number {
    return Math.min(this.#context.layout.visibilityTimeoutSeconds / 3, MAX_RENEW_SECONDS);
  }

  /** The life that claims are made for, undefined before the first call of {@link start}. */
  get life(): Life | undefined {
    return this.#life;
  }

  /** Begins a life on the first call, and the background work that keeps it. */
  start(): Promise<Life> {
    this.#starting ??= this.#start().catch((error: unknown) => {
      this.#starting = undefined;
      throw error;
    });
    return this.#starting;
  }

  async #start(): Promise<Life> {
    this.#life ??= this.#ledger.begin(randomUUID());
    await this.register(this.#life);
    this.#keep();
    return this.#life;
  }

  /** Makes the life known, and its claims possible; harmless when they are. */
  async register(life: Life): Promise<void> {
    const { client, layout } = this.#context;
    const { alivePrefix, lives } = livenessKeys(layout);
    const fence = life.ended ? 0 : 1;
    await runScript(client, REGISTER, [alivePrefix + life.id, lives], [fence, layout.leaseMs, life.id]);
  }

  /** Takes over what earlier connections of this process held. */
  async adopt(): Promise<void> {
    const ended = this.#ledger.ended();
    if (ended.length > 0) this.#keep();
    for (const life of ended) await this.#adopt(life);
    await this.settleNoted();
  }

  /** Fences a life that ended, and then gives back the claims it made and never heard of. */
  async #adopt(life: Life): Promise<void> {
    await this.register(life);
    if (!life.uncertain) return;
    const tags = await tagsOfLife(this.#context, life.id);
    const unheard = tags.filter((tag) => !this.#ledger.holds(tag));
    await giveBack(this.#context, unheard, { to: "front", counts: false });
    life.uncertain = false;
  }

  #keep(): void {
    if (this.#work.length > 0) return;
    const { layout, onWarning } = this.#context;
    const every = (intervalMs: number, what: string, work: () => Promise<void>): void => {
      this.#work.push(repeat(intervalMs, work, (error) => onWarning(`Redis: ${what} failed`, error)));
    };
    const beatMs = layout.leaseMs * 0.3;
    every(beatMs, "the sign of life", () => this.#beat(beatMs));
    every(this.#renewSeconds * 1000, "renewing unacknowledged messages", () => this.#renew());
    every(
      Math.min(layout.visibilityTimeoutSeconds / 4, MAX_SWEEP_SECONDS) * 1000,
      "the search for overdue messages",
      () => sweepOverdue(this.#context, (tag) => this.#ledger.holds(tag)),
    );
  }

  async #beat(beatMs: number): Promise<void> {
    const { client, layout } = this.#context;
    const { alivePrefix } = livenessKeys(layout);
    for (const life of this.#mine()) {
      const alive = await client.pexpire(alivePrefix + life.id, Math.ceil(layout.leaseMs));
      if (alive !== 1) await this.#revive(life);
      if (life.ended && life.uncertain) await this.#adopt(life);
      if (life.ended && life.tags.size === 0) await this.#bury(life);
    }
    await this.settleNoted();
    await sweepDeadLives(this.#context, beatMs * 0.8);
  }

  #mine(): readonly Life[] {
    return this.#life === undefined ? this.#ledger.ended() : [this.#life, ...this.#ledger.ended()];
  }

  /** The key was gone: this process stood still for longer than the others wait, or the server lost its memory. */
  async #revive(life: Life): Promise<void> {
    await this.register(life);
    if (life.tags.size === 0) return;
    this.#context.onWarning(
      `No sign of life reached Redis for ${this.#context.layout.leaseMs} ms; ` +
        `${life.tags.size} unacknowledged messages may have gone to other workers`,
    );
  }

  async #bury(life: Life): Promise<void> {
    const { client, layout } = this.#context;
    const { alivePrefix, lives } = livenessKeys(layout);
    await client
      .multi()
      .del(alivePrefix + life.id)
      .zrem(lives, life.id)
      .exec();
    this.#ledger.drop(life);
  }

  async #renew(): Promise<void> {
    const { client, layout } = this.#context;
    const tags = this.#mine().flatMap((life) => [...life.tags]);
    for (let at = 0; at < tags.length; at += RENEW_CHUNK) {
      const chunk = tags.slice(at, at + RENEW_CHUNK);
      await runScript(client, RENEW, [layout.unackedIndex], [this.leadSeconds, ...chunk]);
    }
  }

  /** Removes claims, parks some and puts others back; rejects when the server did not do it, and then may have done a part. */
  async settle({ acks, requeues, releases, parks }: Unsettled): Promise<void> {
    const { client, layout } = this.#context;
    const work: Promise<unknown>[] = [];
    if (acks.length > 0) {
      // The entry first: an index without an entry is tidied by every sweep, an entry without an index by none.
      work.push(client.hdel(layout.unacked, ...acks), client.zrem(layout.unackedIndex, ...acks));
    }
    if (requeues.length > 0) work.push(giveBack(this.#context, requeues, { to: "back", counts: true }));
    if (releases.length > 0) work.push(giveBack(this.#context, releases, { to: "front", counts: false }));
    if (parks.length > 0) work.push(parkClaims(this.#context, parks));
    const outcomes = await Promise.allSettled(work);
    const failed = outcomes.find((outcome) => outcome.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    for (const tags of [acks, requeues, releases, parks.map(({ tag }) => tag)]) this.#ledger.forget(tags);
  }

  /** Settles, or notes for the next chance: a settlement is never forgotten while the process lives. */
  async settleOrNote(settlements: Unsettled): Promise<void> {
    try {
      await this.settle(settlements);
    } catch (error) {
      this.#ledger.note(settlements);
      throw error;
    }
  }

  /** Sends what was noted while there was no connection. */
  async settleNoted(): Promise<void> {
    const noted = this.#ledger.takeNoted();
    if (noted !== undefined) await this.settleOrNote(noted);
  }

  /** Ends the background work. */
  async stop(): Promise<void> {
    await Promise.all(this.#work.map((work) => work.stop()));
  }

  /** Gives back everything this process holds, unless another connection of it lives on; then only this life's. */
  async releaseAll(): Promise<void> {
    const lives = this.#ledger.isLast(this.#life)
      ? this.#mine()
      : this.#life === undefined
        ? []
        : [this.#life];
    await this.settleNoted();
    for (const life of lives) {
      await giveBack(this.#context, [...life.tags], { to: "front", counts: false });
      await this.#bury(life);
    }
  }

  /** The connection is gone: what it held is kept for the next one. */
  abandon(): void {
    if (this.#life !== undefined) this.#life.ended = true;
  }
}
