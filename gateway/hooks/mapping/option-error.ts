/** Something wrong with the options of a hook, and where. */
import { ConfigurationError } from "../../../protocol/index.ts";

export class HookOptionError extends ConfigurationError {
  /** JSON Pointer into the options. */
  readonly pointer: string;

  /** `what` completes "/rules/0/task: ..." */
  constructor(pointer: string, what: string) {
    super(`${pointer === "" ? "The options" : pointer}: ${what}`);
    this.pointer = pointer;
  }
}
