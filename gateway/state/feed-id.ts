/**
 * Id of a topic's first entry; the later ones count up from it. It is the time, so that a topic that was lost and begins anew
 * (another process, an emptied database) has greater ids than those that its readers remember: microseconds, since nobody
 * appends a million entries a second.
 */
export function firstFeedId(nowMs: number): number {
  return nowMs * 1000;
}
