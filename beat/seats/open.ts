/** Seats by URL. A new one is a file and a line here. */
import type { App } from "../../app/index.ts";
import { ConfigurationError } from "../../protocol/index.ts";
import type { Seat } from "../seat.ts";
import { createAmqpSeat } from "./amqp.ts";
import { createFileSeat } from "./file.ts";
import { createRedisSeat } from "./redis.ts";
import { createSqlSeat } from "./sql.ts";

export interface SeatOptions {
  /** Redis, SQL or AMQP, in any of Celery's spellings. */
  readonly url: string;
  /** Name of the beats that share the seat. */
  readonly lockName: string;
}

type Open = (options: SeatOptions) => Seat;

const sql: Open = ({ url, lockName }) => createSqlSeat({ url: sqlUrl(url), lockName });

/** By the part of the URL's scheme before "+". */
const SEATS: Readonly<Record<string, Open>> = {
  redis: createRedisSeat,
  rediss: createRedisSeat,
  socket: createRedisSeat,
  sentinel: createRedisSeat,
  db: sql,
  sqla: sql,
  sqlalchemy: sql,
  sqlite: sql,
  postgresql: sql,
  postgres: sql,
  amqp: createAmqpSeat,
  amqps: createAmqpSeat,
  pyamqp: createAmqpSeat,
};

/** Connects on first use. Throws ConfigurationError for a URL that is not known. */
export function openSeat(options: SeatOptions): Seat {
  const scheme = /^([a-z]+)(?:\+[a-z0-9+]*)?:\/\//i.exec(options.url)?.[1]?.toLowerCase() ?? "";
  const open = Object.hasOwn(SEATS, scheme) ? SEATS[scheme] : undefined;
  if (open !== undefined) return open(options);
  throw new ConfigurationError(
    "beatLock (--lock) must be a Redis, SQL or AMQP URL such as redis://127.0.0.1:6379/0.",
  );
}

/** SQLAlchemy's URL out of Celery's: `db+sqlite:///x` of result stores, `sqla+sqlite:///x` of brokers. */
export function sqlUrl(url: string): string {
  return url.replace(/^(?:db|sqla|sqlalchemy)\+/i, "");
}

/** The seat that an app's settings name. */
export function openAppSeat({ settings }: App, onWarning: (message: string, error?: unknown) => void): Seat {
  const { beatLock, beatLockName, beatScheduleFilename, beatSyncEvery } = settings;
  if (beatLock !== null) return openSeat({ url: beatLock, lockName: beatLockName });
  return createFileSeat({ path: stateFile(beatScheduleFilename), syncEvery: beatSyncEvery, onWarning });
}

/** Beat's own file beside the one that Celery's beat would use, which is never touched. */
export function stateFile(scheduleFilename: string): string {
  return scheduleFilename.endsWith(".json") ? scheduleFilename : `${scheduleFilename}.json`;
}
