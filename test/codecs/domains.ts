/** What each serializer carries exactly, as values to generate. */
import fc from "fast-check";
import { Float } from "../../protocol/index.ts";
import {
  anyBytes,
  anyDate,
  anyDecimal,
  anyExactPickleValue,
  anyNumber,
  anyPickleValue,
  anyText,
  anyTime,
  anyUuid,
  awareDateTime,
  naiveDateTime,
  treeOf,
  wellFormedText,
  wideInteger,
} from "../../testing/values.ts";
import { YAML_TEXTS } from "./yaml-texts.ts";

const plain = [fc.constant(null), fc.boolean(), anyNumber];

/** JSON's own types: all that kombu before 5.3 knows. */
export const plainJson: readonly fc.Arbitrary<unknown>[] = [
  ...plain,
  anyText,
  wideInteger(-(10n ** 400n), 10n ** 400n),
];
/** What kombu adds to them. */
export const typedJson: readonly fc.Arbitrary<unknown>[] = [
  anyBytes,
  anyDate,
  anyTime,
  naiveDateTime,
  awareDateTime,
  anyDecimal,
  anyUuid,
];

const yamlText = fc.oneof(anyText, fc.constantFrom(...YAML_TEXTS));
const yaml = [
  ...plain,
  yamlText,
  wideInteger(-(2n ** 80n), 2n ** 80n),
  anyBytes,
  anyDate,
  naiveDateTime,
  awareDateTime,
  // Python takes True, 1 and 1.0 for the same.
  fc
    .uniqueArray(fc.oneof(wellFormedText, fc.constantFrom(...YAML_TEXTS), fc.integer({ min: 2 })))
    .map((items) => new Set(items)),
  fc
    .uniqueArray(fc.oneof(wellFormedText, fc.constant(null), fc.integer({ min: 2 })))
    .map((keys) => new Map(keys.map((key, index) => [key, index]))),
];
// PyYAML gives up on longer keys unless they are marked: the border must be right.
const yamlKey = fc.oneof(
  { weight: 20, arbitrary: yamlText },
  { weight: 1, arbitrary: fc.string({ minLength: 1000, maxLength: 1050 }) },
);

const msgpack = [
  fc.constant(null),
  fc.boolean(),
  anyNumber,
  wellFormedText,
  anyBytes,
  wideInteger(-(2n ** 63n), 2n ** 64n - 1n),
];

/** Floats without a fraction, for readers that keep them apart from ints. */
const wholeFloat = fc.maxSafeInteger().map((value) => new Float(value));

/** Values as a reader gives them back, with plain numbers and with exactFloats. */
export interface Domain {
  readonly plain: fc.Arbitrary<unknown>;
  readonly exact: fc.Arbitrary<unknown>;
}

function domainOf(leaves: readonly fc.Arbitrary<unknown>[], key: fc.Arbitrary<string>): Domain {
  return { plain: treeOf(fc.oneof(...leaves), key), exact: treeOf(fc.oneof(...leaves, wholeFloat), key) };
}

/** A serializer's name, or what kombu before 5.3 has of it: the names of the generators in python_values.py. */
export type DomainName = "json" | "json 5.2" | "yaml" | "msgpack" | "pickle";

export const DOMAINS: Readonly<Record<DomainName, Domain>> = {
  json: domainOf([...plainJson, ...typedJson], anyText),
  "json 5.2": domainOf(plainJson, anyText),
  yaml: domainOf(yaml, yamlKey),
  msgpack: domainOf(msgpack, wellFormedText),
  pickle: { plain: anyPickleValue, exact: anyExactPickleValue },
};
