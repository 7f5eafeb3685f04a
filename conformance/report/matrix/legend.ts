/** What the matrix says, for whoever reads it. */
export const MATRIX_LEGEND: string =
  "Vectors that pass, of those that were tried: MUST, and SHOULD after the dot. A vector is left out when the " +
  "implementation, or its adapter, does not claim what it needs.";
