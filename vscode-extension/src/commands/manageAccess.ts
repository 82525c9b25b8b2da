import { commands } from "vscode";

import type { Notebooks } from "../notebook/notebooks.ts";
import { FOREIGN_COMMANDS } from "../platform/ids.ts";

/** The Jupyter extension's list of who may use kernels; what the person changes there takes effect at once. */
export async function manageAccess(notebooks: Notebooks): Promise<void> {
  await commands.executeCommand(FOREIGN_COMMANDS.manageAccess);
  await Promise.all(notebooks.all.map((notebook) => notebook.accessChanged()));
}
