/** What is signed, and the names of the files with the keys. */
import type { WireMessage } from "../../protocol/index.ts";
import { taskMessage } from "../lib/message.ts";
import { readDocuments } from "./documents.ts";

/** Files in the folder, by what they are for. */
export const KEY_FILES = {
  rsaKey: "rsa-key.pem",
  /** In a folder of its own, which is the store of trusted certificates. */
  certificate: "trusted/certificate.pem",
  ed25519Key: "ed25519-key.pem",
  /** The bytes that a seal of {@link messageOf} signs. */
  sealed: "sealed.bin",
} as const;

/** A message with a body, to be sealed for the queue `celery`. */
export function messageOf(body: Uint8Array): WireMessage {
  const { id, headers } = taskMessage();
  return {
    body,
    contentType: "application/json",
    contentEncoding: "utf-8",
    headers,
    properties: { correlationId: id, replyTo: id, deliveryMode: 2, priority: 0 },
  };
}

/** The smallest document as JSON. */
export function bodyOf(folder: string): Buffer {
  return Buffer.from(JSON.stringify(readDocuments(folder)[0]?.[1]));
}
