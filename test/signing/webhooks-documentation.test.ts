import { expect, it } from "vitest";
import { examples, runExample } from "../helpers/documentation.ts";

it.each(examples("webhook-signatures.md"))(
  "an example of the documentation prints what it says",
  async (example) => {
    expect(await runExample(example)).toBe(example.output);
  },
);
