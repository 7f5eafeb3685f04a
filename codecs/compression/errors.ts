import { DecodeError } from "../../protocol/errors.ts";

/** DecodeError `bad_compression`: the bytes are not one whole stream of a format. */
export function corrupt(format: string, problem: string): DecodeError {
  return new DecodeError("bad_compression", `The compressed body is no whole ${format} stream: ${problem}.`);
}

/** The same for bytes that follow a whole stream. */
export function trailing(format: string): DecodeError {
  return corrupt(format, "there are bytes after its end");
}

/** What to tell someone who uses a format without its package. */
export function missingPackage(format: string, name: string): string {
  return `The compression ${format} needs the package ${name}. Run: npm install ${name}`;
}
