import type { History } from "../folder/history.ts";
import type { Place } from "../kernel/session.ts";

/**
 * The checkpoint at which the kernel is: where its agent last said, and from there along the cells that it has
 * recorded since. Null when nothing is known, or when nothing is recorded.
 */
export function headOf(history: History, place: Place | undefined, openedAt: string, hasKernel: boolean): string | null {
  if (!hasKernel) {
    return null;
  }
  if (place === undefined) {
    // The agent attached itself and has not been asked yet.
    const [newest] = history.heads
      .filter(({ time }) => time >= openedAt)
      .sort((a, b) => (a.time < b.time ? 1 : -1));
    return newest?.checkpoint ?? null;
  }
  const written = history.heads.find(({ session }) => session === place.session);
  const start = written !== undefined && written.time > place.time ? written.checkpoint : place.head;
  return follow(history, place, start);
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
