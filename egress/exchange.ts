/** One call on the wire: a clock over all of it, no redirects, a bounded part of the answer. */
import { type Dispatcher, request as send } from "undici";
import { toError } from "../protocol/index.ts";
import { failureOfError } from "./failure-of-error.ts";
import type { EgressMethod } from "./options.ts";
import { type EgressOutcome, egressFailure } from "./outcome.ts";

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

export interface Exchange {
  readonly dispatcher: Dispatcher;
  readonly url: URL;
  readonly method: EgressMethod;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer | undefined;
  readonly timeoutMs: number;
  readonly maxBytes: number;
  readonly signal: AbortSignal | undefined;
}

/** Never rejects. */
export async function exchange(call: Exchange): Promise<EgressOutcome> {
  const { dispatcher, url, method, headers, body, timeoutMs, signal } = call;
  const stop = new AbortController();
  let stoppedBy: "timeout" | "aborted" | undefined;
  const end = (reason: "timeout" | "aborted"): void => {
    stoppedBy ??= reason;
    stop.abort();
  };
  const onAbort = (): void => end("aborted");
  const timer = setTimeout(() => end("timeout"), timeoutMs);
  signal?.addEventListener("abort", onAbort, { once: true });
  if (signal?.aborted) onAbort();

  let status: number | undefined;
  try {
    const sent = send(url, { dispatcher, method, headers, body: body ?? null, signal: stop.signal });
    const answer = await Promise.race([sent, whenAborted(stop.signal)]);
    status = answer.statusCode;
    if (REDIRECTS.has(status)) {
      answer.body.on("error", () => undefined).destroy();
      return egressFailure(
        "redirect_refused",
        `The answer was a redirect (${status}), which is not followed.`,
        status,
      );
    }
    const { bytes, truncated } = await readAtMost(answer.body, call.maxBytes);
    return { kind: "answer", status, headers: answer.headers, body: bytes, truncated };
  } catch (error) {
    if (stoppedBy === "timeout")
      return egressFailure("timeout", `The answer was not complete after ${timeoutMs} ms.`, status);
    if (stoppedBy === "aborted") return egressFailure("aborted", "The call was given up.", status);
    return failureOfError(error, status);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}

/** Rejects then: undici ends a call that still waits for its connection only when that one stands or fails. */
function whenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(toError(signal.reason)), { once: true });
    if (signal.aborted) reject(toError(signal.reason));
  });
}

/** Leaving the loop early ends the connection, so that the rest is never sent. */
async function readAtMost(
  stream: AsyncIterable<Buffer>,
  maxBytes: number,
): Promise<{ readonly bytes: Buffer; readonly truncated: boolean }> {
  const chunks: Buffer[] = [];
  let left = maxBytes;
  for await (const chunk of stream) {
    chunks.push(chunk.subarray(0, left));
    if (chunk.length > left) return { bytes: Buffer.concat(chunks), truncated: true };
    left -= chunk.length;
  }
  return { bytes: Buffer.concat(chunks), truncated: false };
}
