/** Seeing what workers do: their events, and the state of the cluster that follows from them. */
export * from "./cluster-state.ts";
export type { ClusterEvent } from "./event.ts";
export {
  createEventReceiver,
  EventReceiver,
  type EventReceiverOptions,
} from "./receiver.ts";
export * from "./snapshots.ts";
export { ClusterTask, type TaskSnapshot } from "./task-state.ts";
export { ClusterWorker, type WorkerSnapshot } from "./worker-state.ts";
