import { readdir } from "node:fs/promises";
import path from "node:path";

import { ProgressLocation, commands, env, l10n, window, workspace } from "vscode";

import { InstallError, commandText, pipInstall } from "../install/pip.ts";
import { lookForPackagesAgain, pythonOf } from "../install/python.ts";
import { asKernelError } from "../kernel/errors.ts";
import type { Notebooks } from "../notebook/notebooks.ts";
import type { RecordedNotebook } from "../notebook/recordedNotebook.ts";
import { FOREIGN_COMMANDS } from "../platform/ids.ts";
import type { LogChannel } from "../platform/log.ts";
import { showError, showKernelError } from "../platform/messages.ts";
import { activeNotebook } from "./target.ts";

/** Puts the agent that the extension carries into the environment of the notebook's kernel, then starts recording. */
export async function installAgent(notebooks: Notebooks, extensionPath: string, log: LogChannel): Promise<void> {
  const notebook = activeNotebook(notebooks);
  if (notebook === undefined) {
    return;
  }
  if (!workspace.isTrusted) {
    void window.showInformationMessage(l10n.t("Installing the agent needs a trusted workspace."));
    return;
  }
  const wheel = await findWheel(extensionPath);
  if (wheel === undefined) {
    void showError(
      log,
      l10n.t("This build of the extension carries no agent. Install the package kishu-agent by hand."),
    );
    return;
  }
  try {
    const python = await pythonOf(notebook.session);
    if (await install(python, wheel, log)) {
      await recordNow(notebook);
    }
  } catch (error) {
    if (error instanceof InstallError) {
      await showInstallError(error, log);
    } else {
      await showKernelError(log, l10n.t("The agent was not installed."), asKernelError(error));
    }
  }
}

async function findWheel(extensionPath: string): Promise<string | undefined> {
  const folder = path.join(extensionPath, "wheels");
  try {
    const wheel = (await readdir(folder)).find((name) => name.endsWith(".whl"));
    return wheel === undefined ? undefined : path.join(folder, wheel);
  } catch {
    return undefined;
  }
}

/** False when the person cancelled. */
async function install(python: string, wheel: string, log: LogChannel): Promise<boolean> {
  if (python === "") {
    throw new InstallError(commandText("python", ["-m", "pip", "install", wheel]), l10n.t("the kernel does not say which Python it runs in"));
  }
  log.info(`installing ${path.basename(wheel)} into the environment of ${python}`);
  return window.withProgress(
    {
      location: ProgressLocation.Notification,
      title: l10n.t("Installing kishu-agent into the kernel's environment"),
      cancellable: true,
    },
    async (progress, token) => {
      const abort = new AbortController();
      const cancelled = token.onCancellationRequested(() => {
        abort.abort();
      });
      try {
        await pipInstall(
          python,
          wheel,
          (line) => {
            log.info(`pip: ${line}`);
            progress.report({ message: line.length > 60 ? `${line.slice(0, 59)}…` : line });
          },
          abort.signal,
        );
        return true;
      } catch (error) {
        if (abort.signal.aborted) {
          log.info("the installation was cancelled");
          return false;
        }
        throw error;
      } finally {
        cancelled.dispose();
      }
    },
  );
}

async function recordNow(notebook: RecordedNotebook): Promise<void> {
  const { state } = notebook.session;
  const isLoaded = state.kind === "unusable" && state.error.kind === "versionMismatch";
  if (isLoaded) {
    const restart = l10n.t("Restart Kernel");
    const chosen = await window.showInformationMessage(
      l10n.t("The agent is installed. Restart the kernel to use it."),
      restart,
    );
    if (chosen === restart) {
      await commands.executeCommand(FOREIGN_COMMANDS.restartKernel);
    }
    return;
  }
  await lookForPackagesAgain(notebook.session);
  await notebook.attach();
  await notebook.refresh();
  window.setStatusBarMessage(`$(record) ${l10n.t("Recording {0}", notebook.layout.notebookName)}`, 5000);
}

async function showInstallError(error: InstallError, log: LogChannel): Promise<void> {
  const copy = l10n.t("Copy Command");
  const showLog = l10n.t("Show Log");
  const chosen = await showError(
    log,
    l10n.t("The agent was not installed: {0}. You can run this in a terminal: {1}", error.reason, error.command),
    copy,
    showLog,
  );
  if (chosen === copy) {
    await env.clipboard.writeText(error.command);
  } else if (chosen === showLog) {
    log.show();
  }
}
