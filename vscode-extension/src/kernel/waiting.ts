import { KernelGoneError, KernelStartingError } from "./errors.ts";
import type { KernelStatus, RunningKernel } from "./jupyter.ts";

/** How long things may take; the tests use shorter times. */
export interface Patience {
  /** Until a starting kernel is up, in seconds. */
  readonly start: number;
  /** A restarted kernel reads `dead` for about half a second. */
  readonly restart: number;
  /** A call that an idle kernel has not answered is given up. Long, because a question to the person may be open. */
  readonly idle: number;
}

export const PATIENCE: Patience = { start: 120, restart: 5, idle: 120 };

const POLL_SECONDS = 0.25;

function isUsable(status: KernelStatus): boolean {
  return status === "idle" || status === "busy";
}

/** Whether a call in flight is lost when the kernel gets this status. */
export function losesCalls(status: KernelStatus): boolean {
  return !isUsable(status) && status !== "starting";
}

/**
 * Waits until the kernel takes calls. Events can be missed while the connection is made, so the status is looked at
 * from time to time too. Throws KernelStartingError and KernelGoneError.
 */
export function untilUsable(kernel: RunningKernel, patience: Patience): Promise<void> {
  if (isUsable(kernel.status)) {
    return Promise.resolve();
  }
  return new Promise((resolve, reject) => {
    let waited = 0;
    let unusable = 0;
    const subscription = kernel.onDidChangeStatus(look);
    const timer = setInterval(() => {
      waited += POLL_SECONDS;
      unusable = kernel.status === "starting" ? 0 : unusable + POLL_SECONDS;
      look();
    }, POLL_SECONDS * 1000);
    function look(): void {
      if (isUsable(kernel.status)) {
        end(resolve);
      } else if (unusable >= patience.restart) {
        end(() => {
          reject(new KernelGoneError(kernel.status));
        });
      } else if (waited >= patience.start) {
        end(() => {
          reject(new KernelStartingError(waited));
        });
      }
    }
    function end(how: () => void): void {
      clearInterval(timer);
      subscription.dispose();
      how();
    }
  });
}

/** Tells, once, when the kernel loses its calls or has been idle for too long. */
export function watchCall(
  kernel: RunningKernel,
  patience: Patience,
  onLost: (why: { readonly gone: KernelStatus } | { readonly idle: number }) => void,
): { dispose(): void } {
  let idle = 0;
  const subscription = kernel.onDidChangeStatus((status) => {
    if (losesCalls(status)) {
      dispose();
      onLost({ gone: status });
    }
  });
  const timer = setInterval(() => {
    idle = kernel.status === "idle" ? idle + POLL_SECONDS : 0;
    if (idle >= patience.idle) {
      dispose();
      onLost({ idle });
    }
  }, POLL_SECONDS * 1000);
  function dispose(): void {
    clearInterval(timer);
    subscription.dispose();
  }
  return { dispose };
}
