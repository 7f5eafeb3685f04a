/** Listings on their way to one reader. A slow one misses what is out of date, and never the newest. */
import type { EventStream } from "../event-stream.ts";
import type { Exchange } from "../exchange.ts";
import { problemMembers } from "../problems.ts";
import type { LiveNews } from "./live-documents.ts";

export class LiveStream {
  readonly #exchange: Exchange;
  readonly #stream: EventStream;
  /** What the reader has no room for yet, by topic. */
  readonly #waiting = new Map<string, LiveNews>();

  constructor(exchange: Exchange, stream: EventStream) {
    this.#exchange = exchange;
    this.#stream = stream;
    exchange.res.on("drain", () => this.#send());
  }

  /** The topic needs a scope that the caller does not have. */
  deny(topic: string, scope: string): void {
    this.#stream.send("denied", JSON.stringify({ topic, scope }));
  }

  tell(topic: string, news: LiveNews): void {
    this.#waiting.set(topic, news);
    this.#send();
  }

  #send(): void {
    const { res, base } = this.#exchange;
    for (const [topic, news] of this.#waiting) {
      if (res.writableNeedDrain) return;
      this.#waiting.delete(topic);
      if ("text" in news) this.#stream.send(topic, news.text);
      else
        this.#stream.send(
          "unavailable",
          JSON.stringify({ topic, problem: problemMembers(news.problem, base) }),
        );
    }
  }
}
