/** What is wrong in a schedule that somebody wants to keep. */
import { ConfigurationError } from "../../protocol/index.ts";

/** A definition that is refused; `field` is what is wrong in it, as `options.priority`, or empty for the whole. */
export class ScheduleError extends ConfigurationError {
  readonly field: string;

  constructor(field: string, problem: string, options?: { readonly cause?: unknown }) {
    super(`In a schedule, ${field === "" ? "" : `${field} `}${problem}.`, options);
    this.field = field;
  }
}
