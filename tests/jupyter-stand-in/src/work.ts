import type { Bridge } from "./bridge";

export type Outcome = "ok" | "error";

/** One entry of a kernel's queue: a cell of the person or a call of another extension. */
export interface Work {
  readonly kind: "cell" | "call";
  /** The promise stays open if the kernel dies or is restarted meanwhile. */
  run(bridge: Bridge): Promise<Outcome>;
  /** A restart, an interrupt or, for a cell, an error in the cell before it took its turn away. */
  drop(): void;
  /** The kernel's process has ended. */
  kernelDied(): void;
}
