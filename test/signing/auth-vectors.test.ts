import { describe, expect, test } from "vitest";
import { createCodecs, DEFAULT_LIMITS, decodeBody } from "../../codecs/index.ts";
import { readEnvelope, type WireMessage } from "../../protocol/index.ts";
import { createAuthSerializer } from "../../signing/auth/index.ts";
import { type TaskVector, vectors } from "../helpers/vectors.ts";
import { makePlace } from "./auth-certificates.ts";

interface SignedBody {
  readonly name: string;
  readonly certificate: string;
  readonly digest: string;
  readonly inner_serializer: string;
  readonly wire_body: string;
}

const place = await makePlace();
const codecs = createCodecs();

describe("bodies that Celery 5.7 signed", () => {
  test.each(vectors<SignedBody[]>("signed_bodies"))("$name", async (vector) => {
    const serializer = createAuthSerializer({
      codecs,
      securityCertStore: place.write("signer.pem", vector.certificate),
      securityDigest: vector.digest,
      allowWeakDigest: true,
      allowedSerializers: ["json", "yaml", "msgpack"],
    });
    const read = async (body: string): Promise<unknown> =>
      serializer.deserialize(Buffer.from(body), DEFAULT_LIMITS);

    if (vector.inner_serializer === "pickle") {
      // The signature is good, or it would say so first.
      await expect(read(vector.wire_body)).rejects.toMatchObject({ code: "content_refused" });
      return;
    }
    const embed = { callbacks: null, errbacks: null, chain: null, chord: null };
    expect(await read(vector.wire_body)).toEqual([[1, "two"], { k: "za\u017c\u00f3\u0142\u0107" }, embed]);
    const flipped = Buffer.from(vector.wire_body, "base64");
    flipped.writeUInt8(flipped.readUInt8(flipped.length - 4) ^ 1, flipped.length - 4);
    await expect(read(flipped.toString("base64"))).rejects.toMatchObject({ code: "bad_signature" });
  });
});

test.each(vectors<(TaskVector & { readonly certificate: string })[]>("signed_tasks"))(
  "a signed task of Celery 5.7: $name on $transport",
  async (vector) => {
    const auth = createAuthSerializer({
      codecs,
      securityCertStore: place.write("sender.pem", vector.certificate),
    });
    const body = await decodeBody(wireOf(vector), {
      codecs: createCodecs({ serializers: [auth] }),
      accept: ["auth"],
      limits: DEFAULT_LIMITS,
    });
    expect(body).toEqual([[2, 2], {}, { callbacks: null, errbacks: null, chain: null, chord: null }]);
  },
);

function wireOf(vector: TaskVector): WireMessage {
  if (vector.transport === "redis") return readEnvelope(vector.raw).message;
  return {
    body: Buffer.from(vector.body_b64, "base64"),
    contentType: String(vector.properties["content_type"]),
    contentEncoding: String(vector.properties["content_encoding"]),
    headers: vector.headers,
    properties: { deliveryMode: 2, priority: 0 },
  };
}
