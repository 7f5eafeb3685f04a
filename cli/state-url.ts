/** Where a gateway remembers, for those who open it without one. */
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";

export interface StateFlags {
  readonly dataDir: string;
  readonly state?: string;
}

/** The URL of `--state`, or the file in the data folder, which is made. */
export async function gatewayStateUrl({ dataDir, state }: StateFlags): Promise<string> {
  if (state !== undefined) return state;
  const folder = resolve(dataDir);
  await mkdir(folder, { recursive: true });
  return `sqlite:///${join(folder, "gateway.db")}`;
}
