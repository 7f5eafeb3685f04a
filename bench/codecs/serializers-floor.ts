/** What the serializers are made of, bare: no checks, no limits, no typed values. */
import { dump, load } from "js-yaml";
import { Packr } from "msgpackr";
import { taskMessage } from "../lib/message.ts";
import { runProgram } from "./program.ts";

interface Codec {
  readonly encode: (value: unknown) => Buffer;
  readonly decode: (bytes: Buffer) => unknown;
}

const packr = new Packr({ useRecords: false, variableMapSize: true });
const CODECS: Readonly<Record<string, Codec>> = {
  json: {
    encode: (value) => Buffer.from(JSON.stringify(value)),
    decode: (bytes) => JSON.parse(bytes.toString()),
  },
  msgpack: { encode: (value) => packr.pack(value), decode: (bytes) => packr.unpack(bytes) },
  yaml: { encode: (value) => Buffer.from(dump(value)), decode: (bytes) => load(bytes.toString()) },
};

await runProgram(async ({ documents, measure }) => {
  for (const [name, { encode, decode }] of Object.entries(CODECS)) {
    for (const [size, document] of documents) {
      const bytes = encode(document);
      await measure(`${name} ${size} encode`, () => encode(document));
      await measure(`${name} ${size} decode`, () => decode(bytes));
    }
  }
  const { headers, body } = taskMessage();
  const encode = (): string => JSON.stringify({ body: body.toString("base64"), headers });
  const envelope = encode();
  await measure("envelope encode", encode);
  await measure("envelope decode", () => {
    const read = JSON.parse(envelope) as { body: string };
    return { ...read, body: Buffer.from(read.body, "base64") };
  });
});
