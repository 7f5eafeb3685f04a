/** News in a table. A topic's row gives out the ids and holds the others back until the commit, so that none appears late. */
import { inList, type SqlDatabase } from "../../../stores/sql/index.ts";
import { firstFeedId } from "../feed-id.ts";
import { FeedWatchers } from "../feed-watchers.ts";
import { withStateErrors } from "../state-error.ts";
import type { Feed, FeedEntry } from "../state-store.ts";
import type { GroupCommit } from "./group-commit.ts";
import { FEED, TOPICS } from "./tables.ts";

const NEXT_ID = `INSERT INTO ${TOPICS} (topic, newest) VALUES (?, ?)
  ON CONFLICT (topic) DO UPDATE SET newest = ${TOPICS}.newest + 1 RETURNING newest`;
/** Begins the announcements of a feed, among those of others who use the database. */
const ANNOUNCED = "celerity_gateway_feed:";
/** How often watched topics are looked at, in case an announcement was lost. */
const LOOK_EVERY_MS = 1000;

interface Topic {
  readonly topic: string;
  readonly newest: number;
}

export class SqlFeed implements Feed {
  readonly #database: () => Promise<SqlDatabase>;
  readonly #group: GroupCommit;
  readonly #watchers = new FeedWatchers();
  /** Newest id of each watched topic that listeners were told of. */
  readonly #seen = new Map<string, number>();
  #unwatch: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #looking = false;
  #isClosed = false;

  constructor(database: () => Promise<SqlDatabase>, group: GroupCommit) {
    this.#database = database;
    this.#group = group;
  }

  append(topic: string, value: string, keep: number): Promise<number> {
    const pruneEvery = Math.max(1, Math.floor(keep / 8));
    return this.#group.run(`feed ${topic}`, async (tx) => {
      const [row] = await tx.all<Topic>(NEXT_ID, [topic, firstFeedId(Date.now())]);
      const id = row?.newest ?? 0;
      await tx.run(`INSERT INTO ${FEED} (topic, id, value) VALUES (?, ?, ?)`, [topic, id, value]);
      if (id % pruneEvery === 0)
        await tx.run(`DELETE FROM ${FEED} WHERE topic = ? AND id <= ?`, [topic, id - keep]);
      await tx.announce([ANNOUNCED + topic]);
      return id;
    });
  }

  read(
    topic: string,
    { after, limit }: { readonly after: number; readonly limit: number },
  ): Promise<readonly FeedEntry[]> {
    return withStateErrors(async () => {
      const sql = `SELECT id, value FROM ${FEED} WHERE topic = ? AND id > ? ORDER BY id LIMIT ?`;
      const rows = await (await this.#database()).all<FeedEntry>(sql, [topic, after, limit]);
      return rows.map(({ id, value }) => ({ id, value }));
    });
  }

  newest(topic: string): Promise<number> {
    return withStateErrors(async () => {
      const sql = `SELECT newest FROM ${TOPICS} WHERE topic = ?`;
      const [row] = await (await this.#database()).all<Topic>(sql, [topic]);
      return row?.newest ?? 0;
    });
  }

  watch(topic: string, listener: () => void): () => void {
    const stop = this.#watchers.add(topic, listener);
    if (this.#timer === undefined && !this.#isClosed) this.#begin();
    return () => {
      stop();
      if (this.#watchers.size === 0) this.#end();
    };
  }

  #begin(): void {
    this.#timer = setInterval(() => void this.#look(), LOOK_EVERY_MS);
    const timer = this.#timer;
    this.#database().then(
      (database) => {
        if (this.#timer !== timer) return;
        this.#unwatch = database.watch((news) => {
          if (news === undefined) void this.#look();
          else if (news.startsWith(ANNOUNCED)) this.#watchers.tell(news.slice(ANNOUNCED.length));
        });
        // From here on nothing is missed; what was appended meanwhile is told by the first look.
        void this.#look();
      },
      // The next look tries again; it hears of news a second late.
      () => undefined,
    );
  }

  /** Tells of topics that have grown since the last look. */
  async #look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      const { text, params } = inList(this.#watchers.topics());
      const sql = `SELECT topic, newest FROM ${TOPICS} WHERE topic IN ${text}`;
      for (const { topic, newest } of await (await this.#database()).all<Topic>(sql, params)) {
        if (this.#seen.get(topic) === newest) continue;
        this.#seen.set(topic, newest);
        this.#watchers.tell(topic);
      }
    } catch {
      // The database is away: listeners read when it is back.
    } finally {
      this.#looking = false;
    }
  }

  #end(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#unwatch?.();
    this.#unwatch = undefined;
    this.#seen.clear();
  }

  close(): void {
    this.#isClosed = true;
    this.#watchers.clear();
    this.#end();
  }
}
