/**
 * Version of a record that was not there. A record that is deleted and added anew must not have its old versions again, or
 * who remembers one would take it for the old record: so it begins with the time, and what is random keeps apart what clocks do not.
 */
export function firstVersion(nowMs: number): number {
  return nowMs * 1000 + Math.floor(Math.random() * 1000);
}
