import type { JSX } from "preact";
import { asText, hexDump } from "../lib/body-bytes.ts";
import { bytes as inBytes } from "../lib/format.ts";
import { setQuery } from "../router.ts";
import { Code, JsonText } from "./code.tsx";
import { Panel } from "./page.tsx";

/** The body of a message, as text or in hexadecimal; which of them stands in the address. */
export function BodyText({
  bytes,
  as,
}: {
  readonly bytes: Uint8Array;
  /** Of the address. */
  readonly as: string | null;
}): JSX.Element {
  const text = asText(bytes);
  const isHex = as === "hex" || text === undefined;
  const button = (
    label: string,
    value: string | undefined,
    isOn: boolean,
    isDisabled = false,
  ): JSX.Element => (
    <button
      type="button"
      class="button"
      aria-pressed={isOn}
      disabled={isDisabled}
      onClick={() => setQuery({ as: value })}
    >
      {label}
    </button>
  );
  return (
    <Panel
      title={`Body, ${inBytes(bytes.length)}`}
      actions={
        <>
          {button("Text", undefined, !isHex, text === undefined)}
          {button("Hex", "hex", isHex)}
        </>
      }
    >
      {isHex ? <Code text={hexDump(bytes)} label="Body in hexadecimal" isShell /> : <TextOf text={text} />}
    </Panel>
  );
}

function TextOf({ text }: { readonly text: string }): JSX.Element {
  return isJson(text) ? <JsonText text={text} label="Body" /> : <Code text={text} label="Body" />;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
