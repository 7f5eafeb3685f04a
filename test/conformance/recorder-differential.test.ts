/** The recorder answers as a real Redis does, byte by byte. */
import { describe, expect, onTestFinished, test } from "vitest";
import { startRecorder } from "../../conformance/recorder/index.ts";
import { redisUrl } from "../helpers/services.ts";
import { RawRedis, sortedReply } from "./raw-redis.ts";
import { randomLines } from "./recorder-random.ts";
import { SEQUENCES } from "./recorder-sequences.ts";

async function open(url: string): Promise<RawRedis> {
  const client = await RawRedis.open(url);
  onTestFinished(() => client.close());
  return client;
}

async function bothUrls(): Promise<readonly [recorder: string, redis: string]> {
  const recorder = await startRecorder();
  onTestFinished(() => recorder.close());
  return [recorder.url, await redisUrl()];
}

/** Sends all lines at once; resolves to the line and its answer, in turn. */
async function play(client: RawRedis, lines: readonly string[]): Promise<readonly string[]> {
  const steps = lines.map((line) => {
    const [, mark = "", size = "1", command = ""] = /^(~?)(\d?)(.*)$/s.exec(line) ?? [];
    return { line, command, size: mark === "" ? undefined : Number(size || "1") };
  });
  for (const { command } of steps) client.send(command);
  const seen: string[] = [];
  for (const { line, size } of steps) {
    const reply = await client.read();
    seen.push(line, size === undefined ? reply : sortedReply(reply, size));
  }
  return seen;
}

describe.each([2, 3])("RESP%i", (version) => {
  test.each(Object.entries(SEQUENCES))("%s", async (_, sequences) => {
    const clients = await Promise.all((await bothUrls()).map(open));
    for (const client of clients) await client.ask(`hello ${version}`);
    for (const sequence of sequences) {
      const lines = sequence.split("|");
      const [ours, theirs] = await Promise.all(
        clients.map(async (client) => {
          await client.ask("flushdb");
          return await play(client, lines);
        }),
      );
      expect.soft(ours).toEqual(theirs);
    }
  });

  test.each([1, 2, 3, 4, 5])("3000 commands made up by chance, number %i", async (seed) => {
    const clients = await Promise.all((await bothUrls()).map(open));
    const [ours, theirs] = await Promise.all(
      clients.map(async (client) => {
        await client.ask(`hello ${version}`);
        return await play(client, randomLines(seed, 3000));
      }),
    );
    // The first difference and what led to it say more than all of them.
    const at = ours?.findIndex((text, place) => text !== theirs?.[place]) ?? -1;
    const part = (seen: readonly string[] = []): readonly string[] =>
      seen.slice(Math.max(0, at - 60), at + 1);
    if (at >= 0) expect(part(ours)).toEqual(part(theirs));
  });
});
