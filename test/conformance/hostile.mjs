// An adapter whose every text tries to become markup, script or another line: `node hostile.mjs`.
import { createInterface } from "node:readline";

const ATTACK =
  "</script></pre><script>globalThis.hacked = 1</script><img src=x onerror='globalThis.hacked = 2'>\"'><svg onload=alert(3)>";
const LINES = "\n`id`\r\n$(id) | | '; id #\u2028\u202egnp.exe";
const call = {
  task: ATTACK,
  id: LINES,
  args: [ATTACK, { [`${ATTACK}${LINES}`]: ATTACK }],
  kwargs: JSON.parse(`{"__proto__": ${JSON.stringify(ATTACK)}}`),
};

console.error(ATTACK);
for await (const line of createInterface(process.stdin)) {
  const { seq, cmd } = JSON.parse(line);
  if (cmd === "stop") process.exit(0);
  const about = {
    name: ATTACK,
    language: ATTACK,
    version: `1${LINES}`,
    homepage: "javascript:globalThis.hacked=4",
    issues: `https://example.org/"onmouseover="globalThis.hacked=5`,
    roles: ["worker", "producer"],
    features: { protocol: [2], serializers: ["json"], eta: true, [ATTACK]: [ATTACK] },
  };
  const answers = [
    { accept: true, call },
    { accept: false, reason: `${ATTACK}${LINES}` },
    { errored: true, message: `${ATTACK}${LINES}`, trace: ATTACK },
    { skipped: true, message: `${ATTACK}${LINES}`, issue_url: "javascript:globalThis.hacked=6" },
    { wire: { properties: call.kwargs, headers: call.kwargs, body_b64: "PHNjcmlwdD4=" } },
  ];
  const answer = cmd === "encode" ? answers[4] : answers[seq % 4];
  console.log(JSON.stringify({ ...(cmd === "start" ? about : answer), seq }));
}
