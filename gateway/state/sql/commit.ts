/** One transaction, done anew when the database chose to roll it back. */
import { isRolledBack, type SqlDatabase, type SqlTransaction } from "../../../stores/sql/index.ts";

const ATTEMPTS = 5;

/** `work` may be run again, so nothing outside the transaction may change in it. Commits do not wait for the disk. */
export async function commit<Result>(
  database: SqlDatabase,
  work: (tx: SqlTransaction) => Promise<Result>,
): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await database.transaction(work, { durable: false });
    } catch (error) {
      if (attempt === ATTEMPTS || !isRolledBack(error)) throw error;
    }
  }
}
