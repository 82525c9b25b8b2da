import { l10n } from "vscode";

import type { Notebooks } from "../notebook/notebooks.ts";
import type { Log } from "../platform/log.ts";
import { restore } from "./restore.ts";
import { activeNotebook } from "./target.ts";

/** Forward again, after an undo. */
export async function redo(notebooks: Notebooks, log: Log): Promise<void> {
  const notebook = activeNotebook(notebooks);
  if (notebook !== undefined) {
    await restore(notebook, { command: "redo" }, l10n.t("Redoing the cell that was undone"), log);
  }
}
