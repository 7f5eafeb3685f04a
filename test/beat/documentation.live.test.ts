import { expect, test } from "vitest";
import { celeryName, DEFAULT_SETTINGS } from "../../app/index.ts";
import { isAlive } from "../../cli/pid-file.ts";
import { startCelerity, taskModule } from "../e2e/celerity.ts";
import { examples, pageText, runExample } from "../helpers/documentation.ts";
import { amqpUrl, cleanUp, postgresUrl, redisUrl } from "../helpers/services.ts";

const page = examples("beat.md");
const commands = [...pageText("beat.md").matchAll(/^celerity (.+)$/gm)].map(([, line = ""]) => line);

test("the page has examples and commands", () => {
  expect(page).toHaveLength(2);
  expect(commands).toHaveLength(6);
});

test.each(page)("prints what the page says: $output", async (example) => {
  expect(await runExample(example)).toBe(example.output);
});

/** The places of the page, and where they are here. */
const PLACES: Readonly<Record<string, () => string | Promise<string>>> = {
  "./tasks.js": () => taskModule,
  "redis://127.0.0.1:6379/0": redisUrl,
  "amqp://127.0.0.1:5672": amqpUrl,
  "postgresql://user@host/django": postgresUrl,
};

test.each(commands)("sends tasks: celerity %s", { timeout: 60_000 }, async (command) => {
  const args: string[] = [];
  for (const word of command.split(" ")) args.push((await PLACES[word]?.()) ?? word);
  const beatSchedule = { tick: { task: "examples.add", schedule: 0.2, args: [1, 2] } };
  const started = await startCelerity(args, {
    CELERY_BROKER_URL: await redisUrl(),
    CELERY_BEAT_SCHEDULE: JSON.stringify(beatSchedule),
  });
  if (!command.includes("--detach")) {
    await started.waitForOutput(/Sent due task "tick"/);
    return;
  }
  expect(await started.ended()).toBe(0);
  const pid = Number(/process (\d+)/.exec(started.output())?.[1]);
  cleanUp(async () => {
    process.kill(pid, "SIGTERM");
    await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false);
  });
  expect(isAlive(pid)).toBe(true);
});

test("names all settings of beat", () => {
  const settings = Object.keys(DEFAULT_SETTINGS).filter((name) => celeryName(name).startsWith("beat_"));
  expect(settings.filter((name) => !pageText("beat.md").includes(`\`${name}\``))).toEqual([]);
  expect(settings).toHaveLength(8);
});
