/** Seals that the Python package made (clients/python/seal/tests/make_vectors.py): the same verdicts and the same bytes here. */

import { sign } from "node:crypto";
import { describe, expect, test } from "vitest";
import {
  loadSealKey,
  loadTrustedSealKeys,
  SEAL_HEADER,
  type SealClaims,
  signingInput,
  verifySeal,
  writeSeal,
} from "../../signing/index.ts";
import { type SealVector, sealVectors, toMessage } from "./seal-vectors.ts";

const { now_ms: nowMs, max_age_seconds: maxAgeSeconds, keys, messages } = sealVectors;
const trustedKeys = loadTrustedSealKeys([keys.trusted.public_pem]);
const key = loadSealKey(keys.trusted.private_pem);

const accepted = messages.filter((vector) => vector.verdict === "ok");
const refused = messages.filter((vector) => vector.verdict !== "ok");

function verify(vector: SealVector): SealClaims {
  const message = toMessage(vector);
  const sealed = { ...message, headers: { ...message.headers, [SEAL_HEADER]: vector.seal } };
  const audience = vector.audience ?? undefined;
  return verifySeal(sealed, { trustedKeys, audience, queue: vector.read_from, maxAgeSeconds, nowMs });
}

test("the key ids are thumbprints", () => {
  expect(key.kid).toBe(keys.trusted.kid);
  expect([...loadTrustedSealKeys([keys.stranger.public_pem]).keys()]).toEqual([keys.stranger.kid]);
});

describe("accepted", () => {
  test.each(accepted)("$name", (vector) => {
    const claims = verify(vector);
    expect(claims).toEqual(vector.claims);
    const signed = signingInput(toMessage(vector), claims);
    expect(Buffer.from(signed).toString()).toBe(vector.signing_input);
    expect(writeSeal({ claims, signature: sign(null, signed, key.privateKey) })).toBe(vector.seal);
  });
});

describe("refused", () => {
  test.each(refused)("$verdict: $name", (vector) => {
    expect(() => verify(vector)).toThrow(expect.objectContaining({ code: vector.verdict }));
  });
});
