/** The body of an answer as a value: JSON exactly, anything else as text. */
import { isUtf8 } from "node:buffer";
import type { EgressAnswer } from "../../egress/index.ts";
import { findEnvelope, readPythonJson } from "../../protocol/index.ts";
import { WebhookError } from "./webhook-error.ts";

/** Without a body it is null. Throws WebhookError or DecodeError for a body that cannot be a result. */
export function readAnswer({ headers, body, truncated }: EgressAnswer, maxDepth: number): unknown {
  if (truncated)
    throw new WebhookError(
      `The answer has more than ${body.length} bytes (httpTasksMaxBytes): send a reference.`,
    );
  const encoding = headers["content-encoding"] ?? "identity";
  if (encoding !== "identity")
    throw new WebhookError(
      `The answer is compressed (${String(encoding).slice(0, 20)}), though identity was asked for.`,
    );
  if (body.length === 0) return null;
  if (!isUtf8(body)) throw new WebhookError("The answer is not UTF-8.");
  const text = body.toString("utf8");
  if (!isJson(headers["content-type"])) return text;
  const value = readPythonJson(text, { maxDepth, code: "bad_result" });
  const envelope = findEnvelope(value, "");
  if (envelope === undefined) return value;
  throw new WebhookError(
    `The answer has an object with just the keys __type__ and __value__ at "${envelope}", which stands for a Python value.`,
  );
}

function isJson(contentType: string | readonly string[] | undefined): boolean {
  const type =
    String(contentType ?? "")
      .split(";", 1)[0]
      ?.trim()
      .toLowerCase() ?? "";
  return type === "application/json" || type.endsWith("+json");
}
