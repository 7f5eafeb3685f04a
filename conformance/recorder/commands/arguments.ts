/** The arguments of a command behind its name, read as what they should be. */
import { isInteger64, parseDouble, parseInteger } from "../resp/numbers.ts";
import { Refusal } from "../resp/replies.ts";

export const NO_INTEGER = "ERR value is not an integer or out of range";
export const SYNTAX = "ERR syntax error";

export class Arguments {
  readonly list: readonly Buffer[];

  constructor(list: readonly Buffer[]) {
    this.list = list;
  }

  get length(): number {
    return this.list.length;
  }

  /** What they take, about, in bytes. */
  get memory(): number {
    return this.list.reduce((sum, argument) => sum + argument.length, 64);
  }

  bytes(index: number): Buffer {
    const argument = this.list[index];
    if (argument === undefined) throw new Refusal(SYNTAX);
    return argument;
  }

  /** A key, field or member: a character for each byte. */
  key(index: number): string {
    return this.bytes(index).toString("latin1");
  }

  /** Keys from `start` up to `end`. */
  keys(start: number, end: number = this.length): string[] {
    return this.list.slice(start, end).map((argument) => argument.toString("latin1"));
  }

  /** The arguments up to a place. */
  before(end: number): Arguments {
    return new Arguments(this.list.slice(0, end));
  }

  /** An option's name, in capitals; "" behind the last. */
  word(index: number): string {
    return this.list[index]?.toString("latin1", 0, 64).toUpperCase() ?? "";
  }

  /** A whole number. Beyond 2^53 it is not exact: see {@link bigint}. */
  integer(index: number, message: string = NO_INTEGER): number {
    return Number(this.bigint(index, message));
  }

  bigint(index: number, message: string = NO_INTEGER): bigint {
    const value = parseInteger(this.key(index));
    if (value === undefined || !isInteger64(value)) throw new Refusal(message);
    return value;
  }

  /** A number that is not below 0. */
  count(index: number, message = "ERR value is out of range, must be positive"): number {
    const value = this.integer(index, message);
    if (value < 0) throw new Refusal(message);
    return value;
  }

  double(index: number, message = "ERR value is not a valid float"): number {
    const value = parseDouble(this.key(index));
    if (value === undefined) throw new Refusal(message);
    return value;
  }
}
