/** Things to do, in this process. */
import { getOrMake } from "../get-or-make.ts";
import type { Agenda, AgendaEntry, ClaimedEntry, ClaimOptions } from "../state-store.ts";

interface Slot {
  readonly value: string;
  /** Of the entry, or of the end of its lease. */
  readonly dueAtMs: number;
  readonly claim: string | null;
}

export class MemoryAgenda implements Agenda {
  readonly #topics = new Map<string, Map<string, Slot>>();
  #claims = 0;

  #topic(name: string): Map<string, Slot> {
    return getOrMake(this.#topics, name, () => new Map());
  }

  async put(topic: string, { id, dueAtMs, value }: AgendaEntry): Promise<void> {
    this.#topic(topic).set(id, { value, dueAtMs, claim: null });
  }

  async get(topic: string, id: string): Promise<AgendaEntry | undefined> {
    const slot = this.#topic(topic).get(id);
    return slot === undefined ? undefined : toEntry(id, slot);
  }

  async claim(topic: string, { nowMs, leaseMs, limit }: ClaimOptions): Promise<readonly ClaimedEntry[]> {
    const slots = this.#topic(topic);
    const due = [...slots].filter(([, { dueAtMs }]) => dueAtMs <= nowMs);
    due.sort(([, one], [, other]) => one.dueAtMs - other.dueAtMs);
    return due.slice(0, limit).map(([id, slot]) => {
      this.#claims += 1;
      const claim = String(this.#claims);
      slots.set(id, { value: slot.value, dueAtMs: nowMs + leaseMs, claim });
      return { ...toEntry(id, slot), claim };
    });
  }

  async settle(topic: string, { id, claim }: ClaimedEntry): Promise<boolean> {
    const slots = this.#topic(topic);
    return slots.get(id)?.claim === claim && slots.delete(id);
  }

  async postpone(
    topic: string,
    { id, claim }: ClaimedEntry,
    { dueAtMs, value }: { readonly dueAtMs: number; readonly value: string },
  ): Promise<boolean> {
    const slots = this.#topic(topic);
    if (slots.get(id)?.claim !== claim) return false;
    slots.set(id, { value, dueAtMs, claim: null });
    return true;
  }

  async change(topic: string, { id, dueAtMs, value }: AgendaEntry, nowMs: number): Promise<boolean> {
    const slots = this.#topic(topic);
    if (!isFree(slots.get(id), nowMs)) return false;
    slots.set(id, { value, dueAtMs, claim: null });
    return true;
  }

  async remove(topic: string, id: string, nowMs: number): Promise<AgendaEntry | undefined> {
    const slots = this.#topic(topic);
    const slot = slots.get(id);
    if (!isFree(slot, nowMs)) return undefined;
    slots.delete(id);
    return toEntry(id, slot);
  }

  async summary(topic: string): Promise<{ readonly count: number; readonly nextDueAtMs: number | null }> {
    const slots = this.#topic(topic);
    let next = Number.POSITIVE_INFINITY;
    for (const { dueAtMs } of slots.values()) if (dueAtMs < next) next = dueAtMs;
    return { count: slots.size, nextDueAtMs: slots.size === 0 ? null : next };
  }
}

/** Whether there is an entry that nobody works on now. */
function isFree(slot: Slot | undefined, nowMs: number): slot is Slot {
  return slot !== undefined && (slot.claim === null || slot.dueAtMs <= nowMs);
}

function toEntry(id: string, { dueAtMs, value }: Slot): AgendaEntry {
  return { id, dueAtMs, value };
}
