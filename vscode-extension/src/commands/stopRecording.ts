import { l10n, window } from "vscode";

import { switchOff } from "../folder/local.ts";
import { asKernelError } from "../kernel/errors.ts";
import type { Notebooks } from "../notebook/notebooks.ts";
import { showKernelError } from "../platform/messages.ts";
import { activeNotebook } from "./target.ts";

/** Until it is started again, on this machine. The history stays. */
export async function stopRecording(notebooks: Notebooks): Promise<void> {
  const notebook = activeNotebook(notebooks);
  if (notebook === undefined) {
    return;
  }
  if ((await notebook.refresh()).folder.kind !== "ready") {
    void window.showInformationMessage(l10n.t("This notebook is not being recorded."));
    return;
  }
  try {
    if (await notebook.session.connect()) {
      await notebook.session.pause();
    }
  } catch (error) {
    const known = asKernelError(error);
    if (known.kind === "failure") {
      await showKernelError(l10n.t("Recording was not stopped."), known);
      return;
    }
    // A kernel that can't be reached records nothing that could be stopped; later ones read the file.
  }
  try {
    const { folder } = await notebook.refresh();
    if (folder.kind === "ready" && !folder.paused) {
      await switchOff(notebook.layout);
      await notebook.refresh();
    }
  } catch (error) {
    void window.showErrorMessage(
      l10n.t("Recording was not stopped: {0}", error instanceof Error ? error.message : String(error)),
    );
  }
}
