/** Deliveries as senders make them, cut down to what tells: for trying a hook out. */
import type { VerifierName } from "./hook-options.ts";

export interface Sample {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const JSON_TYPE = { "content-type": "application/json" };

const GENERIC: Sample = {
  headers: JSON_TYPE,
  body: '{"type":"order.created","id":"evt_1","data":{"id":42,"email":"ada@example.com"}}',
};

/** By verifier. The ids are made new each time, so that a sample is not taken for its repetition. */
export function sampleOf(verifier: VerifierName, nowMs: number): Sample {
  const seconds = Math.floor(nowMs / 1000);
  switch (verifier) {
    case "github":
      return {
        headers: { ...JSON_TYPE, "x-github-event": "push", "x-github-delivery": `test-${nowMs}` },
        body: `{"ref":"refs/heads/main","after":"${nowMs.toString(16).padStart(40, "0")}","repository":{"id":1296269,"full_name":"octocat/Hello-World"},"pusher":{"name":"octocat"}}`,
      };
    case "stripe":
      return {
        headers: JSON_TYPE,
        body: `{"id":"evt_test_${nowMs}","object":"event","type":"payment_intent.succeeded","created":${seconds},"data":{"object":{"id":"pi_1","amount":2000,"currency":"eur"}}}`,
      };
    case "slack":
      return {
        headers: JSON_TYPE,
        body: `{"type":"event_callback","event_id":"Ev${nowMs}","event_time":${seconds},"team_id":"T1","event":{"type":"app_mention","user":"U1","channel":"C1","text":"hello"}}`,
      };
    default:
      return { ...GENERIC, body: GENERIC.body.replace("evt_1", `evt_${nowMs}`) };
  }
}
