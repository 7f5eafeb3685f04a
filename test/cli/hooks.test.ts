/** `celerity hooks`, without a gateway and with one. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { hooksCommand } from "../../cli/commands/hooks.ts";
import { exitCodeOf } from "../../cli/exit-codes.ts";
import { readHooksFile } from "../../cli/hooks-file.ts";
import { toError } from "../../protocol/index.ts";
import { takeCalls } from "../gateway/hooks-place.ts";
import { openGateway } from "../gateway/place.ts";
import { temporaryFolder } from "../helpers/services.ts";

const HOOKS = {
  hooks: {
    repo: {
      verifier: "github",
      secrets: ["It's a Secret to Everybody"],
      rules: [
        {
          when: { header: "x-github-event", equals: "push" },
          task: "git.pushed",
          args: [{ $ptr: "/repository/full_name" }],
          kwargs: { by: { $ptr: "/pusher/name" }, id: { $ptr: "/repository/id" } },
          queue: "git",
        },
      ],
    },
    chat: {
      verifier: "slack",
      secrets: [{ env: "TEST_CHAT_SECRET" }],
      rules: [{ task: "chat.said", args: [{ $ptr: "/event/text" }] }],
    },
    money: {
      verifier: "stripe",
      secrets: ["whsec_x"],
      rules: [{ task: { $ptr: "/type", map: { "payment_intent.succeeded": "paid" } } }],
    },
    shop: {
      verifier: "standard-webhooks",
      secrets: ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
      rules: [{ task: "t" }],
    },
    own: {
      verifier: "hmac",
      secrets: ["s"],
      hmac: { header: "X-Sig", timestamp: { header: "X-Time" } },
      rules: [{ task: "t", args: [{ $ptr: "/big" }] }],
    },
    old: { verifier: "basic", basic: { username: "u" }, secrets: ["p"], rules: [{ task: "t" }] },
    key: { verifier: "api-key", secrets: ["k"], rules: [{ task: "t" }] },
    open: { verifier: "none", rules: [{ task: "t" }] },
  },
  cloudEvents: { rules: [{ task: "t" }] },
};

async function hooksFile(content: unknown = HOOKS): Promise<string> {
  const path = join(await temporaryFolder(), "hooks.json");
  await writeFile(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

/** Runs the command in this process, as main.ts runs it. */
async function celerity(
  ...args: readonly string[]
): Promise<{ readonly code: number; readonly text: string }> {
  vi.stubEnv("TEST_CHAT_SECRET", "chat secret");
  const output = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  const printed = (): string => output.mock.calls.map(([text]) => String(text)).join("");
  try {
    await hooksCommand().parseAsync(args, { from: "user" });
    return { code: 0, text: printed() };
  } catch (error) {
    return { code: exitCodeOf(error), text: printed() + toError(error).message };
  } finally {
    output.mockRestore();
    vi.unstubAllEnvs();
  }
}

describe("hooks test, without a gateway", () => {
  test.each(Object.keys(HOOKS.hooks).filter((name) => name !== "own"))(
    "signs a sample for %s",
    async (name) => {
      const { code, text } = await celerity("test", name, "--hooks", await hooksFile());
      expect([code, text]).toEqual([0, expect.stringContaining("Rule 1 of 1 fits. It would send the task ")]);
    },
  );

  test("tells which task would be sent, in words", async () => {
    const { text } = await celerity("test", "repo", "--hooks", await hooksFile());
    const body = text.replace(/\(\d+ bytes\)/, "(n bytes)").replace(/sha256-[\w-]+/, "sha256-x");
    expect(body).toBe(`Hook repo, verifier github: the signature of this delivery is right (n bytes).
Rule 1 of 1 fits. It would send the task git.pushed with
  args    ["octocat/Hello-World"]
  kwargs  {"by":"octocat","id":1296269}
  queue   git
When it comes again it is known by sha256-x, and sends nothing.
Nothing was sent. With --url it is delivered to a running gateway.
`);
  });

  test("takes bodies and headers of one's own", async () => {
    const hooks = await hooksFile();
    const big = await hooksFile('{"big":123456789012345678901234567890}');
    const own = await celerity("test", "own", "--hooks", hooks, "--body", big);
    expect(own.text).toContain("  args    [123456789012345678901234567890]\n");
    const other = await celerity("test", "repo", "--hooks", hooks, "-H", "X-GitHub-Event: issues");
    expect(other.text).toContain("None of its 1 rules fits: no task would be sent.");
    const ping = await celerity("test", "repo", "--hooks", hooks, "-H", "x-github-event: ping");
    expect(ping.text).toContain("the answer is: pong");
    const missing = await celerity("test", "own", "--hooks", hooks);
    expect(missing).toEqual({
      code: 64,
      text: expect.stringContaining("The delivery would fail: /big is missing"),
    });
  });

  test("says what is wrong", async () => {
    expect(await celerity("test", "repo")).toMatchObject({
      code: 64,
      text: expect.stringContaining("--hooks"),
    });
    const none = await celerity("test", "none", "--hooks", await hooksFile());
    expect(none.text).toContain("has no hook none; it has: repo, chat");
    const broken = await celerity(
      "test",
      "a",
      "--hooks",
      await hooksFile({ hooks: { a: { verifier: "github", secrets: ["s"], rules: [] } } }),
    );
    expect(broken).toMatchObject({ code: 64, text: expect.stringContaining("/rules") });
    for (const [content, message] of [
      ["{", "cannot be read"],
      ["[]", "must be a JSON object"],
      [{ hook: {} }, 'not "hook"'],
    ] as const) {
      const path = await hooksFile(content);
      expect(() => readHooksFile(path)).toThrow(message);
    }
  });
});

describe("hooks, with a gateway", () => {
  test("delivers, lists and replays", async () => {
    vi.stubEnv("TEST_CHAT_SECRET", "chat secret");
    const file = await hooksFile();
    const { app, url } = await openGateway(readHooksFile(file));
    const at = ["--url", url];
    const sent = await celerity("test", "money", "--hooks", file, ...at);
    expect(sent).toEqual({ code: 0, text: expect.stringMatching(/^202 {2}Sent paid\[[\w-]+\]\n$/) });
    const listed = await celerity("list", ...at);
    expect(listed.text).toContain("money  stripe  paid  (1 accepted)\n");
    const seen = await celerity("deliveries", "money", ...at);
    expect(seen.text).toMatch(/^[0-9a-f]{28} {2}\S+ {2}accepted {2}paid\[[\w-]+\]\n$/);
    const [id = ""] = seen.text.split(" ");
    expect((await celerity("replay", "money", id, ...at)).text).toMatch(/^Sent paid\[[\w-]+\]\n$/);
    expect(await takeCalls(app, 2)).toHaveLength(2);

    const dry = await celerity("test", "money", "--hooks", file, ...at, "--dry-run");
    expect(dry.text).toContain("Nothing was sent");
    const json = await celerity("deliveries", "money", "--json", "--limit", "1", ...at);
    expect(JSON.parse(json.text)).toMatchObject({ hook: "money", outcome: "accepted" });
    expect((await celerity("deliveries", "chat", ...at)).text).toBe("No deliveries at chat.\n");
    expect((await celerity("test", "open", "--hooks", file, ...at)).code).toBe(0);
  });

  test("asks the gateway for the hook, and signs with a secret of a file", async () => {
    const { url } = await openGateway(readHooksFile(await hooksFile({ hooks: { repo: HOOKS.hooks.repo } })));
    const secret = await hooksFile(`${HOOKS.hooks.repo.secrets[0]}\n`);
    const good = await celerity("test", "repo", "--url", url, "--secret-file", secret);
    expect(good.text).toContain("202  Sent git.pushed[");
    const bad = await celerity("test", "repo", "--url", url, "--secret-file", await hooksFile("wrong"));
    expect(bad).toEqual({ code: 64, text: expect.stringContaining("The gateway answered 401") });
    const refused = await celerity("list", "--url", url);
    expect(refused.text).toContain("last refused");
    expect((await celerity("test", "repo", "--url", url)).text).toContain("There is no secret to sign with");
    expect((await celerity("list", "--url", "http://127.0.0.1:1")).code).toBe(69);
  });
});
