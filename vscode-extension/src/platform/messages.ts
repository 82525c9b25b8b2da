import { commands, l10n, window } from "vscode";

import { explain, type Remedy } from "../kernel/explain.ts";
import type { KernelError } from "../kernel/errors.ts";
import { COMMANDS } from "./ids.ts";
import type { Log } from "./log.ts";

/** Shows an error, and keeps it in the log. Answers the button that was chosen. */
export function showError(log: Log, text: string, ...buttons: readonly string[]): Thenable<string | undefined> {
  log.error(text);
  return window.showErrorMessage(text, ...buttons);
}

/**
 * Shows why something failed, with what can be done, and keeps it in the log. Answers how the person wants to go on with
 * a restore: without what does not come back, or by running cells again.
 */
export async function showKernelError(
  log: Log,
  what: string,
  error: KernelError,
): Promise<"restoreRest" | "runAgain" | undefined> {
  log.error(`${what} ${error.name}: ${error.message}`.trimStart());
  const { text, remedies, question } = explain(error);
  const buttons = new Map(remedies.map((remedy) => [titleOf(remedy), remedy]));
  const show = isExpected(error) ? window.showWarningMessage : window.showErrorMessage;
  const options = question === undefined ? {} : { modal: true, detail: question };
  const chosen = await show(`${what} ${text}`.trimStart(), options, ...buttons.keys());
  const remedy = chosen === undefined ? undefined : buttons.get(chosen);
  switch (remedy) {
    case "installAgent":
      await commands.executeCommand(COMMANDS.installAgent);
      return undefined;
    case "manageAccess":
      await commands.executeCommand(COMMANDS.manageAccess);
      return undefined;
    case "showLog":
      await commands.executeCommand(COMMANDS.showLog);
      return undefined;
    case "restoreRest":
    case "runAgain":
    case undefined:
      return remedy;
  }
}

/** Whether nothing is broken: something is missing that the person can see to. */
function isExpected({ kind }: KernelError): boolean {
  return kind === "noKernel" || kind === "noAgent" || kind === "accessDenied" || kind === "failure";
}

function titleOf(remedy: Remedy): string {
  switch (remedy) {
    case "installAgent":
      return l10n.t("Install Agent");
    case "manageAccess":
      return l10n.t("Manage Access");
    case "restoreRest":
      return l10n.t("Restore the Rest");
    case "runAgain":
      return l10n.t("Run Cells Again");
    case "showLog":
      return l10n.t("Show Log");
  }
}
