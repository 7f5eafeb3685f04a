/** Celerity's serializers, and kombu's envelope. */
import { createCodecs, DEFAULT_LIMITS } from "../../codecs/index.ts";
import { readEnvelope, type WireMessage, writeEnvelope } from "../../protocol/index.ts";
import { taskMessage } from "../lib/message.ts";
import { runProgram } from "./program.ts";

const codecs = createCodecs();

await runProgram(async ({ documents, measure, optional }) => {
  for (const name of ["json", "msgpack", "yaml", "pickle"]) {
    await optional(name, async () => {
      const serializer = codecs.serializer(name);
      for (const [size, document] of documents) {
        const bytes = await serializer.serialize(document);
        await measure(`${name} ${size} encode`, () => serializer.serialize(document));
        await measure(`${name} ${size} decode`, () => serializer.deserialize(bytes, DEFAULT_LIMITS));
      }
    });
  }
  const { id, headers, body } = taskMessage();
  const message: WireMessage = {
    body,
    contentType: "application/json",
    contentEncoding: "utf-8",
    headers,
    properties: { correlationId: id, replyTo: "", deliveryMode: 2, priority: 0 },
  };
  const route = { exchange: "", routingKey: "celery" };
  const envelope = writeEnvelope(message, route, id);
  await measure("envelope encode", () => writeEnvelope(message, route, id));
  await measure("envelope decode", () => readEnvelope(envelope));
});
