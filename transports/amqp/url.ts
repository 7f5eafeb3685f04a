/** `amqp://user:password@host:port/vhost?option=value`, read as kombu reads it (kombu/utils/url.py, kombu/transport/pyamqp.py). */
import { ConfigurationError } from "../../protocol/index.ts";
import { redactUrl } from "../broker-urls.ts";

export interface AmqpAddress {
  readonly isSecure: boolean;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly vhost: string;
  /** Decoded query parameters. */
  readonly query: ReadonlyMap<string, string>;
}

const URL_PARTS =
  /^(?<scheme>[a-z]+):\/\/(?:(?<login>[^/?#]*)@)?(?<host>\[[^\]]*\]|[^:/?#@]*)(?::(?<port>\d*))?(?:\/(?<path>[^?#]*))?(?:\?(?<query>[^#]*))?(?:#.*)?$/i;

/** Throws ConfigurationError, without the password in its text. */
export function parseAmqpUrl(url: string): AmqpAddress {
  const parts = URL_PARTS.exec(url)?.groups;
  if (parts === undefined) {
    throw new ConfigurationError(
      `"${redactUrl(url)}" is not an AMQP URL; write amqp://user:password@host:port/vhost, with special characters percent-encoded.`,
    );
  }
  const isSecure = parts["scheme"]?.toLowerCase() === "amqps";
  const port = Number(parts["port"] || (isSecure ? 5671 : 5672));
  if (port < 1 || port > 65_535)
    throw new ConfigurationError(`The port in "${redactUrl(url)}" must be 1 to 65535.`);
  const [user = "", ...password] = (parts["login"] ?? "").split(":");
  const host = decode(parts["host"] ?? "").replace(/^\[|\]$/g, "");
  return {
    isSecure,
    host: host || "localhost",
    port,
    user: decode(user) || "guest",
    password: decode(password.join(":")) || "guest",
    // "amqp://host", "amqp://host/" and "amqp://host//" all mean the vhost "/".
    vhost: decode(parts["path"] ?? "") || "/",
    query: new Map(new URLSearchParams(parts["query"] ?? "")),
  };
}

/** Sequences that are not percent-encoded UTF-8 stay as they are. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
