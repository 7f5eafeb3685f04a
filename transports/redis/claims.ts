/** Claims messages for the life that {@link Leases} keeps alive. Source of the order: kombu/transport/redis.py (_brpop_start). */
import type { Redis } from "ioredis";
import { isRefusal, runScript } from "../../stores/redis.ts";
import type { ClaimedMessage } from "../queue-store.ts";
import { deliveryCount, entryEnding } from "./entry.ts";
import { listKey, livenessKeys, type RedisLayout, tagPrefix } from "./layout.ts";
import type { Leases } from "./leases.ts";
import type { Life } from "./ledger.ts";
import { CLAIM } from "./scripts.ts";

/** Most messages of one claim: bounds the script's run time. */
const MAX_CLAIM = 1000;

/** One order of service. */
interface Order {
  readonly queues: readonly string[];
  /** All queues of the first priority step, then all of the next. */
  readonly lists: readonly string[];
  /** For each queue, what follows the envelope in an unacked entry. */
  readonly endings: readonly string[];
}

/** The orders of service that the claims of one set of queues go through. */
interface Plan {
  readonly orders: readonly Order[];
  next: number;
}

export class Claims {
  readonly #client: Redis;
  readonly #layout: RedisLayout;
  readonly #leases: Leases;
  readonly #plans = new Map<string, Plan>();
  #lastClaim = 0;

  constructor(client: Redis, layout: RedisLayout, leases: Leases) {
    this.#client = client;
    this.#layout = layout;
    this.#leases = leases;
  }

  /** The lists that hold the messages of some queues. */
  lists(queues: readonly string[]): readonly string[] {
    return this.#order(this.#plan(queues)).lists;
  }

  /** Claims up to `max` messages; none while this life has to register again. */
  async take(queues: readonly string[], max: number): Promise<readonly ClaimedMessage[]> {
    const life = await this.#leases.start();
    this.#lastClaim += 1;
    try {
      const claimed = await this.#run(life, queues, max, tagPrefix(life.id, this.#lastClaim));
      if (claimed === undefined) {
        await this.#leases.register(life);
        return [];
      }
      for (const { tag } of claimed) life.tags.add(tag);
      return claimed;
    } catch (error) {
      // The server may have claimed, and the answer is lost: the next life finds out.
      if (!isRefusal(error)) life.uncertain = true;
      throw error;
    }
  }

  /** Takes up to `max` messages without claiming: they are gone from the server. */
  async pop(queues: readonly string[], max: number): Promise<readonly ClaimedMessage[]> {
    return (await this.#run(undefined, queues, max, "")) ?? [];
  }

  /** undefined when the life is fenced. */
  async #run(
    life: Life | undefined,
    names: readonly string[],
    max: number,
    prefix: string,
  ): Promise<readonly ClaimedMessage[] | undefined> {
    if (names.length === 0) return [];
    const { unacked, unackedIndex, queueOrder } = this.#layout;
    const plan = this.#plan(names);
    const { queues, lists, endings } = this.#order(plan);
    const alive = livenessKeys(this.#layout).alivePrefix + (life?.id ?? "");
    const fair = queueOrder === "round_robin" ? 1 : 0;
    const limit = Math.min(max, MAX_CLAIM);
    const args = [limit, prefix, this.#leases.leadSeconds, queues.length, fair, ...endings];
    const reply = await runScript(this.#client, CLAIM, [unacked, unackedIndex, alive, ...lists], args);
    if (reply === null) return undefined;
    const claimed = readClaims(queues, prefix, reply);
    if (claimed.length > 0) plan.next = (plan.next + 1) % plan.orders.length;
    return claimed;
  }

  #plan(queues: readonly string[]): Plan {
    const name = queues.join("\0");
    const known = this.#plans.get(name);
    if (known !== undefined) return known;
    const plan = { orders: ordersOf(this.#layout, [...new Set(queues)]), next: 0 };
    this.#plans.set(name, plan);
    return plan;
  }

  #order(plan: Plan): Order {
    return plan.orders[plan.next] ?? { queues: [], lists: [], endings: [] };
  }
}

/** In round robin every queue is first in one order; the other strategies have one order only. */
function ordersOf(layout: RedisLayout, queues: readonly string[]): readonly Order[] {
  const orders = {
    round_robin: () => queues.map((_, at) => [...queues.slice(at), ...queues.slice(0, at)]),
    priority: () => [queues],
    sorted: () => [[...queues].sort()],
  }[layout.queueOrder]();
  return orders.map((order) => ({
    queues: order,
    lists: layout.steps.flatMap((step) => order.map((queue) => listKey(layout, queue, step))),
    endings: order.map(entryEnding),
  }));
}

/** Reads the script's answer: queue number, payloads, queue number, payloads... */
function readClaims(queues: readonly string[], prefix: string, reply: unknown): readonly ClaimedMessage[] {
  const groups = reply as readonly (number | readonly string[])[];
  const claimed: ClaimedMessage[] = [];
  for (let at = 0; at < groups.length; at += 2) {
    const queue = queues[Number(groups[at]) - 1] ?? "";
    for (const payload of groups[at + 1] as readonly string[]) {
      const tag = prefix === "" ? "" : `${prefix}${10_001 + claimed.length}`;
      claimed.push({ queue, payload, tag, previousDeliveries: deliveryCount(payload) });
    }
  }
  return claimed;
}
