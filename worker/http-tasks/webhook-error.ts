/** The failure of a call of `celerity.webhook`. */
import { CelerityError } from "../../protocol/index.ts";

/** Python callers get it as a class of this name. */
export class WebhookError extends CelerityError {
  constructor(message: string, options?: { readonly cause?: unknown }) {
    super("task_failed", message, options);
  }
}
