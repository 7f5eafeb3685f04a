/**
 * State in SQLite or PostgreSQL, in tables of the gateway's own. What has been resolved outlives a killed process; a power
 * failure may take the last moments, since commits do not wait for the disk.
 */
import { openTables, type SqlDatabase } from "../../../stores/sql/index.ts";
import { StateError, withStateErrors } from "../state-error.ts";
import type { StateStore } from "../state-store.ts";
import { createSweeper } from "../sweeper.ts";
import { SqlAgenda } from "./agenda.ts";
import { SqlCounters } from "./counters.ts";
import { SqlFeed } from "./feed.ts";
import { GroupCommit } from "./group-commit.ts";
import { SqlRecords } from "./records.ts";
import { sweepExpired } from "./sweep.ts";
import { stateTables } from "./tables.ts";

export interface SqlStateOptions {
  /** `sqlite:///file` or `postgresql://...`. */
  readonly url: string;
  readonly onWarning: (message: string, error?: unknown) => void;
}

/** Opens the database on first use, or by open(). */
export function createSqlState({ url, onWarning }: SqlStateOptions): StateStore {
  let opening: Promise<SqlDatabase> | undefined;
  let isClosed = false;

  const database = (): Promise<SqlDatabase> => {
    if (isClosed) return Promise.reject(new StateError("The state of the gateway is closed."));
    opening ??= openTables(url, stateTables).catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    return opening;
  };
  const group = new GroupCommit(database);
  const records = new SqlRecords(database, group);
  const feed = new SqlFeed(database, group);
  const sweeper = createSweeper(async () => sweepExpired(await database(), Date.now()), onWarning);

  return {
    records,
    unlisted: records,
    agenda: new SqlAgenda(database, group),
    feed,
    counters: new SqlCounters(group),
    async open() {
      await withStateErrors(database);
      sweeper.start();
    },
    async close() {
      if (isClosed) return;
      await sweeper.stop();
      feed.close();
      isClosed = true;
      await (await opening?.catch(() => undefined))?.close();
    },
  };
}
