import { parseBody } from "../../gateway/json-body.ts";
import { readPreference } from "../../gateway/prefer.ts";
import { Problem } from "../../gateway/problems.ts";
import { requirePlainValues } from "../../gateway/reserved-envelope.ts";
import { parseDuration, readTime } from "../../gateway/times.ts";
import { ConfigurationError } from "../../protocol/index.ts";
import { parseRedisUrl } from "../../stores/redis-url.ts";
import { redactUrl, splitBrokerUrls, transportName } from "../../transports/broker-urls.ts";
import { type Decoder, isDecodeError, textOf } from "./decoder.ts";
import { jsonWords } from "./words.ts";

const isProblem = (error: unknown): boolean => error instanceof Problem;

export const httpDecoders: Readonly<Record<string, Decoder>> = {
  "http-json": {
    decode: (input) => requirePlainValues(parseBody(Buffer.from(input), 64), ""),
    isRefusal: isProblem,
    words: jsonWords,
  },
  prefer: {
    decode: (input) => readPreference(textOf(input), 60),
    isRefusal: () => false,
    seeds: ["respond-async, wait=100", "handling=lenient; x=y, wait=5"],
    words: ["wait=", "respond-async", ",", ";", "=", '"', "\\", " "],
  },
  times: {
    decode(input) {
      parseDuration(textOf(input));
      readTime(textOf(input), "/eta");
    },
    // The gateway answers both with the problem bad-eta.
    isRefusal: (error) => isProblem(error) || isDecodeError(error),
    seeds: ["PT1M30S", "P1DT2H", "2024-02-29T12:00:00Z", "2024-02-29 12:00:00.123+01:00"],
    words: [..."P T D H M S Z + - : . 2024 -02 -29 T12 :00 9 0".split(" ")],
  },
  urls: {
    decode(input) {
      for (const url of splitBrokerUrls(textOf(input))) {
        redactUrl(url);
        transportName(url);
        parseRedisUrl(url);
      }
    },
    isRefusal: (error) => error instanceof ConfigurationError,
    seeds: [
      "redis://:pass@localhost:6379/0",
      "rediss://u:p@[::1]/1?ssl_cert_reqs=none",
      "redis+socket:///tmp/redis.sock?virtual_host=1",
      "sentinel://a:1;sentinel://b:2",
      "amqp://a:b@h1//;amqp://h2/v",
    ],
    words: [
      ..."redis:// rediss:// redis+socket:// sentinel:// ?virtual_host= % %2f %zz @ : ; [::1] / # ?".split(
        " ",
      ),
    ],
  },
};
