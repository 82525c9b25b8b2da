import * as vscode from "vscode";

/** The one place that reads settings. */

export type AccessSetting = "ask" | "allow" | "deny";

function standIn(scope?: vscode.Uri): vscode.WorkspaceConfiguration {
  return vscode.workspace.getConfiguration("jupyterStandIn", scope ?? null);
}

/** The interpreter of a notebook's kernel. */
export function python(notebook: vscode.Uri): string {
  const candidates = [standIn(notebook).get<string>("python"), process.env["KISHU_TEST_PYTHON"]];
  return candidates.find((candidate) => candidate !== undefined && candidate !== "") ?? "python";
}

export function language(): string {
  return standIn().get<string>("language") ?? "python";
}

export function access(): AccessSetting {
  const value = standIn().get<string>("access");
  return value === "allow" || value === "deny" ? value : "ask";
}

export function variablesPanel(): boolean {
  return standIn().get<boolean>("variablesPanel") ?? false;
}

/** The entries of `jupyter.runStartupCommands`, which may be one string. */
export function startupCommands(): readonly string[] {
  const value = vscode.workspace.getConfiguration("jupyter").get<unknown>("runStartupCommands");
  const entries: readonly unknown[] = Array.isArray(value) ? value : [value];
  return entries.filter((entry): entry is string => typeof entry === "string" && entry !== "");
}
