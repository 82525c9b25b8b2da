import type { Head, History } from "../folder/history.ts";
import type { Place } from "../kernel/session.ts";

/**
 * The checkpoint at which the kernel is: where its agent last said, and from there along the cells that it has
 * recorded since. Null when nothing is known, or when nothing is recorded.
 *
 * @param since before this the kernel can't have begun: UTC, ISO 8601
 */
export function headOf(history: History, place: Place | undefined, since: string, hasKernel: boolean): string | null {
  if (!hasKernel) {
    return null;
  }
  const written = writtenHead(history, place, since);
  if (place === undefined) {
    return written?.checkpoint ?? null;
  }
  const start = written !== undefined && written.time > place.time ? written.checkpoint : place.head;
  return follow(history, place, start);
}

/** What the agent in the kernel wrote down; without an answer of the agent, the newest that can be of this kernel. */
export function writtenHead(history: History, place: Place | undefined, since: string): Head | undefined {
  if (place !== undefined) {
    return history.heads.find(({ session }) => session === place.session);
  }
  // The agent attached itself and has not been asked yet. Other windows have kernels, too.
  const began = (session: string): string | undefined =>
    history.checkpoints.find((checkpoint) => checkpoint.session === session)?.started;
  return history.heads
    .filter(({ time, session }) => time >= since && (began(session) ?? time) >= since)
    .reduce<Head | undefined>((newest, head) => (newest === undefined || head.time > newest.time ? head : newest), undefined);
}

function follow(history: History, place: Place, start: string | null): string | null {
  const left = new Set(place.left.flatMap((id) => [...history.line(id)].map((checkpoint) => checkpoint.id)));
  const next = new Map<string | null, string>();
  for (const { id, parent, session, started } of history.checkpoints) {
    if (session === place.session && !left.has(id) && started > place.time) {
      next.set(parent, id);
    }
  }
  let head = start;
  for (let child = next.get(head); child !== undefined; child = next.get(head)) {
    next.delete(head);
    head = child;
  }
  return head;
}
