import { l10n, window } from "vscode";

import { switchOff } from "../folder/local.ts";
import { asKernelError } from "../kernel/errors.ts";
import type { Notebooks } from "../notebook/notebooks.ts";
import type { RecordedNotebook } from "../notebook/recordedNotebook.ts";
import type { Log } from "../platform/log.ts";
import { showError, showKernelError } from "../platform/messages.ts";
import { activeNotebook } from "./target.ts";

/** Until it is started again, on this machine. The history stays. */
export async function stopRecording(notebooks: Notebooks, log: Log): Promise<void> {
  const notebook = activeNotebook(notebooks);
  if (notebook === undefined) {
    return;
  }
  if ((await notebook.refresh()).folder.kind !== "ready") {
    void window.showInformationMessage(l10n.t("This notebook is not being recorded."));
    return;
  }
  try {
    // At once, whatever the kernel does: kernels that start from now on read the file.
    await switchOff(notebook.layout);
    await notebook.refresh();
  } catch (error) {
    void showError(
      log,
      l10n.t("Recording was not stopped: {0}", error instanceof Error ? error.message : String(error)),
    );
    return;
  }
  if (await notebook.session.connect()) {
    await stopInKernel(notebook, log);
  }
}

async function stopInKernel(notebook: RecordedNotebook, log: Log): Promise<void> {
  const stopping = notebook.stop();
  if (notebook.session.isBusy) {
    const text = l10n.t("Recording stops when the cells that were started have ended");
    window.setStatusBarMessage(`$(debug-pause) ${text}`, stopping.catch(() => undefined));
  }
  try {
    await stopping;
  } catch (error) {
    const known = asKernelError(error);
    log.info(`recording was not stopped in the kernel: ${known.message}`);
    if (known.kind === "failure" || notebook.recordsUnasked) {
      await showKernelError(log, l10n.t("Recording was not stopped in this kernel."), known);
    }
    // Any other kernel that can't be reached records nothing that could be stopped.
  }
}
