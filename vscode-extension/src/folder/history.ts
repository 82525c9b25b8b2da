import type { Checkpoint } from "../protocol.generated.ts";
import { compare, type Names } from "./names.ts";
import type { DamagedFile } from "./records.ts";

/** What there is beside the notebook. */
export type FolderState =
  | { readonly kind: "absent" }
  | { readonly kind: "notAFolder" }
  | { readonly kind: "foreignFormat"; readonly version: string }
  | { readonly kind: "unreadable"; readonly reason: string }
  | { readonly kind: "ready"; readonly paused: boolean };

/** Where a running kernel is, as the agent wrote it down. */
export interface Head {
  readonly session: string;
  readonly notebook: string;
  readonly checkpoint: string | null;
  readonly time: string;
  /** Of the kernel. */
  readonly pid: number;
}

/** The history of one notebook as it was read last; never changed afterwards. */
export class History {
  readonly folder: FolderState;
  /** Oldest first. */
  readonly checkpoints: readonly Checkpoint[];
  readonly names: Names;
  readonly heads: readonly Head[];
  readonly damaged: readonly DamagedFile[];
  readonly #byId: ReadonlyMap<string, Checkpoint>;
  readonly #complete = new Map<string, boolean>();

  constructor(
    folder: FolderState,
    checkpoints: readonly Checkpoint[] = [],
    names: Names = { branches: new Map(), tags: new Map() },
    heads: readonly Head[] = [],
    damaged: readonly DamagedFile[] = [],
  ) {
    this.folder = folder;
    this.#byId = new Map(checkpoints.map((checkpoint) => [checkpoint.id, checkpoint]));
    this.checkpoints = [...checkpoints].sort(olderFirst);
    this.names = names;
    this.heads = heads;
    this.damaged = damaged;
  }

  get(id: string): Checkpoint | undefined {
    return this.#byId.get(id);
  }

  /** Whether the state can be put together: none of the checkpoints that it builds upon is missing or damaged. */
  isComplete(id: string): boolean {
    const chain = new Set<string>();
    let at: string | null = id;
    let complete: boolean | undefined;
    while (complete === undefined) {
      complete = at === null ? true : this.#complete.get(at);
      if (complete === undefined && at !== null) {
        const checkpoint: Checkpoint | undefined = chain.has(at) ? undefined : this.#byId.get(at);
        if (checkpoint === undefined) {
          complete = false;
        } else {
          chain.add(at);
          at = checkpoint.parent;
        }
      }
    }
    for (const member of chain) {
      this.#complete.set(member, complete);
    }
    return complete;
  }

  /** The checkpoint itself and those that it was built upon, newest first. */
  *line(id: string | null): Generator<Checkpoint> {
    const seen = new Set<string>();
    let at = id === null ? undefined : this.#byId.get(id);
    while (at !== undefined && !seen.has(at.id)) {
      seen.add(at.id);
      yield at;
      at = at.parent === null ? undefined : this.#byId.get(at.parent);
    }
  }

  /** Newest checkpoint of each branch, by branch id. */
  branchHeads(): ReadonlyMap<string, Checkpoint> {
    return new Map(this.checkpoints.map((checkpoint) => [checkpoint.branch, checkpoint]));
  }

  tagsOf(id: string): readonly string[] {
    return [...this.names.tags].filter(([, subject]) => subject === id).map(([name]) => name);
  }
}

function olderFirst(a: Checkpoint, b: Checkpoint): number {
  const byTime = compare(a.started, b.started);
  if (byTime !== 0) {
    return byTime;
  }
  return a.parent === b.id ? 1 : b.parent === a.id ? -1 : compare(a.id, b.id);
}
