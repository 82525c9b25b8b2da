/** Milliseconds, as measured at the Jupyter extension; a test double that is quicker hides races. */

/** From the start of the first run until `getKernel` finds the kernel. */
export const KERNEL_APPEARS = 30;
/** How long at least a kernel is `starting`, with calls that throw. */
export const STARTING = 700;
/** How long at least the status reads `dead` during a restart. */
export const DEAD_IN_RESTART = 500;
/** How long a call may run before the person is told about it. */
export const LONG_CALL = 1000;
/** How long a bridge may take to end its kernel before it is killed. */
export const SHUTDOWN = 3000;
/** How far into the next request the interrupt of a token comes that was cancelled beforehand. */
export const STRAY_INTERRUPT = 20;

export function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
