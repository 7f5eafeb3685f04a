/** amqplib's errors to the project's. */
import { BrokerError, CelerityError, type ErrorCode, toError } from "../../protocol/index.ts";

/** AMQP 0-9-1 reply codes that mean "no": trying the same again cannot help. All others mean that the broker went away. */
const REFUSALS: Readonly<Record<number, string>> = {
  311: "content-too-large",
  402: "invalid-path",
  403: "access-refused",
  404: "not-found",
  405: "resource-locked",
  406: "precondition-failed",
  530: "not-allowed",
  540: "not-implemented",
};

/** The reply code of an error that the broker sent, undefined for one of the socket or of amqplib itself. */
export function replyCode(error: unknown): number | undefined {
  const code: unknown = (error as { readonly code?: unknown } | undefined)?.code;
  if (typeof code === "number") return code;
  // A refusal during the handshake has its code in the text only.
  const text = /Handshake terminated by server: (\d{3})/.exec(toError(error).message)?.[1];
  return text === undefined ? undefined : Number(text);
}

/** What the broker said, without amqplib's words around it. */
export function brokerText(error: unknown): string {
  const { message } = toError(error);
  return /with message "(.*)"/s.exec(message)?.[1] ?? (message || String((error as { code?: unknown }).code));
}

/** `broker_refused` when the broker said no, `broker_unavailable` when it could not be asked; the project's own errors pass. */
export function toBrokerError(action: string, error: unknown, hint = ""): CelerityError {
  if (error instanceof CelerityError) return error;
  const code: ErrorCode = (replyCode(error) ?? 0) in REFUSALS ? "broker_refused" : "broker_unavailable";
  return new BrokerError(code, `${action}: ${brokerText(error)}.${hint === "" ? "" : ` ${hint}`}`, {
    cause: error,
  });
}
