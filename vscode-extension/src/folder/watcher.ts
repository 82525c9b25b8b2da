import { EventEmitter, RelativePattern, Uri, workspace } from "vscode";

import { Disposables } from "../platform/disposables.ts";
import path from "node:path";
import { History } from "./history.ts";
import { layoutOf, type Layout } from "./layout.ts";
import { FolderReader } from "./reader.ts";

const DEBOUNCE_MS = 120;

/** After something happened in the kernel: what is recorded becomes durable a little later, and watchers can be late. */
const LOOK_AGAIN_MS = [60, 300, 1000, 3000, 8000];

/** The history of one notebook, kept current. */
export class WatchedHistory extends Disposables {
  readonly layout: Layout;
  readonly #reader: FolderReader;
  readonly #changed = this.add(new EventEmitter<History>());
  readonly #timers = new Set<NodeJS.Timeout>();
  #debounce: NodeJS.Timeout | undefined;
  #current = new History({ kind: "absent" });
  #wasRead = false;

  readonly onDidChange = this.#changed.event;

  constructor(notebookFile: string) {
    super();
    this.layout = layoutOf(notebookFile);
    this.#reader = new FolderReader(this.layout);
    const around = Uri.file(path.dirname(notebookFile));
    for (const pattern of [".kishu", ".kishu/format.json", ".kishu/{notebooks,local}/**"]) {
      const watcher = this.add(workspace.createFileSystemWatcher(new RelativePattern(around, pattern)));
      const soon = (): void => {
        this.#soon();
      };
      this.add(watcher.onDidCreate(soon));
      this.add(
        watcher.onDidChange((uri) => {
          this.#reader.forget(uri.fsPath);
          this.#soon();
        }),
      );
      this.add(watcher.onDidDelete(soon));
    }
    this.add({
      dispose: () => {
        clearTimeout(this.#debounce);
        this.#timers.forEach(clearTimeout);
      },
    });
  }

  get current(): History {
    return this.#current;
  }

  /** False until the folder was looked at for the first time. */
  get wasRead(): boolean {
    return this.#wasRead;
  }

  async refresh(): Promise<History> {
    const history = await this.#reader.read();
    const changed = history !== this.#current || !this.#wasRead;
    this.#wasRead = true;
    this.#current = history;
    if (changed && !this.isDisposed) {
      this.#changed.fire(history);
    }
    return history;
  }

  /** Looks now and a few times more. */
  expectChanges(): void {
    for (const delay of LOOK_AGAIN_MS) {
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        void this.refresh();
      }, delay);
      this.#timers.add(timer);
    }
  }

  #soon(): void {
    clearTimeout(this.#debounce);
    this.#debounce = setTimeout(() => void this.refresh(), DEBOUNCE_MS);
  }
}
