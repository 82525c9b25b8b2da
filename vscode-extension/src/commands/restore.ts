import { ProgressLocation, l10n, window, workspace } from "vscode";

import type { RestoreCommand } from "../kernel/agent.ts";
import { asKernelError, type KernelError } from "../kernel/errors.ts";
import type { RecordedNotebook } from "../notebook/recordedNotebook.ts";
import type { Log } from "../platform/log.ts";
import { showKernelError } from "../platform/messages.ts";
import { restoresEnvironment } from "../platform/settings.ts";
import type { RestoreReport } from "../protocol.generated.ts";
import { restoredText, withoutText } from "../timeline/restored.ts";

const SHOW_STATUS_MS = 6000;

/** Below this a progress notification would only flash. */
const SHOW_PROGRESS_AFTER_MS = 300;

/**
 * Brings a state back into the kernel, with progress and a word at the end. Used by every command that restores.
 *
 * @param what the title of the progress
 */
export async function restore(
  notebook: RecordedNotebook,
  command: RestoreCommand,
  what: string,
  log: Log,
): Promise<void> {
  if (!(await mayRestore(notebook))) {
    return;
  }
  const environment = restoresEnvironment(notebook.document.uri);
  try {
    const report = await withProgress(notebook, what, () => notebook.restore({ ...command, environment }));
    tell(report, notebook, environment);
    report.environment.forEach((sentence) => {
      log.info(`environment: ${sentence}`);
    });
  } catch (error) {
    const known = asKernelError(error);
    notebook.expectChanges();
    switch (await showKernelError(log, failed(known), known)) {
      case "restoreRest":
        await restore(notebook, { ...command, missing_ok: true }, what, log);
        break;
      case "runAgain":
        await restore(notebook, { ...command, replay: true }, what, log);
        break;
      case undefined:
        break;
    }
  }
}

async function mayRestore(notebook: RecordedNotebook): Promise<boolean> {
  if (!workspace.isTrusted) {
    void window.showInformationMessage(l10n.t("Restoring needs a trusted workspace."));
    return false;
  }
  const { folder } = notebook.history;
  if (folder.kind !== "ready") {
    void window.showInformationMessage(l10n.t("There is nothing to restore: this notebook was not recorded."));
    return false;
  }
  if (folder.paused) {
    const go = l10n.t("Start and Restore");
    const chosen = await window.showInformationMessage(
      l10n.t("Recording is paused for this notebook. Restoring starts it again, so that the present state is not lost."),
      go,
    );
    return chosen === go;
  }
  return true;
}

async function withProgress(
  notebook: RecordedNotebook,
  what: string,
  work: () => Promise<RestoreReport>,
): Promise<RestoreReport> {
  const wasBusy = notebook.session.isBusy;
  const working = work();
  const quick = await Promise.race([
    working.then(
      () => true,
      () => true,
    ),
    new Promise<boolean>((resolve) => setTimeout(resolve, SHOW_PROGRESS_AFTER_MS, false)),
  ]);
  if (quick) {
    return working;
  }
  return window.withProgress({ location: ProgressLocation.Notification, title: what }, (progress) => {
    if (wasBusy) {
      progress.report({ message: l10n.t("waiting for the cells that are running") });
    }
    return working;
  });
}

function tell(report: RestoreReport, notebook: RecordedNotebook, environment: boolean): void {
  const checkpoint = notebook.history.get(report.checkpoint);
  window.setStatusBarMessage(`$(history) ${restoredText(report, checkpoint, environment)}`, SHOW_STATUS_MS);
  if (Object.keys(report.missing).length > 0) {
    void window.showWarningMessage(withoutText(report, checkpoint));
  }
}

function failed(error: KernelError): string {
  // The agent's own message already says that nothing was restored.
  return error.kind === "failure" ? "" : l10n.t("Not restored.");
}
