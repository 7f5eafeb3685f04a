/** report.html and matrix.html in a real browser. */
import { existsSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { hexDump } from "../../conformance/expect/hex-dump.ts";
import { hexDifference } from "../../conformance/report/html/hex-view.ts";
import { toReportPage } from "../../conformance/report/html/report-page.ts";
import { html } from "../../conformance/report/html/template.ts";
import { toMatrix, toMatrixPage } from "../../conformance/report/matrix/index.ts";
import { temporaryFolder } from "../helpers/services.ts";
import { hostile, reportOf } from "./reports.ts";

const CHROMIUM = "/usr/bin/chromium";
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-extensions"];

interface Opened {
  readonly page: Page;
  /** Addresses that the page asked for, beside its own, and whatever the console complained of. */
  readonly complaints: readonly string[];
}

let browser: Browser;

async function open(text: string, options: BrowserContextOptions = {}, hash = ""): Promise<Opened> {
  const path = `${await temporaryFolder()}/page.html`;
  writeFileSync(path, text);
  const address = pathToFileURL(path).href;
  const context = await browser.newContext(options);
  onTestFinished(() => context.close());
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const complaints: string[] = [];
  page.on("request", (request) => {
    if (request.url() !== address) complaints.push(request.url());
  });
  page.on("console", (message) => void complaints.push(message.text()));
  page.on("pageerror", (error) => void complaints.push(String(error)));
  page.on("dialog", (dialog) => {
    complaints.push(dialog.message());
    return dialog.dismiss();
  });
  await page.goto(address + hash);
  return { page, complaints };
}

describe("templates", () => {
  test("escape everything but HTML of their own", () => {
    const inner = html`<b>${"<i>"}</b>`;
    expect(String(html`<p title="${`"'&`}">${inner}${[1, inner]}${undefined}${false}</p>`)).toBe(
      '<p title="&quot;&#39;&amp;"><b>&lt;i&gt;</b>1<b>&lt;i&gt;</b></p>',
    );
    // What only looks like HTML of a template is none.
    const forged = JSON.parse('{"toString": "<b>"}') as string[];
    expect(() => String(html`${forged}`)).toThrow();
  });

  test("show what cannot be seen", () => {
    expect(String(html`${"a\u202eb\u0000\t\n\ud800"}`)).toBe("a\\u202eb\\u0000\t\n\\ud800");
  });
});

test.each<[string, string, readonly string[]]>([
  ["[[2, 2], {}, {}]", "[[2,2], {}, {}]!", ["20", " ", "21", "!"]],
  ["same", "same", []],
  ["", "ab", ["61 62", "ab"]],
  // Marks do not cross lines.
  ["0123456789abcdef", "0123456789abcd<>!", ["65 66", "ef", "3c 3e", "&lt;&gt;", "21", "!"]],
])("dumps side by side mark what only one has: %j and %j", (one, other, marked) => {
  const [dump, otherDump] = [hexDump(Buffer.from(one)), hexDump(Buffer.from(other))];
  const view = String(hexDifference(["recorded", dump], ["answered", otherDump]));
  expect([...view.matchAll(/<mark>([^<]*)<\/mark>/g)].map((match) => match[1])).toEqual(marked);
  const text = view
    .replaceAll(/<\/?mark>/g, "")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">");
  expect(text).toContain(dump);
  expect(text).toContain(otherDump);
});

describe.skipIf(!process.env["CI"] && !existsSync(CHROMIUM))("pages in a browser", () => {
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  });
  afterAll(() => browser?.close());

  test("what a hostile adapter says stays text", async () => {
    const told = await reportOf("none", { ids: ["*.option.*"], command: hostile });
    const transcript = [told.adapter.name];
    const report = { ...told, results: told.results.map((result) => ({ ...result, transcript })) };
    const { page, complaints } = await open(toReportPage(report));
    expect(await page.locator("script, img, svg, iframe, object, embed").count()).toBe(1);
    expect(await page.locator("h1").textContent()).toContain("</script></pre><script>globalThis.hacked = 1");
    expect(await page.locator("h1").textContent()).toContain("\\u202egnp.exe");
    expect(await page.locator("a:not([href^='#'])").count()).toBe(1);
    expect(
      await page.evaluate("document.querySelectorAll('[onmouseover], [onload], [onerror]').length"),
    ).toBe(0);
    await page.getByLabel("Text", { exact: true }).fill("img src=x");
    for (const details of await page.locator("details:visible").all())
      await details.locator("summary").click();
    expect(await page.evaluate("globalThis.hacked")).toBeUndefined();
    expect(complaints).toEqual([]);
  });

  test("no other script runs in it", async () => {
    const report = await reportOf("none", { ids: ["decode.option.eta"] });
    const text = toReportPage(report).replace("</main>", "<script>globalThis.hacked = 1</script></main>");
    const { page, complaints } = await open(text);
    expect(await page.evaluate("globalThis.hacked")).toBeUndefined();
    expect(complaints).toEqual([expect.stringContaining("Content Security Policy")]);
  });

  test("a failure is found with the keyboard, and explained", async () => {
    const report = await reportOf("swapped-limits", { ids: ["decode.option.*"] });
    const { page, complaints } = await open(toReportPage(report));
    const count = page.getByRole("status");
    const total = report.results.length;
    expect(await count.textContent()).toBe(`${total} of ${total} results`);
    await page.getByLabel("Text", { exact: true }).focus();
    await page.keyboard.type("LIMITS");
    expect(await count.textContent()).toBe(`1 of ${total} results`);
    await page.keyboard.press("Control+A");
    await page.keyboard.press("Delete");
    await page.keyboard.press("Tab");
    await page.keyboard.type("wrong");
    expect(await count.textContent()).toBe(`1 of ${total} results`);
    await page.getByRole("link", { name: "decode.option.limits" }).focus();
    await page.keyboard.press("Enter");
    const section = page.locator("details[open]");
    await section.getByText("timelimit is [hard, soft], in seconds").last().waitFor();
    const told = (await section.textContent()) ?? "";
    for (const text of [
      'Expected[{"$int":"30"},{"$float":"20.5"}]',
      'Actual[{"$float":"20.5"},{"$int":"30"}]',
      "INTEROP",
      "00000000  5b 5b 32",
      '{"cmd":"decode"',
      "celery/app/amqp.py",
      "celery 5.7.0",
      "celerity conformance replay decode.option.limits --timeout 20 -- ",
    ]) {
      expect(told).toContain(text);
    }
    await page.getByRole("button", { name: "Show all" }).click();
    await expect.poll(() => count.textContent()).toBe(`${total} of ${total} results`);
    expect(complaints).toEqual([]);
  });

  test("an address leads to a failure", async () => {
    const report = await reportOf("swapped-limits", { ids: ["decode.option.*"] });
    const { page } = await open(toReportPage(report), {}, "#r-decode.option.limits");
    await page.locator("details[open] h3").first().waitFor();
    expect(await page.locator("details[open]").getAttribute("data-vector")).toBe("decode.option.limits");
  });

  test.each([
    ["light", "rgb(255, 255, 255)"],
    ["dark", "rgb(20, 23, 28)"],
  ] as const)("it fits a phone: %s", async (colorScheme, color) => {
    const report = await reportOf("no-message", { ids: ["encode.option.*"] });
    const viewport = { width: 360, height: 700 };
    const { page } = await open(toReportPage(report), { colorScheme, viewport }, "#r-encode.option.limits");
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(360);
    expect(await page.evaluate("getComputedStyle(document.body).backgroundColor")).toBe(color);
  });

  test("without scripts all results are there", async () => {
    const report = await reportOf("refuses", { ids: ["decode.option.*"] });
    const { page } = await open(toReportPage(report), { javaScriptEnabled: false });
    expect(await page.locator("tr[data-vector]:visible").count()).toBe(report.results.length);
    expect(await page.locator("form:visible").count()).toBe(0);
  });

  test("the matrix keeps text of adapters text too", async () => {
    const report = await reportOf("none", { ids: ["*.option.*"], command: hostile });
    const implementation = {
      name: report.adapter.name,
      language: report.adapter.language,
      homepage: "javascript:globalThis.hacked=1",
      build: null,
      run: ["true"],
      needs: [],
      folder: "/",
    } as const;
    const matrix = toMatrix(
      [
        { implementation, report },
        { implementation, missing: report.adapter.name },
      ],
      { runner: "1", vectors: "1", date: "2030-01-01" },
    );
    const { page, complaints } = await open(toMatrixPage(matrix), { viewport: { width: 360, height: 700 } });
    expect(await page.locator("script, img, svg, a").count()).toBe(0);
    expect(await page.locator("tbody tr").count()).toBe(2);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(360);
    expect(complaints).toEqual([]);
  });
});
