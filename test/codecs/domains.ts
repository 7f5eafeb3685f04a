/** What each serializer carries exactly, as values to generate. */
import fc from "fast-check";
import {
  anyBytes,
  anyDate,
  anyDecimal,
  anyNumber,
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
];
// PyYAML gives up on longer keys unless they are marked: the border must be right.
const yamlKey = fc.oneof(
  { weight: 20, arbitrary: yamlText },
  { weight: 1, arbitrary: fc.string({ minLength: 1000, maxLength: 1050 }) },
);

const msgpack = [
  fc.constant(null),
  fc.boolean(),
  anyNumber.filter((value) => !Object.is(value, -0)),
  wellFormedText,
  anyBytes,
  wideInteger(-(2n ** 63n), 2n ** 64n - 1n),
];

/** By the name of the serializer, and of the generator in python_values.py. */
export const DOMAINS: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  json: treeOf(fc.oneof(...plainJson, ...typedJson), anyText),
  "json 5.2": treeOf(fc.oneof(...plainJson), anyText),
  yaml: treeOf(fc.oneof(...yaml), yamlKey),
  msgpack: treeOf(fc.oneof(...msgpack), wellFormedText),
};
