import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { openSeat } from "../../beat/index.ts";
import { createAmqpSeat } from "../../beat/seats/amqp.ts";
import { createRedisSeat } from "../../beat/seats/redis.ts";
import { createSqlSeat } from "../../beat/seats/sql.ts";
import { amqpUrl, postgresUrl, redisUrl, sqliteFile } from "../helpers/services.ts";
import { closing, type OpenSeat, seatContract, untilAcquired } from "./seat-contract.ts";

const LEASE_MS = 1000;

/** Places whose leases end by themselves, soon. */
const PLACES: Readonly<Record<string, () => Promise<OpenSeat>>> = {
  async redis() {
    const url = await redisUrl();
    return () => createRedisSeat({ url, lockName: "test", leaseMs: LEASE_MS });
  },
  async sqlite() {
    const url = `sqlite:///${await sqliteFile()}`;
    return () => createSqlSeat({ url, lockName: "test", leaseMs: LEASE_MS });
  },
  async postgresql() {
    const url = await postgresUrl();
    return () => createSqlSeat({ url, lockName: "test", leaseMs: LEASE_MS });
  },
};

const LONG: Readonly<Record<string, () => Promise<OpenSeat>>> = {
  async redis() {
    const url = await redisUrl();
    return () => openSeat({ url, lockName: "test" });
  },
  async sqlite() {
    const url = `sqla+sqlite:///${await sqliteFile()}`;
    return () => openSeat({ url, lockName: "test" });
  },
  async postgresql() {
    const url = await postgresUrl();
    return () => openSeat({ url: `db+${url}`, lockName: "test" });
  },
  async amqp() {
    const url = await amqpUrl();
    const lockName = randomUUID();
    return () => createAmqpSeat({ url, lockName });
  },
};

describe.each(Object.entries(LONG))("a seat on %s", (_name, place) => {
  seatContract(place);
});

describe.each(Object.entries(PLACES))("a lease on %s", (_name, place) => {
  it("ends when it is not renewed, and cannot be renewed when another one has the seat", async () => {
    const open = await place();
    const [one, other] = [closing(open()), closing(open())];
    const term = await untilAcquired(one, 5000);
    const next = await untilAcquired(other, 5000);
    expect(next).toBeGreaterThan(term);
    expect(await one.renew(term)).toBe(false);
    expect(await one.write(term, new Map([["tick", undefined]]))).toBe(false);
  });

  it("lasts while it is renewed", async () => {
    const open = await place();
    const [one, other] = [closing(open()), closing(open())];
    const term = await untilAcquired(one, 5000);
    for (let count = 0; count < 7; count += 1) {
      await sleep(LEASE_MS / 5);
      expect(await one.renew(term)).toBe(true);
      expect(await other.acquire()).toBeUndefined();
    }
  });
});

describe("seats at one place", () => {
  it("are apart by their name", async () => {
    const url = await redisUrl();
    const [one, other] = ["a", "b"].map((lockName) => closing(openSeat({ url, lockName })));
    expect(await one?.acquire()).toBe(1);
    expect(await other?.acquire()).toBe(1);
  });
});

it("names the schemes that it knows", () => {
  expect(() => openSeat({ url: "memcached://x", lockName: "test" })).toThrow(/Redis, SQL or AMQP/);
});
