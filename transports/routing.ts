/** How kombu's virtual exchanges choose queues. Source: kombu/transport/virtual/exchange.py. */
import type { Binding } from "./queue-store.ts";
import type { ExchangeType } from "./transport.ts";

/**
 * Does a topic pattern match a routing key? `*` stands for one word, `#` for any text. As in kombu (and unlike AMQP)
 * `a.#` does not match `a`, because the dot before `#` is literal.
 */
export function topicMatches(pattern: string, routingKey: string): boolean {
  if (pattern === "#") return true;
  return wordsMatch(pattern.split("."), routingKey.split("."));
}

function wordsMatch(pattern: readonly string[], words: readonly string[]): boolean {
  // One row of the classic wildcard table at a time: linear in pattern x words, whatever the input.
  let row = words.map(() => false);
  let beforeFirst = true;
  for (const part of pattern) {
    const next: boolean[] = [];
    for (const [at, word] of words.entries()) {
      const diagonal = at === 0 ? beforeFirst : row[at - 1] === true;
      if (part === "#") next.push(diagonal || next[at - 1] === true);
      else next.push(diagonal && (part === "*" ? word !== "" : part === word));
    }
    beforeFirst = false;
    row = next;
  }
  return row.at(-1) === true;
}

/** The queues that a message published to a named exchange reaches, each once. */
export function matchingQueues(
  bindings: readonly Binding[],
  type: ExchangeType,
  routingKey: string,
): string[] {
  const matches: Record<ExchangeType, (binding: Binding) => boolean> = {
    direct: (binding) => binding.routingKey === routingKey,
    topic: (binding) => topicMatches(binding.routingKey, routingKey),
    fanout: () => true,
  };
  return [...new Set(bindings.filter(matches[type]).map((binding) => binding.queue))];
}

/** The regular expression that kombu stores beside a topic binding, "" for other exchange types. */
export function bindingPattern(type: ExchangeType, routingKey: string): string {
  if (type !== "topic") return "";
  const words = routingKey.split(".").map((word) => {
    if (word === "*") return "[^\\.]+";
    return word === "#" ? ".*?" : word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  });
  return `^${words.join("\\.")}$`;
}
