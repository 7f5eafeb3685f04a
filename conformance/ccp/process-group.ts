/** Processes that lead a group: they end together with what they started. */

const POLL_MS = 10;
/** Groups that end with this process: no Ctrl-C of a terminal reaches them. */
const kept = new Set<number>();

process.once("exit", () => {
  for (const pid of kept) endGroup(pid);
});

/** Ends a group with this process, unless {@link endGroup} or {@link forgetGroup} came before. */
export function keepGroup(pid: number | undefined): void {
  if (pid !== undefined) kept.add(pid);
}

/** For a group that has ended by itself, or may go on. */
export function forgetGroup(pid: number | undefined): void {
  if (pid !== undefined) kept.delete(pid);
}

/** Ends a process that leads a group, and what it started and left behind. */
export function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  forgetGroup(pid);
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // Nobody of the group is left.
  }
}

/** Children end a little later than the process that led them; their connections until then take messages. */
export async function groupEnds(pid: number | undefined, withinMs: number): Promise<void> {
  const untilMs = Date.now() + withinMs;
  while (pid !== undefined && isThere(-pid) && Date.now() < untilMs)
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
}

/** Whether a process or, with a negative number, any process of a group is there. */
function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
