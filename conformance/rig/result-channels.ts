/** What is published on the channels of results: Celery's Redis backend tells there every document that it stores. */
import { openRedis, parseRedisUrl } from "../../stores/redis.ts";
import { RESULT_KEY } from "./raw-redis.ts";

const CONNECT_MS = 5000;
/** Documents kept of a run. */
const MAX_DOCUMENTS = 20_000;

export class ResultChannels {
  readonly #documents: { readonly taskId: string; readonly bytes: Buffer }[] = [];
  readonly #disconnect: () => void;

  private constructor(disconnect: () => void) {
    this.#disconnect = disconnect;
  }

  /** Listens to all of them. Rejects with BackendError. */
  static async open(backendUrl: string): Promise<ResultChannels> {
    const { client } = await openRedis(parseRedisUrl(backendUrl), { timeoutMs: CONNECT_MS, role: "backend" });
    const channels = new ResultChannels(() => client.disconnect());
    client.on("pmessageBuffer", (_pattern: Buffer, channel: Buffer, bytes: Buffer) =>
      channels.#keep(channel.toString().slice(RESULT_KEY.length), bytes),
    );
    await client.psubscribe(`${RESULT_KEY}*`);
    return channels;
  }

  #keep(taskId: string, bytes: Buffer): void {
    if (this.#documents.length < MAX_DOCUMENTS) this.#documents.push({ taskId, bytes });
  }

  /** Documents of a task, the oldest first. */
  of(taskId: string): readonly Buffer[] {
    return this.#documents.filter((one) => one.taskId === taskId).map(({ bytes }) => bytes);
  }

  close(): void {
    this.#disconnect();
  }
}
