import { commands, l10n, window, workspace } from "vscode";

import { recordingReport } from "../doctor/markdown.ts";
import type { RecordingReports } from "../doctor/reports.ts";
import { asKernelError } from "../kernel/errors.ts";
import type { Notebooks } from "../notebook/notebooks.ts";
import { isNotAttached } from "../notebook/recordedNotebook.ts";
import { COMMANDS } from "../platform/ids.ts";
import type { Log } from "../platform/log.ts";
import { showKernelError } from "../platform/messages.ts";
import { activeNotebook } from "./target.ts";

/** Opens a document that tells for each variable how it is recorded, what that costs, and why it is joined with others. */
export async function explainRecording(notebooks: Notebooks, reports: RecordingReports, log: Log): Promise<void> {
  const notebook = activeNotebook(notebooks);
  if (notebook === undefined) {
    return;
  }
  if (!workspace.isTrusted) {
    void window.showInformationMessage(l10n.t("The kernel can be asked in a trusted workspace only."));
    return;
  }
  const { folder } = await notebook.refresh();
  if (folder.kind !== "ready" || folder.paused) {
    await offerRecording();
    return;
  }
  const { notebookName } = notebook.layout;
  try {
    const asking = notebook.session.doctor();
    if (notebook.session.isBusy) {
      const text = l10n.t("Asking the kernel when the cells that were started have ended");
      window.setStatusBarMessage(`$(watch) ${text}`, asking.catch(() => undefined));
    }
    const text = recordingReport(notebookName, await asking);
    await reports.show(notebook.document.uri, l10n.t("Recording of {0}", notebookName), text);
  } catch (error) {
    if (isNotAttached(error)) {
      await offerRecording();
    } else {
      await showKernelError(log, "", asKernelError(error));
    }
  }
}

async function offerRecording(): Promise<void> {
  const start = l10n.t("Start Recording");
  const chosen = await window.showInformationMessage(l10n.t("This notebook is not being recorded."), start);
  if (chosen === start) {
    await commands.executeCommand(COMMANDS.startRecording);
  }
}
