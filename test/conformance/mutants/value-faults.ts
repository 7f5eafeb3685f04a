/** Faults of serializers: values that become others on the way, in messages that are made and in those that are read. */

import { isTaggedObject, type Tagged, tagOf } from "../../../conformance/values/tagged.ts";
import { isPlainObject } from "../../../protocol/index.ts";
import { type AnswerMutant, call, type Plant, text } from "./answer-mutant.ts";

/** Replaces every value of a tag by what is made of its content, in what was read of a message. */
function eachTag(name: string, change: (content: Tagged) => Tagged): Plant {
  const visit = (value: Tagged): Tagged => {
    const [found, content = null] = tagOf(value) ?? [];
    if (found === name) return change(content);
    if (Array.isArray(value)) return value.map(visit);
    if (!isTaggedObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, visit(member)]));
  };
  return call(({ args = [], kwargs = {} }) => ({ args: visit(args), kwargs: visit(kwargs) }));
}

const said = (content: Tagged): string => (typeof content === "string" ? content : JSON.stringify(content));

/** What readers make of Celery's JSON types when they take them as they stand. */
function withoutTypes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutTypes);
  if (!isPlainObject(value)) return value;
  if ("__type__" in value) return value["__value__"];
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, withoutTypes(member)]));
}

export const VALUE_FAULTS: readonly AnswerMutant[] = [
  {
    name: "1.0 is written as 1",
    plant: text((body) => body.replace("1.0", "1")),
    caughtBy: { "encode.value.json.float-one": "fail $.args[0] differs: 1 and 1.0 are two values" },
  },
  {
    name: "1.0 is read as 1",
    plant: eachTag("$float", (content) => ({ $int: said(content).replace(".0", "") })),
    caughtBy: {
      "decode.value.json.float-one": "fail $.args[0] differs: 1 and 1.0 are two values",
      "decode.value.yaml.float-one": "fail $.args[0] differs: 1 and 1.0 are two values",
      "decode.value.msgpack.float-one": "fail $.args[0] differs: 1 and 1.0 are two values",
      "decode.value.pickle.float-one": "fail $.args[0] differs: 1 and 1.0 are two values",
    },
  },
  {
    name: "large integers are written as floats",
    plant: text((body) => body.replace(/\d{17,}/g, (digits) => Number(digits).toExponential())),
    caughtBy: {
      "encode.value.json.int-wide": "fail $.args[0] differs: 1 and 1.0 are two values",
      "encode.value.json.int-64-max": "fail $.args[0] differs: 1 and 1.0 are two values",
    },
  },
  {
    name: "large integers lose their last digits",
    plant: eachTag("$int", (content) => ({ $int: BigInt(Number(said(content))).toString() })),
    caughtBy: {
      "decode.value.json.int-64-max": "fail $.args[0] differs",
      "decode.value.json.int-beyond-float": "fail $.args[0] differs",
      "decode.value.yaml.int-64-max": "fail $.args[0] differs",
      "decode.value.msgpack.int-u64-max": "fail $.args[0] differs",
      "decode.value.pickle.int-64-max": "fail $.args[0] differs",
    },
  },
  {
    name: "integers wrap at 64 bits",
    plant: eachTag("$int", (content) => ({ $int: BigInt.asIntN(64, BigInt(said(content))).toString() })),
    caughtBy: {
      "decode.value.msgpack.int-u64-max": "fail $.args[0] differs",
      "decode.value.json.int-u64-max": "fail $.args[0] differs",
    },
  },
  {
    name: "NaN is written as null",
    plant: text((body) => body.replace("NaN", "null")),
    caughtBy: { "encode.value.json.float-nan": "fail $.args[0] differs" },
  },
  {
    name: "infinity is written as null",
    plant: text((body) => body.replace("Infinity", "null")),
    caughtBy: { "encode.value.json.float-infinite": "fail $.args[0] differs" },
  },
  {
    name: "NaN is read as null",
    plant: eachTag("$nan", () => null),
    caughtBy: {
      "decode.value.json.float-nan": "fail $.args[0] differs",
      "decode.value.msgpack.float-nan": "fail $.args[0] differs",
    },
  },
  {
    name: "the sign of -0.0 is lost",
    plant: text((body) => body.replace("-0.0", "0.0")),
    caughtBy: { "encode.value.json.float-minus-zero": "fail $.args[0] differs" },
  },
  {
    name: "Celery's JSON types are not written",
    plant: text((body) => JSON.stringify(withoutTypes(JSON.parse(body)))),
    caughtBy: {
      "encode.value.json.bytes-binary": "fail $.args[0] differs",
      "encode.value.json.datetime-utc": "fail $.args[0] differs",
      "encode.value.json.date": "fail $.args[0] differs",
      "encode.value.json.time": "fail $.args[0] differs",
      "encode.value.json.decimal": "fail $.args[0] differs",
      "encode.value.json.uuid": "fail $.args[0]",
    },
  },
  {
    name: "bytes are read as text",
    plant: eachTag("$bytes", (content) => Buffer.from(said(content), "base64").toString("latin1")),
    caughtBy: {
      "decode.value.json.bytes-text": "fail $.args[0] differs",
      "decode.value.msgpack.bytes-binary": "fail $.args[0] differs",
      "decode.value.pickle.bytes-binary": "fail $.args[0] differs",
    },
  },
  {
    name: "datetimes lose their offset",
    plant: eachTag("$datetime", (content) => ({ $datetime: said(content).replace(/[+-]\d\d:\d\d$/, "") })),
    caughtBy: {
      "decode.value.json.datetime-utc": "fail $.args[0] differs",
      "decode.value.yaml.datetime-utc": "fail $.args[0] differs",
      "decode.value.pickle.datetime-offset": "fail $.args[0] differs",
    },
  },
  {
    name: "naive datetimes become ones in UTC",
    plant: eachTag("$datetime", (content) => ({ $datetime: `${said(content)}+00:00` })),
    caughtBy: { "decode.value.json.datetime-naive": "fail $.args[0] differs" },
  },
  {
    name: "datetimes end at milliseconds",
    plant: eachTag("$datetime", (content) => ({ $datetime: said(content).replace(/(\.\d{3})\d{3}/, "$1") })),
    caughtBy: { "decode.proto2.json.plain": "fail $.kwargs.dt differs" },
  },
  {
    name: "decimals are read as floats",
    plant: eachTag("$decimal", (content) => ({ $float: String(Number(said(content))) })),
    caughtBy: { "decode.value.json.decimal": "fail $.args[0] differs" },
  },
  {
    name: "UUIDs are read as text",
    plant: eachTag("$uuid", (content) => content),
    caughtBy: { "decode.value.json.uuid": "fail $.args[0] differs" },
  },
  {
    name: "tuples are read as lists",
    plant: eachTag("$tuple", (content) => content),
    caughtBy: { "decode.value.pickle.tuple": "warn $.args[0] differs: a tuple was read as a list" },
  },
  {
    name: "sets are read as lists",
    plant: eachTag("$set", (content) => content),
    caughtBy: { "decode.value.pickle.set": "warn $.args[0] differs: a set was read as a list" },
  },
  {
    name: "UTF-8 is written twice",
    plant: text((body) => Buffer.from(body).toString("latin1")),
    caughtBy: { "encode.value.json.text-astral": "fail $.args[0] differs" },
  },
  {
    name: "escapes of JSON are escaped again",
    plant: text((body) => body.replaceAll("\\", "\\\\")),
    caughtBy: {
      "encode.value.json.text-controls": "fail $",
      "encode.value.json.text-quotes": "fail $",
    },
  },
  {
    name: "an empty text becomes null",
    plant: text((body) => body.replace('""', "null")),
    caughtBy: { "encode.value.json.text-empty": "fail $.args[0] differs" },
  },
  {
    name: "a text that looks like a number becomes one",
    plant: text((body) => body.replace(/"(\d+e\d+)"/, "$1")),
    caughtBy: { "encode.value.json.text-like-number": "fail $.args[0] differs" },
  },
  {
    name: "a member named __proto__ is lost",
    plant: text((body) => body.replace(/"__proto__": ?[^,}]+,? ?/, "")),
    caughtBy: { "encode.value.json.dict-proto-key": "fail $" },
  },
];
