/**
 * The one error base of the project. Classes follow what the caller must do next; `code` says what happened and never
 * changes between releases. Adding a code is one line in {@link ERROR_CODES}.
 */

/** Stable error codes and, for the reader, what each one means. */
export const ERROR_CODES = {
  bad_envelope: "The broker's envelope around a message is not what kombu writes.",
  bad_body: "The message body is not a task call.",
  bad_header: "A protocol header has the wrong type.",
  bad_eta: "eta or expires is not an ISO 8601 time.",
  too_deep: "A value nests deeper than the limit.",
  too_large: "A value is larger than the limit.",
  content_refused: "The content type is not in accept_content.",
  bad_encoding: "The content encoding is unknown.",
  bad_compression: "The compression is unknown or its data is corrupt.",
  pickle_refused: "A pickle names something beyond plain data.",
  unsigned: "The message is not signed, and unsigned ones are refused here.",
  bad_signature: "The signature does not belong to this message, or cannot be read.",
  key_unknown: "The message is signed with a key or certificate that is not trusted here.",
  alg_refused: "The signature's algorithm or key type is not allowed.",
  signature_expired: "The signature is too old, or from the future.",
  wrong_audience: "The message is signed for another audience or queue.",
  replay: "A message with this signature was handled before.",
  cert_expired: "The signer's certificate is not valid at this time.",
  cert_revoked: "The signer's certificate is on the revocation list.",
  unencodable: "A value has no representation in the chosen serializer.",
  bad_result: "A stored result is not a result document.",
  url_forbidden: "A URL that a stranger named may not be called.",
  bad_config: "A setting, option or URL is wrong.",
  missing_package: "An optional package is not installed.",
  worker_lost: "The message was handed out again and again, and every time its worker died.",
  not_registered: "No task of that name is registered here.",
  unsupported: "The message asks for something this version does not do.",
  broker_unavailable: "The broker cannot be reached, or did not answer in time.",
  broker_unconfirmed: "The broker did not confirm the message in time; it may or may not have it.",
  broker_refused: "The broker answered, and refused.",
  unroutable: "No queue takes the message.",
  backend_unavailable: "The result store cannot be reached, or did not answer in time.",
  timeout: "The wait ended before the task did.",
  task_failed: "The task ended in FAILURE.",
  task_revoked: "The task was revoked.",
  closed: "The object was closed before or during the call.",
} as const;

/** One of the stable error codes. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** Base of every error this project throws. */
export class CelerityError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** Input from the wire or a caller that can never be read: reject it, keep the bytes, do not retry. */
export class DecodeError extends CelerityError {}

/** A value that cannot be written with the chosen serializer: fix the caller. */
export class EncodeError extends CelerityError {
  constructor(message: string, options?: { readonly cause?: unknown }) {
    super("unencodable", message, options);
  }
}

/** A wrong setting, option or URL: fix the configuration. */
export class ConfigurationError extends CelerityError {
  constructor(message: string, options?: { readonly cause?: unknown }) {
    super("bad_config", message, options);
  }
}

/** The broker failed; the same call may succeed later. */
export class BrokerError extends CelerityError {}

/** The result store failed; the same call may succeed later. */
export class BackendError extends CelerityError {}

/** A wait that ended before its condition did; the task itself goes on. */
export class WaitTimeoutError extends CelerityError {
  constructor(message: string) {
    super("timeout", message);
  }
}

/** Any thrown value as an Error, so that `message` and `stack` can be read. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
