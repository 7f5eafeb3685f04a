/**
 * Takes one small step after another, so that nobody else waits long for any of them, until one says that there is no more; at
 * most so many. Resolves with whether there may be more.
 */
export async function inRounds(most: number, step: () => Promise<boolean>): Promise<boolean> {
  for (let round = 0; round < most; round += 1) if (!(await step())) return false;
  return true;
}
