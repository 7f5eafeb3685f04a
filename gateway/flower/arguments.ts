/** Parameters as Flower takes them: from the query, or from a form in the body, which wins. */
import { readBody } from "../body.ts";
import type { GatewayContext } from "../context.ts";
import type { Exchange } from "../exchange.ts";
import { hasBody } from "../read-json.ts";
import { FlowerRefusal } from "./route.ts";

/** Longest value that is read. */
const MAX_VALUE = 4096;
const TRUE: ReadonlySet<string> = new Set(["y", "yes", "t", "true", "on", "1"]);
const FALSE: ReadonlySet<string> = new Set(["n", "no", "f", "false", "off", "0"]);
const INTEGER = /^[+-]?\d{1,15}$/;
const FLOAT = /^[+-]?(?:\d{1,15}(?:\.\d{0,15})?|\.\d{1,15})(?:e[+-]?\d{1,3})?$/i;

export class FlowerArguments {
  readonly #sources: readonly URLSearchParams[];

  constructor(...sources: readonly URLSearchParams[]) {
    this.#sources = sources;
  }

  /** The last of that name; undefined without one. */
  text(name: string): string | undefined {
    const value = this.#sources
      .flatMap((source) => source.getAll(name))
      .at(-1)
      ?.trim();
    if (value !== undefined && value.length > MAX_VALUE)
      throw new FlowerRefusal(400, `Argument ${name} is too long`);
    return value;
  }

  /** Throws FlowerRefusal 400, as all that follow. */
  required(name: string): string {
    const value = this.text(name);
    if (value === undefined || value === "") throw new FlowerRefusal(400, `Missing argument ${name}`);
    return value;
  }

  integer(name: string): number | undefined {
    return this.#read(name, "int", (value) => (INTEGER.test(value) ? Number(value) : undefined));
  }

  float(name: string): number | undefined {
    return this.#read(name, "float", (value) => (FLOAT.test(value) ? Number(value) : undefined));
  }

  flag(name: string): boolean {
    const value = this.#read(name, "bool", (given) => {
      const word = given.toLowerCase();
      return TRUE.has(word) ? true : FALSE.has(word) ? false : undefined;
    });
    return value ?? false;
  }

  #read<Value>(name: string, type: string, parse: (value: string) => Value | undefined): Value | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = parse(text);
    if (value === undefined) throw new FlowerRefusal(400, `Invalid argument '${text}' of type '${type}'`);
    return value;
  }
}

/** Of a request without a body that counts. */
export function queryArguments({ query }: Exchange): FlowerArguments {
  return new FlowerArguments(query);
}

/** Of a request that may have a form. Throws what readBody throws. */
export async function formArguments(
  exchange: Exchange,
  { limits, held }: GatewayContext,
): Promise<FlowerArguments> {
  const { req, query } = exchange;
  const isForm = req.headers["content-type"]?.startsWith("application/x-www-form-urlencoded") === true;
  if (!isForm || !hasBody(req)) return new FlowerArguments(query);
  const body = await readBody(exchange, { maxBytes: limits.bodyBytes, held });
  return new FlowerArguments(query, new URLSearchParams(body.toString("utf8")));
}
