/** Answers that receivers promise with 202 and give at a one-time URL of the gateway; the result store passes them on. */
import {
  type App,
  type Completion,
  completionId,
  completionTokens,
  promiseEntry,
  readCompletion,
  toCompletion,
} from "../../app/index.ts";
import { ConfigurationError, WaitTimeoutError } from "../../protocol/index.ts";

/** Longest wait that a timer of Node takes, in seconds: 24 days. */
const MAX_TIMEOUT = 2_147_483;

/** The answer of one task that may come later. */
export interface LateAnswerOf {
  /** Where the receiver may send it. */
  readonly url: string;
  /** What there is of it so far. */
  find(): Promise<Completion>;
  /** Notes that it is promised; resolves to when it must be there, in milliseconds since 1970. */
  promise(): Promise<number>;
  /** Resolves when it is there, or with what there is at that time. */
  wait(untilMs: number, signal: AbortSignal): Promise<Completion>;
}

/** undefined where the settings do not say how receivers reach the gateway. Throws ConfigurationError for half of them. */
export function createLateAnswers(app: App): ((taskId: string) => LateAnswerOf) | undefined {
  const {
    httpTasksGatewayUrl: gateway,
    httpTasksCompletionSecret: secret,
    httpTasksCompletionTimeout: timeout,
    resultBackend,
  } = app.settings;
  if (gateway === null) return undefined;
  if (secret === null)
    throw new ConfigurationError(
      "httpTasksGatewayUrl needs httpTasksCompletionSecret, the same as the gateway's.",
    );
  if (!/^https?:\/\//.test(gateway) || !URL.canParse(gateway))
    throw new ConfigurationError("httpTasksGatewayUrl must be a URL that begins with http:// or https://.");
  if (!app.keepsResults || resultBackend?.startsWith("rpc") === true) {
    throw new ConfigurationError(
      "httpTasksGatewayUrl needs a result backend that gateway and workers share, such as Redis or a database; rpc:// keeps no documents.",
    );
  }
  if (timeout > MAX_TIMEOUT)
    throw new ConfigurationError(`httpTasksCompletionTimeout must be at most ${MAX_TIMEOUT} seconds.`);
  const base = gateway.endsWith("/") ? gateway.slice(0, -1) : gateway;
  const tokens = completionTokens(secret);
  return (taskId) => {
    const token = tokens.of(taskId);
    const id = completionId(taskId, token);
    const find = async (): Promise<Completion> => readCompletion(await app.backend(), id);
    return {
      url: `${base}/v1/tasks/${encodeURIComponent(taskId)}/complete/${token}`,
      find,
      async promise() {
        const untilMs = Date.now() + timeout * 1000;
        await (await app.backend()).store([promiseEntry(id, untilMs)]);
        return untilMs;
      },
      async wait(untilMs, signal) {
        const backend = await app.backend();
        try {
          const timeoutMs = Math.max(0, untilMs - Date.now());
          return toCompletion(await backend.wait(id, { timeoutMs, signal }));
        } catch (error) {
          if (!(error instanceof WaitTimeoutError)) throw error;
          return find();
        }
      },
    };
  };
}
