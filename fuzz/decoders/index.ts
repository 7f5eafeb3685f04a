/** What is fuzzed: everything that reads what strangers wrote. */
import { codecDecoders } from "./codecs.ts";
import type { Decoder } from "./decoder.ts";
import { httpDecoders } from "./http.ts";
import { messageDecoders } from "./messages.ts";
import { signingDecoders } from "./signing.ts";

export type { Decoder } from "./decoder.ts";

/** By name. */
export const DECODERS: Readonly<Record<string, Decoder>> = {
  ...codecDecoders,
  ...messageDecoders,
  ...httpDecoders,
  ...signingDecoders,
};
