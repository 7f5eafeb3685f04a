/** Channels and patterns, the same for all databases. */
import { globMatches } from "./glob.ts";
import { Push } from "./resp/replies.ts";
import type { Session } from "./session.ts";

export class PubSub {
  readonly #channels = new Map<string, Set<Session>>();
  readonly #patterns = new Map<string, Set<Session>>();

  get channels(): readonly string[] {
    return [...this.#channels.keys()];
  }

  get patternCount(): number {
    return this.#patterns.size;
  }

  subscriberCount(channel: string): number {
    return this.#channels.get(channel)?.size ?? 0;
  }

  subscribe(session: Session, channel: string): void {
    add(this.#channels, channel, session);
    session.channels.add(channel);
  }

  subscribePattern(session: Session, pattern: string): void {
    add(this.#patterns, pattern, session);
    session.patterns.add(pattern);
  }

  unsubscribe(session: Session, channel: string): void {
    remove(this.#channels, channel, session);
    session.channels.delete(channel);
  }

  unsubscribePattern(session: Session, pattern: string): void {
    remove(this.#patterns, pattern, session);
    session.patterns.delete(pattern);
  }

  leave(session: Session): void {
    for (const channel of session.channels) this.unsubscribe(session, channel);
    for (const pattern of session.patterns) this.unsubscribePattern(session, pattern);
  }

  /** Returns how many received it. */
  publish(channel: string, message: Buffer): number {
    let count = 0;
    for (const session of this.#channels.get(channel) ?? []) {
      session.send(new Push(["message", channel, message]));
      count += 1;
    }
    for (const [pattern, sessions] of this.#patterns) {
      if (!globMatches(pattern, channel)) continue;
      for (const session of sessions) session.send(new Push(["pmessage", pattern, channel, message]));
      count += sessions.size;
    }
    return count;
  }
}

function add(table: Map<string, Set<Session>>, name: string, session: Session): void {
  const sessions = table.get(name) ?? new Set();
  table.set(name, sessions.add(session));
}

function remove(table: Map<string, Set<Session>>, name: string, session: Session): void {
  const sessions = table.get(name);
  sessions?.delete(session);
  if (sessions?.size === 0) table.delete(name);
}
