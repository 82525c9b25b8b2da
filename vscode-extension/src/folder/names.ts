import type { Event } from "../protocol.generated.ts";

/** The current names: the fold over all events. */
export interface Names {
  /** Display name by branch id. */
  readonly branches: ReadonlyMap<string, string>;
  /** Checkpoint id by tag. */
  readonly tags: ReadonlyMap<string, string>;
}

export function foldNames(events: readonly Event[]): Names {
  const branches = new Map<string, string>();
  const tags = new Map<string, string>();
  const ordered = [...events].sort((a, b) => compare(a.time, b.time) || compare(a.id, b.id));
  for (const event of ordered) {
    switch (event.kind) {
      case "branch":
      case "rename-branch":
        branches.set(event.subject, event.name);
        break;
      case "tag":
        tags.set(event.name, event.subject);
        break;
      case "untag":
        tags.delete(event.name);
        break;
    }
  }
  return { branches, tags };
}

export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
