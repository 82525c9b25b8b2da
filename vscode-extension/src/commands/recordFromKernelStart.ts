import { l10n, window, type Memento } from "vscode";

import { askForStartupLine, hasStartupLine, removeStartupLine } from "../notebook/startupLine.ts";
import type { Log } from "../platform/log.ts";
import { showError } from "../platform/messages.ts";

/** Adds or removes the line that lets recording begin with a kernel's first cell. */
export async function recordFromKernelStart(memory: Memento, log: Log): Promise<void> {
  try {
    if (!hasStartupLine()) {
      await askForStartupLine(memory);
      return;
    }
    const remove = l10n.t("Remove the Line");
    const chosen = await window.showInformationMessage(
      l10n.t(
        "Recording begins with the first cell of each kernel: your setting “jupyter.runStartupCommands” has Kishu's line. Without it, recording begins after the first cell.",
      ),
      remove,
    );
    if (chosen === remove) {
      await removeStartupLine();
    }
  } catch (error) {
    void showError(
      log,
      l10n.t("Your settings could not be changed: {0}", error instanceof Error ? error.message : String(error)),
    );
  }
}
