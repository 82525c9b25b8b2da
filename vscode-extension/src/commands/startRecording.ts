import { commands, l10n, window, workspace, type Memento } from "vscode";

import { switchOn } from "../folder/local.ts";
import { asKernelError } from "../kernel/errors.ts";
import type { Notebooks } from "../notebook/notebooks.ts";
import type { RecordedNotebook } from "../notebook/recordedNotebook.ts";
import { offerStartupLine } from "../notebook/startupLine.ts";
import { FOREIGN_COMMANDS } from "../platform/ids.ts";
import type { Log } from "../platform/log.ts";
import { showError, showKernelError } from "../platform/messages.ts";
import { activeNotebook } from "./target.ts";

/** From now on: in the kernel that runs, or else from the next cell. */
export async function startRecording(notebooks: Notebooks, memory: Memento, log: Log): Promise<void> {
  const notebook = activeNotebook(notebooks);
  if (notebook === undefined || !(await mayRecord(notebook, log))) {
    return;
  }
  try {
    if ((await offerStartupLine(memory)) === "cancelled") {
      return;
    }
  } catch (error) {
    log.warn(`the start-up line was not added: ${String(error)}`);
    void window.showWarningMessage(
      l10n.t("The line could not be added to your settings. Recording begins after the first cell of each kernel."),
    );
  }
  await (await notebook.session.connect() ? startInKernel(notebook, log) : startWithNextCell(notebook, log));
}

async function mayRecord(notebook: RecordedNotebook, log: Log): Promise<boolean> {
  if (!workspace.isTrusted) {
    const manage = l10n.t("Manage Workspace Trust");
    if ((await window.showInformationMessage(l10n.t("Recording needs a trusted workspace."), manage)) === manage) {
      await commands.executeCommand(FOREIGN_COMMANDS.manageTrust);
    }
    return false;
  }
  const { folder } = await notebook.refresh();
  switch (folder.kind) {
    case "notAFolder":
      void showError(
        log,
        l10n.t("Not recording: {0} is not a history folder. Rename or remove it, then start recording again.", notebook.layout.folder),
      );
      return false;
    case "foreignFormat":
      void showError(
        log,
        l10n.t(
          "Not recording: the history in {0} was written in format version {1}, which this extension does not know. Update the extension and the agent.",
          notebook.layout.folder,
          folder.version,
        ),
      );
      return false;
    case "unreadable":
      void showError(log, l10n.t("Not recording: the history can't be read. {0}", folder.reason));
      return false;
    case "absent":
    case "ready":
      return true;
  }
}

async function startInKernel(notebook: RecordedNotebook, log: Log): Promise<void> {
  try {
    await notebook.attach();
    await notebook.refresh();
    window.setStatusBarMessage(`$(record) ${l10n.t("Recording {0}", notebook.layout.notebookName)}`, 5000);
  } catch (error) {
    await showKernelError(log, l10n.t("Not recording."), asKernelError(error));
  }
}

async function startWithNextCell(notebook: RecordedNotebook, log: Log): Promise<void> {
  try {
    await switchOn(notebook.layout);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    log.warn(`${notebook.layout.folder} could not be made: ${reason}`);
    void showError(
      log,
      l10n.t(
        "Not recording: the folder {0} can't be written. Make the directory writable, or copy the notebook to a directory of your own.",
        notebook.layout.folder,
      ),
    );
    return;
  }
  await notebook.refresh();
  void window.showInformationMessage(l10n.t("Recording begins with the next cell that you run."));
}
