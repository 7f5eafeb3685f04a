/** How many messages of the queue `celery` a broker holds: waiting, handed out on Redis and SQLite, and until their time. */
import type { App } from "../../app/index.ts";
import { withRedis } from "../../bench/lib/servers.ts";
import { openSql } from "../../stores/sql/index.ts";
import { DELAY_LEVELS, delayLevelName } from "../../transports/index.ts";
import type { BrokerName } from "./fault.ts";
import type { Place } from "./scene.ts";

/** Beside what waits in the queue itself. */
const ELSEWHERE: Readonly<Record<BrokerName, (url: string, app: App) => Promise<number>>> = {
  async rabbitmq(_url, app) {
    const connection = await app.connection();
    let held = 0;
    for (let level = 0; level < DELAY_LEVELS; level += 1)
      held += await connection.queueSize(delayLevelName(level));
    return held;
  },
  redis: (url) =>
    withRedis(
      url,
      async (redis) => (await redis.hlen("unacked")) + (await redis.zcard("_celerity.parked.celery")),
    ),
  async sqlite(url) {
    const [row] = await ask<{ claims: number }>(
      url,
      "SELECT count(*) AS claims FROM celerity_claim WHERE consumer IS NOT NULL",
    );
    return row?.claims ?? 0;
  },
};

export async function messagesHeld({ broker, url }: Place, app: App): Promise<number> {
  const connection = await app.connection();
  return (await connection.queueSize("celery")) + (await ELSEWHERE[broker](url, app));
}

/** What is wrong with a SQLite file: the number of findings of its own check. */
export async function damageOf({ url }: Place): Promise<number> {
  const findings = await ask<{ integrity_check: string }>(url, "PRAGMA integrity_check");
  return findings.filter((finding) => finding.integrity_check !== "ok").length;
}

async function ask<Row extends object>(url: string, sql: string): Promise<readonly Row[]> {
  const db = await openSql(url.replace("sqla+", ""));
  try {
    return await db.all<Row>(sql);
  } finally {
    await db.close();
  }
}
