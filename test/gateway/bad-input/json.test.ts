import { describe, expect, it } from "vitest";
import { parseBody } from "../../../gateway/json-body.ts";
import { Problem } from "../../../gateway/problems.ts";
import { parseJson } from "../../../protocol/index.ts";
import { openGateway, post } from "../place.ts";
import { LEFT_OPEN, READ, REFUSED } from "./json-cases.ts";

/** The problem's name, or "read". */
function verdict(body: string | Uint8Array): string {
  try {
    parseBody(Buffer.from(body as string), 64);
    return "read";
  } catch (error) {
    if (error instanceof Problem) return error.type;
    throw error;
  }
}

describe("JSON", () => {
  it("has cases enough", () => {
    expect(REFUSED.length + READ.length + LEFT_OPEN.length).toBeGreaterThan(300);
  });

  it("that is none is refused, whatever is wrong with it", () => {
    const taken = REFUSED.filter(([, body]) => !["bad-json", "bad-unicode"].includes(verdict(body)));
    expect(taken).toEqual([]);
  });

  it("that is good is read, to what JSON.parse makes of it", () => {
    for (const [name, body] of READ) {
      expect(verdict(body), name).toBe("read");
      const exact = parseJson(String(body), { maxDepth: 64, revive: undefined, code: "bad_body" });
      expect(parseBody(Buffer.from(body as string), 64), name).toEqual(exact);
    }
  });

  it.each(LEFT_OPEN)("that the standard leaves open has one verdict: %s", (_name, body, expected) => {
    expect(verdict(body)).toBe(expected);
    expect(verdict(body)).toBe(expected);
  });

  it("gets the same verdicts over HTTP, and nothing is sent of what is refused", async () => {
    const { app, url } = await openGateway();
    for (const [name, body] of REFUSED) {
      const answer = await post(`${url}/v1/tasks`, body);
      expect(answer.status, name).toBe(400);
      await answer.arrayBuffer();
    }
    expect(await (await app.connection()).queueSize("celery")).toBe(0);
  });
});
