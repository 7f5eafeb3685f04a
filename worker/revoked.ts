/** Ids of revoked tasks: bounded and forgetful, as in Celery (celery/worker/state.py). */

const MAX_IDS = 50_000;
const KEPT_MS = 10_800_000;

export class RevokedTasks {
  /** Id and when it was revoked, in milliseconds since 1970; oldest first. */
  readonly #ids = new Map<string, number>();

  add(taskId: string): void {
    this.#ids.delete(taskId);
    this.#ids.set(taskId, Date.now());
    for (const [id, atMs] of this.#ids) {
      if (this.#ids.size <= MAX_IDS && atMs > Date.now() - KEPT_MS) break;
      this.#ids.delete(id);
    }
  }

  has(taskId: string): boolean {
    if (this.#ids.size === 0) return false;
    const atMs = this.#ids.get(taskId);
    return atMs !== undefined && atMs > Date.now() - KEPT_MS;
  }

  ids(): string[] {
    return [...this.#ids.keys()];
  }
}
