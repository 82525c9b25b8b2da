import { ConfigurationTarget, workspace, type Disposable, type Uri } from "vscode";

import { SETTINGS } from "./ids.ts";

/** The only place that reads or writes settings. */

export function codeLensEnabled(resource: Uri): boolean {
  return workspace.getConfiguration(undefined, resource).get<boolean>(SETTINGS.codeLens, true);
}

/** Whether restores put the working directory, environment variables and `sys.path` back as well. */
export function restoresEnvironment(resource: Uri): boolean {
  return workspace.getConfiguration(undefined, resource).get<boolean>(SETTINGS.restoreEnvironment, false);
}

export function onDidChangeCodeLensEnabled(listener: () => void): Disposable {
  return workspace.onDidChangeConfiguration((change) => {
    if (change.affectsConfiguration(SETTINGS.codeLens)) {
      listener();
    }
  });
}

/** The setting of the Jupyter extension whose lines run when a kernel starts. */
const STARTUP_COMMANDS = "jupyter.runStartupCommands";

/** The user's start-up lines; the setting may hold one text or a list. */
export function startupCommands(): readonly string[] {
  const value: unknown = workspace.getConfiguration().inspect(STARTUP_COMMANDS)?.globalValue;
  if (typeof value === "string") {
    return value === "" ? [] : [value];
  }
  return Array.isArray(value) ? value.filter((line): line is string => typeof line === "string") : [];
}

export async function setStartupCommands(lines: readonly string[]): Promise<void> {
  await workspace
    .getConfiguration()
    .update(STARTUP_COMMANDS, lines.length === 0 ? undefined : lines, ConfigurationTarget.Global);
}
