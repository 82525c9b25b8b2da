import { l10n } from "vscode";

import type { Notebooks } from "../notebook/notebooks.ts";
import type { Log } from "../platform/log.ts";
import { labelOf } from "../timeline/label.ts";
import { restore } from "./restore.ts";
import { activeNotebook } from "./target.ts";

/** Back to the state before the last cell. */
export async function undoLastCell(notebooks: Notebooks, log: Log): Promise<void> {
  const notebook = activeNotebook(notebooks);
  if (notebook !== undefined) {
    const head = notebook.head === null ? undefined : notebook.history.get(notebook.head);
    const what = head === undefined ? l10n.t("Undoing the last cell") : l10n.t("Undoing “{0}”", labelOf(head));
    await restore(notebook, { command: "undo" }, what, log);
  }
}
