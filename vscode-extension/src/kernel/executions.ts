import { EventEmitter, workspace, type NotebookCell, type NotebookDocument } from "vscode";

import { Disposables } from "../platform/disposables.ts";
import { NOTEBOOK_TYPE } from "../platform/ids.ts";

/** Tells when a cell has run. VS Code reports an end two or three times; here it counts once. */
export class Executions extends Disposables {
  readonly #ended = this.add(new EventEmitter<NotebookDocument>());
  readonly #last = new WeakMap<NotebookCell, string>();

  /** A cell of this notebook has ended. */
  readonly onDidEnd = this.#ended.event;

  constructor() {
    super();
    this.add(
      workspace.onDidChangeNotebookDocument(({ notebook, cellChanges }) => {
        if (notebook.notebookType !== NOTEBOOK_TYPE) {
          return;
        }
        const ends = cellChanges.filter(({ cell, executionSummary }) => {
          const endTime = executionSummary?.timing?.endTime;
          if (endTime === undefined) {
            return false;
          }
          const key = `${String(executionSummary?.executionOrder)} ${String(endTime)}`;
          const isNew = this.#last.get(cell) !== key;
          this.#last.set(cell, key);
          return isNew;
        });
        if (ends.length > 0) {
          this.#ended.fire(notebook);
        }
      }),
    );
  }
}
