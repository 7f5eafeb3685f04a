/** The hooks of a gateway: those of its options, and those that were put over HTTP, which all gateways of a state share. */
import { randomUUID } from "node:crypto";
import type { Caller } from "../access/caller.ts";
import { Problem } from "../problems.ts";
import type { StateRecord, StateStore } from "../state/state-store.ts";
import { writeJson } from "../task-view.ts";
import { compileHook, type Hook, type HookOwner, isVisible } from "./hook.ts";
import { HOOK_NAME, type HookOptions } from "./hook-options.ts";
import { readStored } from "./stored-json.ts";

export interface HookBookOptions {
  readonly state: StateStore;
  /** From the gateway's own options, checked. */
  readonly configured: Readonly<Record<string, HookOptions>>;
}

/** A hook as it lies in the state. */
interface HookRecord {
  readonly key: string;
  readonly owner: HookOwner;
  readonly options: HookOptions;
}

const KIND = "hook";
const MAX_HOOKS = 1000;
/** Of the gateway's own options: whoever runs it. */
const APP_OWNER: HookOwner = { id: "app", tenant: undefined, queuePrefix: "" };

export class HookBook {
  readonly #state: StateStore;
  readonly #configured: ReadonlyMap<string, Hook>;
  /** Those of the state that were compiled, with the version they are of. */
  readonly #compiled = new Map<string, Hook>();

  /** Throws ConfigurationError for a hook whose options are wrong. */
  constructor({ state, configured }: HookBookOptions) {
    this.#state = state;
    this.#configured = new Map(
      Object.entries(configured).map(([name, options]) => {
        const facts = { name, key: `app:${name}`, origin: "app", owner: APP_OWNER, version: 0 } as const;
        return [name, compileHook(facts, options)];
      }),
    );
  }

  async find(name: string): Promise<Hook | undefined> {
    const configured = this.#configured.get(name);
    if (configured !== undefined || !HOOK_NAME.test(name)) return configured;
    const record = await this.#state.records.get(KIND, name);
    if (record === undefined) this.#compiled.delete(name);
    return this.#hookOf(record);
  }

  /** Throws Problem `unknown-hook`. */
  async get(name: string): Promise<Hook> {
    const hook = await this.find(name);
    if (hook === undefined) throw new Problem("unknown-hook", { members: { name } });
    return hook;
  }

  /** Throws Problem `unknown-hook`, also for one that the caller may not see. */
  async getFor(caller: Caller, name: string): Promise<Hook> {
    const hook = await this.get(name);
    if (!isVisible(caller, hook)) throw new Problem("unknown-hook", { members: { name } });
    return hook;
  }

  /** By name; those of the options are among the others. */
  async list(after: string, limit: number): Promise<readonly Hook[]> {
    const records = await this.#state.records.list(KIND, { after, limit });
    const stored = records.flatMap((record) => this.#hookOf(record) ?? []);
    const own = [...this.#configured.values()].filter(({ name }) => name > after);
    const names = new Set(own.map(({ name }) => name));
    return [...own, ...stored.filter(({ name }) => !names.has(name))]
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .slice(0, limit);
  }

  /**
   * Makes a hook, or replaces `before`. Throws HookOptionError, and Problem `too-many-hooks` or `precondition-failed` when it
   * was changed meanwhile.
   */
  async put(name: string, options: HookOptions, owner: HookOwner, before: Hook | undefined): Promise<Hook> {
    const key = before?.key ?? randomUUID();
    const facts = { name, key, origin: "store", owner: before?.owner ?? owner } as const;
    // Checks them before anything is written.
    const hook = compileHook({ ...facts, version: 0 }, options);
    if (before === undefined) await this.#requireRoom();
    const record: HookRecord = { key, owner: facts.owner, options };
    const ifVersion = before?.version ?? 0;
    const version = await this.#state.records.put(KIND, name, writeJson(record), { ifVersion });
    if (version === undefined) throw new Problem("precondition-failed");
    return { ...hook, version };
  }

  /** Throws Problem `precondition-failed` when it was changed meanwhile. */
  async remove({ name, version }: Hook): Promise<void> {
    const isRemoved = await this.#state.records.delete(KIND, name, { ifVersion: version });
    if (!isRemoved) throw new Problem("precondition-failed");
    this.#compiled.delete(name);
  }

  async #requireRoom(): Promise<void> {
    const records = await this.#state.records.list(KIND, { limit: MAX_HOOKS });
    if (records.length >= MAX_HOOKS) throw new Problem("too-many-hooks", { members: { limit: MAX_HOOKS } });
  }

  #hookOf(record: StateRecord | undefined): Hook | undefined {
    if (record === undefined) return undefined;
    const { key: name, value, version } = record;
    const known = this.#compiled.get(name);
    if (known?.version === version) return known;
    // What this class wrote.
    const { key, owner, options } = readStored(value) as HookRecord;
    const hook = compileHook({ name, key, origin: "store", owner, version }, options);
    this.#compiled.set(name, hook);
    return hook;
  }
}
