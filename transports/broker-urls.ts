/**
 * Splits `broker_url` into one URL per broker. Source: kombu/connection.py of 5.7: a list, or a string with `;`; a bare
 * host name takes the rest from the first URL.
 */
import { ConfigurationError } from "../protocol/index.ts";

/** Celery's default broker. */
export const DEFAULT_BROKER_URL = "amqp://guest:guest@127.0.0.1:5672//";

/** URLs in failover order. A sentinel list is one broker: its `;` separates sentinels. */
export function splitBrokerUrls(brokerUrl: string | readonly string[] | undefined): readonly string[] {
  const given = brokerUrl === undefined ? [DEFAULT_BROKER_URL] : [brokerUrl].flat();
  const urls = given
    .flatMap((url) => (url.startsWith("sentinel") ? [url] : url.split(";")))
    .map((url) => url.trim());
  const [first, ...rest] = urls.filter((url) => url !== "");
  if (first === undefined)
    throw new ConfigurationError("broker_url is empty; give a URL such as redis://127.0.0.1:6379/0.");
  return [first, ...rest.map((url) => (url.includes("://") ? url : withHost(first, url)))];
}

/** Transport name of a URL: its scheme, or the part before "+" (`sqla+sqlite:///x` is `sqla`). */
export function transportName(url: string): string {
  const scheme = /^([A-Za-z][A-Za-z0-9]*)(?:\+[^:]*)?:\/\//.exec(url)?.[1];
  if (scheme === undefined) {
    throw new ConfigurationError(
      `"${redactUrl(url)}" is not a broker URL; write scheme://host, for example redis://127.0.0.1:6379/0.`,
    );
  }
  return scheme.toLowerCase();
}

/** The URL without its password, for people to read. */
export function redactUrl(url: string): string {
  return url.replace(/(:\/\/[^/?#:]*:)[^/?#]*@/g, "$1********@");
}

function withHost(first: string, host: string): string {
  return first.replace(/^([^:]+:\/\/(?:[^@/]*@)?)([^:/?#]*)/, (_all, before: string) => `${before}${host}`);
}
