/** How often a message was handed out before, so that one that kills its workers does not go round for ever. */
import type { ExceptionDocument, WireMessage } from "../protocol/index.ts";
import type { Delivery } from "../transports/index.ts";
import { exceptionDocument } from "./outcome.ts";

/** Deliveries without a survivor before a message is taken for the cause. */
export const MAX_DELIVERIES = 3;

/** Counts deliveries from before the message was sent again, where every broker begins anew. */
const COUNT_HEADER = "celerity-deliveries";

/** Times the message was handed out before, as far as anybody knows. */
export function previousDeliveries({ previousDeliveries: counted = 0, message }: Delivery): number {
  const noted = message?.headers[COUNT_HEADER];
  return typeof noted === "number" && Number.isSafeInteger(noted) && noted > 0 ? counted + noted : counted;
}

/** The same message with this delivery counted. */
export function withDeliveryCount(message: WireMessage, count: number): WireMessage {
  return { ...message, headers: { ...message.headers, [COUNT_HEADER]: count } };
}

/** Reason and exception for a message that no worker survived. */
export function lostTooOften(times: number): [reason: string, exception: ExceptionDocument] {
  const reason = `Handed out ${times} times before, and no worker survived it.`;
  return [reason, exceptionDocument("billiard.exceptions", "WorkerLostError", reason)];
}
