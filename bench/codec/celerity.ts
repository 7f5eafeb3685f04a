/** Celerity's codecs. */
import { createCodecs, DEFAULT_LIMITS } from "../../codecs/index.ts";
import { readEnvelope, type WireMessage, writeEnvelope } from "../../protocol/index.ts";
import type { Sample } from "../lib/bench.ts";
import { readInput, report } from "../lib/child.ts";
import { addMessage } from "../lib/message.ts";
import type { CodecInput } from "./bench.ts";
import { measure } from "./measure.ts";

const input = readInput<CodecInput>();
const codecs = createCodecs();
const samples: Sample[] = [];

for (const [size, document] of Object.entries(input.documents)) {
  for (const name of ["json", "msgpack", "yaml"]) {
    const serializer = codecs.serializer(name);
    const bytes = serializer.serialize(document);
    samples.push(measure(`${name} ${size} encode`, input, () => serializer.serialize(document)));
    samples.push(
      measure(`${name} ${size} decode`, input, () => serializer.deserialize(bytes, DEFAULT_LIMITS)),
    );
  }
  const zlib = codecs.compressor("zlib");
  const plain = codecs.serializer("json").serialize(document);
  const packed = zlib.compress(plain);
  samples.push(measure(`zlib ${size} encode`, input, () => zlib.compress(plain)));
  samples.push(measure(`zlib ${size} decode`, input, () => zlib.decompress(packed, DEFAULT_LIMITS.maxBytes)));
}

const { id, headers, body } = addMessage();
const message: WireMessage = {
  body,
  contentType: "application/json",
  contentEncoding: "utf-8",
  headers,
  properties: { correlationId: id, replyTo: "", deliveryMode: 2, priority: 0 },
};
const route = { exchange: "", routingKey: "celery" };
const envelope = writeEnvelope(message, route, id);
samples.push(measure("envelope encode", input, () => writeEnvelope(message, route, id)));
samples.push(measure("envelope decode", input, () => readEnvelope(envelope)));
report(...samples);
