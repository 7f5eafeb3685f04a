import type { JSX } from "preact";
import type { WorkerStatus } from "../../lib/documents.ts";
import type { Tone } from "../../lib/states.ts";
import { Badge } from "../../parts/badge.tsx";

const TONES: Readonly<Record<WorkerStatus, Tone>> = { online: "good", lost: "bad", offline: "gone" };

export function WorkerBadge({ status }: { readonly status: WorkerStatus }): JSX.Element {
  return <Badge tone={TONES[status]}>{status}</Badge>;
}
