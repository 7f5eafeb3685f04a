/** What the codecs are made of, bare: no checks, no limits, no typed values. */
import { deflateSync, inflateSync } from "node:zlib";
import { dump, load } from "js-yaml";
import { Packr } from "msgpackr";
import type { Sample } from "../lib/bench.ts";
import { readInput, report } from "../lib/child.ts";
import { addMessage } from "../lib/message.ts";
import type { CodecInput } from "./bench.ts";
import { measure } from "./measure.ts";

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

const input = readInput<CodecInput>();
const samples: Sample[] = [];

for (const [size, document] of Object.entries(input.documents)) {
  for (const [name, { encode, decode }] of Object.entries(CODECS)) {
    const bytes = encode(document);
    samples.push(measure(`${name} ${size} encode`, input, () => encode(document)));
    samples.push(measure(`${name} ${size} decode`, input, () => decode(bytes)));
  }
  const plain = Buffer.from(JSON.stringify(document));
  const packed = deflateSync(plain);
  samples.push(measure(`zlib ${size} encode`, input, () => deflateSync(plain)));
  samples.push(measure(`zlib ${size} decode`, input, () => inflateSync(packed)));
}

const { headers, body } = addMessage();
const encode = (): string => JSON.stringify({ body: body.toString("base64"), headers });
const envelope = encode();
samples.push(measure("envelope encode", input, encode));
samples.push(
  measure("envelope decode", input, () => {
    const read = JSON.parse(envelope) as { body: string };
    return { ...read, body: Buffer.from(read.body, "base64") };
  }),
);
report(...samples);
