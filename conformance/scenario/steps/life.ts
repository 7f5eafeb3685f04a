/** Steps about the life of a worker, and time. */
import { type Perform, required } from "../stage.ts";

const OWN = 'a worker of its own ("worker": "own")';

export const kill: Perform<"kill"> = async (_step, { worker }) => {
  await required(worker, OWN).kill();
  return [];
};

export const drain: Perform<"drain"> = async (_step, { worker }) => {
  await required(worker, OWN).drain();
  return [];
};

export const start: Perform<"start"> = async (_step, { worker }) => {
  await required(worker, OWN).start();
  return [];
};

export const pause: Perform<"pause"> = async ({ ms }) => {
  await new Promise((resolve) => setTimeout(resolve, ms));
  return [];
};
