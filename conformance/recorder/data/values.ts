/** What a key may hold. Members, fields and keys are strings of latin1 characters: one for each byte, in the order of bytes. */
import type { ListValue } from "./list.ts";
import type { SortedSetValue } from "./sorted-set.ts";
import type { StreamValue } from "./stream.ts";

const ITEM_OVERHEAD = 64;

export class StringValue {
  readonly type = "string";
  readonly isEmpty = false;
  readonly value: Buffer;

  constructor(value: Buffer) {
    this.value = value;
  }

  get bytes(): number {
    return this.value.length;
  }

  /** Strings never change. */
  copy(): StringValue {
    return this;
  }
}

export class HashValue {
  readonly type = "hash";
  readonly #fields: Map<string, Buffer>;
  /** Memory, about. */
  bytes = 0;

  constructor(fields: Iterable<readonly [string, Buffer]> = []) {
    this.#fields = new Map();
    for (const [field, value] of fields) this.set(field, value);
  }

  get isEmpty(): boolean {
    return this.#fields.size === 0;
  }

  get fields(): ReadonlyMap<string, Buffer> {
    return this.#fields;
  }

  /** True when the field is new. */
  set(field: string, value: Buffer): boolean {
    const isNew = !this.delete(field, true);
    this.#fields.set(field, value);
    this.bytes += field.length + value.length + ITEM_OVERHEAD;
    return isNew;
  }

  delete(field: string, staysInPlace = false): boolean {
    const old = this.#fields.get(field);
    if (old === undefined) return false;
    if (!staysInPlace) this.#fields.delete(field);
    this.bytes -= field.length + old.length + ITEM_OVERHEAD;
    return true;
  }

  copy(): HashValue {
    return new HashValue(this.#fields);
  }
}

export class SetValue {
  readonly type = "set";
  readonly #members = new Set<string>();
  /** Memory, about. */
  bytes = 0;

  constructor(members: Iterable<string> = []) {
    for (const member of members) this.add(member);
  }

  get isEmpty(): boolean {
    return this.#members.size === 0;
  }

  get members(): ReadonlySet<string> {
    return this.#members;
  }

  add(member: string): boolean {
    if (this.#members.has(member)) return false;
    this.#members.add(member);
    this.bytes += member.length + ITEM_OVERHEAD;
    return true;
  }

  delete(member: string): boolean {
    const isGone = this.#members.delete(member);
    if (isGone) this.bytes -= member.length + ITEM_OVERHEAD;
    return isGone;
  }

  copy(): SetValue {
    return new SetValue(this.#members);
  }
}

export type Value = StringValue | ListValue | HashValue | SetValue | SortedSetValue | StreamValue;
export type ValueType = Value["type"];
/** The class of a type. */
export type ValueOf<Type extends ValueType> = Extract<Value, { readonly type: Type }>;
