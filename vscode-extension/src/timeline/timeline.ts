import { EventEmitter, env, window, workspace, type TreeDataProvider, type TreeItem, type TreeView } from "vscode";

import type { DamagedFile } from "../folder/records.ts";
import type { Notebooks } from "../notebook/notebooks.ts";
import type { RecordedNotebook } from "../notebook/recordedNotebook.ts";
import { situationOf } from "../notebook/situation.ts";
import type { ContextKeys } from "../platform/context.ts";
import { Disposables } from "../platform/disposables.ts";
import { CONTEXT_KEYS, TIMELINE_VIEW, type Welcome } from "../platform/ids.ts";
import type { Checkpoint } from "../protocol.generated.ts";
import { checkpointItem, damageItem, damagedFileItem, labelsOf } from "./item.ts";
import { messageFor } from "./message.ts";
import { tooltipOf } from "./tooltip.ts";

/** One row of the timeline. */
export type Row =
  | { readonly kind: "checkpoint"; readonly checkpoint: Checkpoint; readonly notebook: RecordedNotebook }
  | { readonly kind: "damage"; readonly damaged: readonly DamagedFile[] }
  | { readonly kind: "damagedFile"; readonly damage: DamagedFile };

/** Bursts of changes (Run All) are drawn together. */
const DRAW_AFTER_MS = 50;

/** The view "Timeline": the checkpoints of the active notebook, newest first. */
export class Timeline extends Disposables implements TreeDataProvider<Row> {
  readonly #notebooks: Notebooks;
  readonly #contexts: ContextKeys;
  readonly #changed = this.add(new EventEmitter<void>());
  readonly #view: TreeView<Row>;
  #drawing: NodeJS.Timeout | undefined;

  readonly onDidChangeTreeData = this.#changed.event;

  constructor(notebooks: Notebooks, contexts: ContextKeys) {
    super();
    this.#notebooks = notebooks;
    this.#contexts = contexts;
    this.#view = this.add(window.createTreeView<Row>(TIMELINE_VIEW, { treeDataProvider: this }));
    const soon = (): void => {
      this.#drawing ??= setTimeout(() => {
        this.#drawing = undefined;
        this.#draw();
      }, DRAW_AFTER_MS);
    };
    this.add(notebooks.onDidChange(soon));
    this.add(workspace.onDidGrantWorkspaceTrust(soon));
    this.add({
      dispose: () => {
        clearTimeout(this.#drawing);
      },
    });
    this.#draw();
  }

  getChildren(row?: Row): Row[] {
    if (row !== undefined) {
      return row.kind === "damage" ? row.damaged.map((damage) => ({ kind: "damagedFile", damage })) : [];
    }
    const { active } = this.#notebooks;
    if (active.kind !== "notebook") {
      return [];
    }
    const { notebook } = active;
    const { checkpoints, damaged } = notebook.history;
    return [
      ...(damaged.length > 0 ? [{ kind: "damage", damaged } as const] : []),
      ...checkpoints.toReversed().map((checkpoint) => ({ kind: "checkpoint", checkpoint, notebook }) as const),
    ];
  }

  getParent(): undefined {
    return undefined;
  }

  getTreeItem(row: Row): TreeItem {
    switch (row.kind) {
      case "checkpoint":
        return checkpointItem(row.checkpoint, {
          history: row.notebook.history,
          head: row.notebook.head,
          now: new Date(),
          locale: env.language,
        });
      case "damage":
        return damageItem(row.damaged);
      case "damagedFile":
        return damagedFileItem(row.damage);
    }
  }

  resolveTreeItem(item: TreeItem, row: Row): TreeItem {
    if (row.kind === "checkpoint") {
      item.tooltip = tooltipOf(row.checkpoint, labelsOf(row.checkpoint, row.notebook.history), env.language);
    }
    return item;
  }

  #draw(): void {
    const { active } = this.#notebooks;
    if (active.kind === "notebook" && !active.notebook.wasRead) {
      // A welcome text that goes away at once would only flicker.
      return;
    }
    const welcome = this.#welcome();
    this.#contexts.set(CONTEXT_KEYS.welcome, welcome);
    if (active.kind === "notebook") {
      const { checkpoints, damaged } = active.notebook.history;
      const message = checkpoints.length + damaged.length > 0 ? messageFor(welcome) : undefined;
      this.#view.description = active.notebook.layout.notebookName;
      this.#view.message = message ?? "";
    } else {
      this.#view.description = "";
      this.#view.message = "";
    }
    this.#changed.fire();
  }

  #welcome(): Welcome {
    const { active } = this.#notebooks;
    switch (active.kind) {
      case "none":
        return "noNotebook";
      case "untitled":
      case "notAFile":
        return active.kind;
      case "notebook": {
        const { history, session, recordsUnasked } = active.notebook;
        return situationOf(history, session.state, workspace.isTrusted, recordsUnasked);
      }
    }
  }
}
