import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  deliveryCount,
  entryEnding,
  envelopePriority,
  markRedelivered,
  readEntry,
} from "../../transports/redis/entry.ts";

/** What kombu does (Channel._do_restore_message), and our count. */
function marked(envelope: Record<string, unknown>, count: number): unknown {
  const copy = structuredClone(envelope) as { headers: object; properties: { delivery_info: object } };
  Object.assign(copy.headers, { redelivered: true });
  Object.assign(copy.properties.delivery_info, { redelivered: true, "x-delivery-count": count });
  return copy;
}

const envelopes = fc.record(
  {
    body: fc.string(),
    "content-type": fc.option(fc.string()),
    headers: fc.dictionary(
      fc.oneof(fc.string(), fc.constantFrom("redelivered", "properties")),
      fc.jsonValue(),
    ),
    properties: fc.record({
      headers: fc.jsonValue(),
      delivery_info: fc.record(
        {
          exchange: fc.string(),
          routing_key: fc.string(),
          redelivered: fc.boolean(),
          "x-delivery-count": fc.nat(),
        },
        { requiredKeys: ["exchange", "routing_key"] },
      ),
      priority: fc.integer(),
    }),
  },
  { noNullPrototype: true },
);

describe("envelopes that go back", () => {
  test.for([0, 2])("are marked like kombu's, whatever is in them (indent %i)", (indent) => {
    fc.assert(
      fc.property(envelopes, (envelope) => {
        const text = JSON.stringify(envelope, null, indent);
        const before = deliveryCount(text);
        expect(before).toBe(envelope.properties.delivery_info["x-delivery-count"] ?? 0);
        const after = markRedelivered(text, true);
        expect(JSON.parse(after)).toEqual(marked(JSON.parse(text), before + 1));
        expect(deliveryCount(after)).toBe(before + 1);
        expect(markRedelivered(markRedelivered(text, false), false)).toBe(markRedelivered(text, false));
      }),
    );
  });

  test("keep every byte that is not marked", () => {
    const text =
      '{ "body" : "\\u00e9\\"" ,\n"headers" : { } , "properties":{"delivery_info":{"redelivered":false}, "n":1e400}}';
    expect(markRedelivered(text, true)).toBe(
      '{ "body" : "\\u00e9\\"" ,\n"headers" : {"redelivered": true } , "properties":{"delivery_info":{"x-delivery-count": 1, "redelivered":true}, "n":1e400}}',
    );
  });

  test.for([
    "",
    "text",
    '"text"',
    "[1]",
    "{",
    '{"headers"',
    '{"headers":',
    '{"headers": 1}',
    '{"headers": {',
    "{}",
    '{"properties": []}',
  ])("stay as they are where there is nothing to mark: %s", (text) => {
    expect(deliveryCount(text)).toBe(0);
    expect(envelopePriority(text)).toBe(0);
    expect(markRedelivered(text, true)).toBe(text);
  });

  test.for([
    ['{"properties": {"priority": 4}}', 4],
    ['{"properties": {"priority": "7"}}', 7],
    ['{"properties": {"priority": 3.9}}', 3],
    ['{"properties": {"priority": 99}}', 9],
    ['{"properties": {"priority": -1}}', 0],
    ['{"properties": {"priority": null}}', 0],
    ['{"properties": {"priority": NaN}}', 0],
    ['{"priority": 5, "properties": {}}', 0],
  ] as const)("%s has priority %i", ([text, priority]) => {
    expect(envelopePriority(text)).toBe(priority);
  });
});

describe("unacked entries", () => {
  test.for([
    ['[{"a": "]"}, "", "q"]', { payload: '{"a": "]"}', exchange: "", routingKey: "q" }],
    [
      '[ {"a": 1} ,"media" , "video.hd" ]',
      { payload: '{"a": 1}', exchange: "media", routingKey: "video.hd" },
    ],
    ['["not \\"json", "", "q"]', { payload: 'not "json', exchange: "", routingKey: "q" }],
  ] as const)("%s", ([text, expected]) => {
    expect(readEntry(text)).toEqual(expected);
  });

  test("of ours are read back, whatever the queue and the envelope", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (queue, inside) => {
        const payload = `{${inside}}`;
        expect(readEntry(`[${payload}${entryEnding(queue)}`)).toEqual({
          payload,
          exchange: "",
          routingKey: queue,
        });
      }),
    );
  });

  test.for(["", "[", "nonsense", "[{}]", '[{}, ""]', '[{}, 1, "q"]', "{}", "null"])("%s is none", (text) => {
    expect(readEntry(text)).toBeUndefined();
  });
});
