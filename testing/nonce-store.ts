/** What every {@link NonceStore} must do; a store's test calls {@link testNonceStore} with a way to open it. */
import { randomUUID } from "node:crypto";
import { beforeEach, describe, expect, test } from "vitest";
import type { NonceClaim, NonceStore } from "../signing/index.ts";
import { cleanUp } from "./clean-up.ts";

/** One set of nonces that several stores meet on, as several processes would. */
export interface NoncePlace {
  open(): Promise<NonceStore>;
  /** Only one process can use it. */
  readonly alone?: boolean;
}

/** Runs the suite; `createPlace` is called for each test. */
export function testNonceStore(name: string, createPlace: () => Promise<NoncePlace>): void {
  describe(`${name}: nonce store contract`, () => {
    let place: NoncePlace;
    let store: NonceStore;

    const open = async (): Promise<NonceStore> => {
      const opened = await place.open();
      cleanUp(() => opened.close());
      return opened;
    };

    beforeEach(async () => {
      place = await createPlace();
      store = await open();
    });

    test("a nonce is new once", async () => {
      const claim = newClaim();
      expect(await store.claim([claim])).toEqual(["new"]);
      expect(await store.claim([again(claim)])).toEqual(["started"]);
    });

    test("the same claim, tried again, is still new", async () => {
      const claim = newClaim();
      await store.claim([claim]);
      expect(await store.claim([claim])).toEqual(["new"]);
    });

    test("tells what is done from what is started", async () => {
      const claim = newClaim();
      await store.claim([claim]);
      await store.done([claim]);
      expect(await store.claim([again(claim), claim])).toEqual(["done", "done"]);
    });

    test("a nonce that was never started can be done", async () => {
      const claim = newClaim();
      await store.done([claim]);
      expect(await store.claim([again(claim)])).toEqual(["done"]);
    });

    test("a released nonce is new again", async () => {
      const claim = newClaim();
      await store.claim([claim]);
      await store.release([claim, newClaim()]);
      expect(await store.claim([again(claim)])).toEqual(["new"]);
    });

    test("answers in the order of the claims, and gives one of two equals", async () => {
      const [known, first] = [newClaim(), newClaim()];
      await store.claim([known]);
      const claims = [first, again(known), again(first), newClaim()];
      expect((await store.claim(claims)).toSorted()).toEqual(["new", "new", "started", "started"]);
      const [one, , other] = await store.claim(claims);
      expect([one, other].toSorted()).toEqual(["new", "started"]);
      await store.done([first, again(first)]);
      expect(await store.claim([again(first)])).toEqual(["done"]);
    });

    test("takes nothing, and names with any characters", async () => {
      expect(await store.claim([])).toEqual([]);
      await store.done([]);
      const claim = { ...newClaim(), name: `${randomUUID()}:Ünïcode 'quoted" \\ {queue} \r\n😀` };
      expect(await store.claim([claim])).toEqual(["new"]);
      expect(await store.claim([again(claim)])).toEqual(["started"]);
    });

    test("gives each of many to one of several processes", async ({ skip }) => {
      if (place.alone === true) return skip("one process only");
      const stores = [store, await open(), await open()];
      const claims = Array.from({ length: 500 }, newClaim);
      const answers = await Promise.all(
        stores.map((each, at) => each.claim((at === 1 ? claims.toReversed() : claims).map(again))),
      );
      expect(answers.flat().filter((state) => state === "new")).toHaveLength(claims.length);
    });

    test("remembers for a process that starts later", async ({ skip }) => {
      if (place.alone === true) return skip("one process only");
      const [started, done] = [newClaim(), newClaim()];
      await store.claim([started, done]);
      await store.done([done]);
      await store.close();
      expect(await (await open()).claim([again(started), again(done)])).toEqual(["started", "done"]);
    });

    test("closes twice", async () => {
      await store.claim([newClaim()]);
      await Promise.all([store.close(), store.close()]);
      await store.close();
    });
  });
}

/** A nonce that nobody has used, kept for a minute. */
export function newClaim(): NonceClaim {
  return { name: randomUUID(), expiresAtMs: Date.now() + 60_000, token: randomUUID().slice(0, 16) };
}

/** Another delivery's claim of the same nonce. */
export function again(claim: NonceClaim): NonceClaim {
  return { ...claim, token: randomUUID().slice(0, 16) };
}
