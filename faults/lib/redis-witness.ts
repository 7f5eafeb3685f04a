/**
 * Sees where Redis has each task of the suite. Celery's Python workers take a message with BRPOP and note it in `unacked` when the
 * answer has come: one that is killed between the two loses the message, whatever its settings. Celerity's take and note it in
 * one script. So what was last put on the list, and is no longer there, was lost by Python.
 */
import { Redis } from "ioredis";

/** In an envelope, or in one that stands in a string. */
const TASK_ID = /\\?"id\\?": ?\\?"(task-\d+)/;
const PUTS = new Set(["lpush", "rpush"]);

export interface RedisWitness {
  /** Those of the tasks that were put on the list, and noted by nobody since. */
  unnoted(ids: readonly string[]): string[];
  stop(): void;
}

/** Resolves when it sees every command. */
export async function watchRedis(url: string): Promise<RedisWitness> {
  const onList = new Set<string>();
  const client = new Redis(url);
  const monitor = await client.monitor();
  monitor.on("monitor", (_time: string, [command = "", key, ...values]: readonly string[]) => {
    const isPut = PUTS.has(command.toLowerCase()) && key === "celery";
    if (!isPut && !(command.toLowerCase() === "hset" && key === "unacked")) return;
    for (const value of values) {
      const id = TASK_ID.exec(value)?.[1];
      if (id === undefined) continue;
      if (isPut) onList.add(id);
      else onList.delete(id);
    }
  });
  return {
    unnoted: (ids) => ids.filter((id) => onList.has(id)),
    stop() {
      monitor.disconnect();
      client.disconnect();
    },
  };
}
