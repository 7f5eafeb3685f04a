/** Structured fields (RFC 9651) as HTTP signatures use them: dictionaries, inner lists and their parameters. */
import { parseDictionary, serializeInnerList, serializeItem } from "structured-headers";
import { DecodeError, EncodeError, toError } from "../../protocol/index.ts";
import { type HttpHeaders, headerValues } from "./http-message.ts";

/** A value of a parameter; the library has more types, which signatures do not use. */
export type BareItem = string | number | boolean;

/** Parameters in their order, which is signed. */
export type SignatureParameters = ReadonlyMap<string, BareItem>;

/** One component that a signature covers: `"@method";req` is `["@method", {req: true}]`. */
export type SignatureComponent = readonly [name: string, parameters: SignatureParameters];

/** What a signature covers, and its own parameters. */
export interface CoveredComponents {
  readonly components: readonly SignatureComponent[];
  readonly parameters: SignatureParameters;
}

const MAX_FIELD_LENGTH = 8192;
const MAX_MEMBERS = 8;
const MAX_COMPONENTS = 32;

/** `"@method";req` */
export function writeComponent([name, parameters]: SignatureComponent): string {
  return attempt(() => serializeItem([name, new Map(parameters)]));
}

/** `("@method" "content-digest");created=1;keyid="k"` */
export function writeCovered({ components, parameters }: CoveredComponents): string {
  return attempt(() =>
    serializeInnerList([
      components.map(([name, itsParameters]) => [name, new Map(itsParameters)]),
      new Map(parameters),
    ]),
  );
}

/** The members of a dictionary of inner lists, such as Signature-Input. Throws DecodeError. */
export function readCovered(headers: HttpHeaders, name: string): Map<string, CoveredComponents> {
  return readDictionary(headers, name, ([items, parameters]) => {
    if (!Array.isArray(items)) throw new RangeError("a member is no list of components");
    if (items.length > MAX_COMPONENTS)
      throw new RangeError(`it lists more than ${MAX_COMPONENTS} components`);
    return {
      components: items.map(([item, itsParameters]): SignatureComponent => {
        if (typeof item !== "string") throw new RangeError("a component is no string");
        return [item, readParameters(itsParameters)];
      }),
      parameters: readParameters(parameters),
    };
  });
}

/** The members of a dictionary of byte sequences, such as Signature and Content-Digest. Throws DecodeError. */
export function readByteSequences(headers: HttpHeaders, name: string): Map<string, Buffer> {
  return readDictionary(headers, name, ([value]) => {
    if (!(value instanceof ArrayBuffer)) throw new RangeError("a member is no byte sequence");
    return Buffer.from(value);
  });
}

function readDictionary<T>(
  headers: HttpHeaders,
  name: string,
  read: (member: readonly [value: unknown, parameters: ReadonlyMap<string, unknown>]) => T,
): Map<string, T> {
  const text = headerValues(headers, name).join(", ");
  if (text === "")
    throw new DecodeError("unsigned", `The header ${name} is missing; the sender has to sign.`);
  if (text.length > MAX_FIELD_LENGTH) throw wrong(name, `it is longer than ${MAX_FIELD_LENGTH} characters`);
  try {
    const members = parseDictionary(text);
    if (members.size > MAX_MEMBERS) throw new RangeError(`it has more than ${MAX_MEMBERS} members`);
    return new Map([...members].map(([label, member]) => [label, read(member)]));
  } catch (error) {
    throw wrong(name, toError(error).message, error);
  }
}

function readParameters(parameters: ReadonlyMap<string, unknown>): SignatureParameters {
  return new Map(
    [...parameters].map(([name, value]) => {
      if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
        return [name, value];
      }
      throw new RangeError(`the parameter ${name} is neither text nor a number nor a boolean`);
    }),
  );
}

function attempt(write: () => string): string {
  try {
    return write();
  } catch (error) {
    throw new EncodeError(`A signature's parameters cannot be written: ${toError(error).message}.`, {
      cause: error,
    });
  }
}

function wrong(name: string, problem: string, cause?: unknown): DecodeError {
  return new DecodeError("bad_signature", `The header ${name} cannot be read: ${problem}.`, { cause });
}
