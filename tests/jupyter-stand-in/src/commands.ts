import * as vscode from "vscode";
import type { Access } from "./access";
import type { NotebookKernel } from "./kernel";
import type { KernelTable } from "./kernelTable";

/** Commands get a notebook's URI, the context of the notebook toolbar, or nothing: the active notebook. */
function notebookUri(argument: unknown): vscode.Uri | undefined {
  if (argument instanceof vscode.Uri) {
    return argument;
  }
  if (typeof argument === "object" && argument !== null && "notebookEditor" in argument) {
    const editor = argument.notebookEditor;
    if (typeof editor === "object" && editor !== null && "notebookUri" in editor) {
      return notebookUri(editor.notebookUri);
    }
  }
  return vscode.window.activeNotebookEditor?.notebook.uri;
}

function withKernel(table: KernelTable, argument: unknown, act: (kernel: NotebookKernel) => void): void {
  const uri = notebookUri(argument);
  const kernel = uri === undefined ? undefined : table.find(uri);
  if (kernel === undefined) {
    void vscode.window.showInformationMessage("This notebook has no kernel yet. Run a cell to start one.");
  } else {
    act(kernel);
  }
}

export function registerCommands(table: KernelTable, access: Access): vscode.Disposable {
  const { registerCommand } = vscode.commands;
  return vscode.Disposable.from(
    registerCommand("jupyter.restartkernel", (argument: unknown) => {
      withKernel(table, argument, (kernel) => {
        kernel.restart();
      });
    }),
    registerCommand("jupyter.interruptkernel", (argument: unknown) => {
      withKernel(table, argument, (kernel) => {
        kernel.interruptAll();
      });
    }),
    registerCommand("jupyter.runAndDebugCell", () => {
      void vscode.window.showInformationMessage("Debugging a cell is not supported by the stand-in.");
    }),
    registerCommand("jupyter.manageAccessToKernels", () => access.manage()),
    registerCommand("jupyterStandIn.switchKernel", (argument: unknown) => {
      withKernel(table, argument, (kernel) => {
        table.drop(kernel.notebook);
      });
    }),
  );
}
