/** Exit codes, after BSD's sysexits as Celery uses them. */
import { CelerityError, type ErrorCode } from "../protocol/index.ts";

/** Nobody answered. */
export const EXIT_UNAVAILABLE = 69;

const EXIT_CODES: Partial<Readonly<Record<ErrorCode, number>>> = {
  bad_config: 64,
  missing_package: 64,
  broker_unavailable: EXIT_UNAVAILABLE,
  broker_unconfirmed: EXIT_UNAVAILABLE,
  backend_unavailable: EXIT_UNAVAILABLE,
  timeout: 75,
  task_failed: 1,
  task_revoked: 1,
};

/** 1 for what has no code of its own. */
export function exitCodeOf(error: unknown): number {
  return error instanceof CelerityError ? (EXIT_CODES[error.code] ?? 1) : 1;
}
