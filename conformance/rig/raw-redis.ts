/** What Celerity would never write: texts and bytes put into Redis as they are. And how long Redis keeps a result. */
import { openRedis, parseRedisUrl } from "../../stores/redis.ts";

const CONNECT_MS = 5000;
const KEPT_SECONDS = 3600;
/** Keys of results begin with it. */
export const RESULT_KEY = "celery-task-meta-";

/** Pushes the text of an envelope, which need not be one. */
export async function pushText(brokerUrl: string, queue: string, text: string): Promise<void> {
  await withClient(brokerUrl, (client) => client.lpush(queue, text));
}

/** Stores the bytes of a result where Celery's Redis backend looks for it, and tells those that wait. */
export async function storeBytes(backendUrl: string, taskId: string, bytes: Buffer): Promise<void> {
  const key = `${RESULT_KEY}${taskId}`;
  await withClient(backendUrl, (client) =>
    client.multi().setex(key, KEPT_SECONDS, bytes).publish(key, bytes).exec(),
  );
}

/** Seconds until the key of a result goes; undefined without an end. */
export async function secondsToLive(backendUrl: string, taskId: string): Promise<number | undefined> {
  const left = await withClient(backendUrl, (client) => client.ttl(`${RESULT_KEY}${taskId}`));
  return left < 0 ? undefined : left;
}

/** Source: celery/backends/redis.py set_chord_size. */
export async function storeChordSize(backendUrl: string, groupId: string, size: number): Promise<void> {
  await withClient(backendUrl, (client) =>
    client.setex(`celery-taskset-meta-${groupId}.s`, KEPT_SECONDS, size),
  );
}

type Client = Awaited<ReturnType<typeof openRedis>>["client"];

async function withClient<Answer>(url: string, act: (client: Client) => Promise<Answer>): Promise<Answer> {
  const { client } = await openRedis(parseRedisUrl(url), { timeoutMs: CONNECT_MS, role: "broker" });
  try {
    return await act(client);
  } finally {
    client.disconnect();
  }
}
