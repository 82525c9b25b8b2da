import { l10n, window, type ExtensionContext } from "vscode";

import { CellLenses } from "./cells/lenses.ts";
import { registerCommands } from "./commands/register.ts";
import { RecordingReports } from "./doctor/reports.ts";
import { Executions } from "./kernel/executions.ts";
import { JupyterKernels } from "./kernel/jupyter.ts";
import { Notebooks } from "./notebook/notebooks.ts";
import { Offers } from "./notebook/offers.ts";
import { RecordingStatus } from "./notebook/statusBar.ts";
import { ContextKeys } from "./platform/context.ts";
import { LogChannel } from "./platform/log.ts";
import { Timeline } from "./timeline/timeline.ts";

export function activate(context: ExtensionContext): void {
  const log = new LogChannel();
  context.subscriptions.push(log);
  try {
    wire(context, log);
  } catch (error) {
    log.error(error instanceof Error ? error : String(error));
    void window.showErrorMessage(l10n.t("Kishu could not start: {0}", String(error)));
    throw error;
  }
}

function wire(context: ExtensionContext, log: LogChannel): void {
  const { version } = context.extension.packageJSON as { readonly version: string }; // SAFETY: VS Code requires it.
  const contexts = new ContextKeys();
  const executions = new Executions();
  const notebooks = new Notebooks(new JupyterKernels(), executions, version, log);
  const reports = new RecordingReports();
  context.subscriptions.push(
    reports,
    executions,
    notebooks,
    new Timeline(notebooks, contexts),
    new CellLenses(notebooks),
    new RecordingStatus(notebooks, contexts),
    new Offers(notebooks, log),
    registerCommands(context, notebooks, reports, log),
  );
  notebooks.start();
  log.info(`Kishu ${version}`);
}
