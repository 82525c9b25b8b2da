import { parseCheckpoint, parseEvent } from "../protocol.generated.ts";
import { History, type FolderState } from "./history.ts";
import type { Layout } from "./layout.ts";
import { folderState, readHeads } from "./local.ts";
import { foldNames } from "./names.ts";
import { Records } from "./records.ts";

/** Reads the history of one notebook again and again, each immutable file once. Runs and changes nothing. */
export class FolderReader {
  readonly #layout: Layout;
  #checkpoints;
  #events;
  #last: History = new History({ kind: "absent" });
  #lastKey = "";
  #running: Promise<History> | undefined;
  #again = false;

  constructor(layout: Layout) {
    this.#layout = layout;
    this.#checkpoints = new Records(layout.checkpoints, parseCheckpoint);
    this.#events = new Records(layout.events, parseEvent);
  }

  /** A record's file was written again. */
  forget(file: string): void {
    this.#checkpoints.forget(file);
    this.#events.forget(file);
  }

  /** The history; the same object as before when nothing changed. Never throws: what is wrong is in its `folder`. */
  async read(): Promise<History> {
    if (this.#running !== undefined) {
      this.#again = true;
      return this.#running;
    }
    this.#running = this.#readUntilQuiet();
    try {
      return await this.#running;
    } finally {
      this.#running = undefined;
    }
  }

  async #readUntilQuiet(): Promise<History> {
    let history: History;
    do {
      this.#again = false;
      history = await this.#readOnce();
      // `read` sets it while the reading goes on.
    } while (this.#isAskedAgain());
    return history;
  }

  #isAskedAgain(): boolean {
    return this.#again;
  }

  async #readOnce(): Promise<History> {
    let folder: FolderState;
    let changed = false;
    try {
      folder = await folderState(this.#layout);
      if (folder.kind === "ready") {
        changed = await this.#checkpoints.update();
        changed = (await this.#events.update()) || changed;
      }
    } catch (error) {
      folder = { kind: "unreadable", reason: error instanceof Error ? error.message : String(error) };
    }
    const heads = folder.kind === "ready" ? await readHeads(this.#layout) : [];
    const key = JSON.stringify([folder, heads]);
    if (changed || key !== this.#lastKey) {
      this.#lastKey = key;
      this.#last =
        folder.kind === "ready"
          ? new History(folder, this.#checkpoints.records, foldNames(this.#events.records), heads, [
              ...this.#checkpoints.damaged,
              ...this.#events.damaged,
            ])
          : new History(folder);
    }
    return this.#last;
  }
}
