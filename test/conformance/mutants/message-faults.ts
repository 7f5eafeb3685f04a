/** Faults of producers: messages that are not made as Celery makes them. */
import { gzipSync, inflateSync } from "node:zlib";
import type { TaggedObject } from "../../../conformance/values/tagged.ts";
import { type AnswerMutant, all, bytes, headers, parts, properties, text } from "./answer-mutant.ts";

export const MESSAGE_FAULTS: readonly AnswerMutant[] = [
  {
    name: "the header id is missing",
    plant: headers({ id: undefined }),
    caughtBy: { "encode.option.defaults": "fail $.wire differs: the message cannot be read" },
  },
  {
    name: "the header task is missing",
    plant: headers({ task: undefined }),
    caughtBy: { "encode.option.defaults": "fail $.wire differs: the message cannot be read" },
  },
  {
    name: "correlation_id is missing",
    plant: properties({ correlation_id: undefined }),
    caughtBy: { "encode.option.defaults": "warn $.properties.correlation_id differs: it is the task's id" },
  },
  {
    name: "content_type is text/plain",
    plant: properties({ content_type: "text/plain" }),
    caughtBy: { "encode.option.defaults": "fail $.wire differs: the message cannot be read" },
  },
  {
    name: "content_type is that of JSON whatever the serializer is",
    plant: properties({ content_type: "application/json" }),
    caughtBy: {
      "encode.proto2.yaml.plain": "fail $.wire differs: the message cannot be read",
      "encode.proto2.msgpack.plain": "fail $.wire differs: the message cannot be read",
      "encode.proto2.pickle.plain": "fail $.wire differs: the message cannot be read",
    },
  },
  {
    name: "content_encoding is us-ascii",
    plant: properties({ content_encoding: "us-ascii" }),
    caughtBy: { "encode.option.defaults": "warn $.properties.content_encoding differs: it says how" },
  },
  {
    name: "content_encoding of a binary body is utf-8",
    plant: properties({ content_encoding: "utf-8" }),
    caughtBy: { "encode.proto2.msgpack.plain": "warn $.properties.content_encoding differs: it says how" },
  },
  {
    name: "delivery_mode is 1",
    plant: properties({ delivery_mode: { $int: "1" } }),
    caughtBy: { "encode.option.defaults": "fail $.properties.delivery_mode differs: 1 is lost when" },
  },
  {
    name: "a transient message is kept",
    plant: properties({ delivery_mode: { $int: "2" } }),
    caughtBy: { "encode.option.delivery-transient": "fail $.properties.delivery_mode differs" },
  },
  {
    name: "priority is lost",
    plant: properties({ priority: undefined }),
    caughtBy: { "encode.option.priority5": "fail $.properties.priority differs" },
  },
  {
    name: "expiration is in seconds",
    plant: properties({ expiration: "60" }),
    caughtBy: {
      "encode.option.expires-60": "fail $.properties.expiration differs: it is text: the milliseconds",
    },
  },
  {
    name: "expiration is a number",
    plant: properties({ expiration: { $int: "60000" } }),
    caughtBy: {
      "encode.option.expires-60": "fail $.properties.expiration differs: it is text: the milliseconds",
    },
  },
  {
    name: "gzip in the place of zlib",
    plant: bytes((body) => gzipSync(inflateSync(body))),
    caughtBy: {
      "encode.proto2.json.zlib": "fail $.wire differs: the message cannot be read",
      "encode.proto1.json.zlib": "fail $.wire differs: the message cannot be read",
    },
  },
  {
    name: "the header compression is missing",
    plant: headers({ compression: undefined }),
    caughtBy: { "encode.proto2.json.zlib": "fail $.wire differs: the message cannot be read" },
  },
  {
    name: "a body that is to be compressed is not",
    plant: all(
      bytes((body) => inflateSync(body)),
      headers({ compression: undefined }),
    ),
    caughtBy: { "encode.proto2.json.zlib": "fail $.headers.compression differs" },
  },
  {
    name: "the arguments by name stand among the others",
    plant: parts(([args, kwargs, embed]) => [[...args, kwargs], {}, embed]),
    caughtBy: { "encode.proto2.json.plain": "fail $.args" },
  },
  {
    name: "the arguments are a text",
    plant: parts(([args, kwargs, embed]) => [JSON.stringify(args), kwargs, embed]),
    caughtBy: { "encode.option.defaults": "fail $" },
  },
  {
    name: "the body has no third part",
    plant: parts(([args, kwargs]) => [args, kwargs]),
    caughtBy: { "encode.option.defaults": "fail $.wire differs: the message cannot be read" },
  },
  {
    name: "the body is JSON in a JSON text",
    plant: text((body) => JSON.stringify(body)),
    caughtBy: { "encode.option.defaults": "fail $.wire differs: the message cannot be read" },
  },
  {
    name: "a message of protocol 1 is sent as one of protocol 2",
    plant: all(
      headers({ task: "wire.echo", id: "0f0f0f0f-0000-4000-8000-000000001000" }),
      text((body) => {
        const { args, kwargs } = JSON.parse(body) as { args: unknown; kwargs: unknown };
        return JSON.stringify([args, kwargs, {}]);
      }),
    ),
    caughtBy: { "encode.proto1.json.plain": "fail $.headers.task differs: messages of protocol 2" },
  },
  {
    name: "a message of protocol 2 is sent as one of protocol 1",
    plant: (answer) =>
      all(
        parts(([args, kwargs]) => {
          const { headers: given } = answer["wire"] as { readonly headers: TaggedObject };
          return { task: given["task"], id: given["id"], args, kwargs, retries: 0, utc: true };
        }),
        (done) => ({ wire: { ...(done["wire"] as object), headers: {} } }),
      )(answer),
    caughtBy: { "encode.option.defaults": "fail $.headers.task differs: messages of protocol 2" },
  },
];
