import { setTimeout as delay } from "node:timers/promises";

/** How long anything in a workbench may take on a slow, busy machine. */
export const patience = 60_000;

/** A condition did not come true in time. */
export class NeverHappened extends Error {
  constructor(what: string, last: unknown) {
    super(`${what} did not happen within ${String(patience / 1000)} s; last seen: ${JSON.stringify(last)}`);
    this.name = "NeverHappened";
  }
}

/**
 * Looks again until something is as it should be.
 *
 * @param what names the condition in the error
 * @param look reads the present state; an error counts as "not yet"
 * @param isReady whether that state is the one waited for
 * @returns the state that was waited for
 */
export async function until<T>(
  what: string,
  look: () => Promise<T>,
  isReady: (seen: T) => boolean = Boolean,
  timeout = patience,
): Promise<T> {
  const deadline = performance.now() + timeout;
  let last: unknown;
  do {
    try {
      const seen = await look();
      if (isReady(seen)) {
        return seen;
      }
      last = seen;
    } catch (error) {
      // The first lines say what was missing; Playwright's record of each attempt follows.
      last = error instanceof Error ? error.message.split("\n").slice(0, 3).join(" ") : error;
    }
    await delay(50);
  } while (performance.now() < deadline);
  throw new NeverHappened(what, last);
}
