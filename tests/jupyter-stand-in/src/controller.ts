import * as vscode from "vscode";
import { CellRun } from "./cellRun";
import type { KernelTable } from "./kernelTable";
import * as settings from "./settings";

const NOTEBOOK = "jupyter-notebook";

/** What stands for the look of the Variables panel into the kernel. */
const LOOK_AT_VARIABLES = "_stand_in_names = list(globals())\ndel _stand_in_names";

/** The one kernel of the kernel picker, so that a run asks no question. */
export function createController(table: KernelTable): vscode.Disposable {
  const controller = vscode.notebooks.createNotebookController(
    "jupyter-stand-in-python3",
    NOTEBOOK,
    "Python 3 (ipykernel)",
  );
  controller.description = "test stand-in";
  controller.supportsExecutionOrder = true;
  controller.supportedLanguages = [settings.language()];
  controller.executeHandler = (cells, notebook) => {
    const kernel = table.getOrStart(notebook);
    const finished = (): void => {
      if (settings.variablesPanel()) {
        kernel.runHidden(LOOK_AT_VARIABLES);
      }
    };
    cells
      .map((cell) => new CellRun(controller, cell, kernel.displays, finished))
      .forEach((run) => {
        kernel.enqueue(run);
      });
  };
  controller.interruptHandler = (notebook) => table.find(notebook.uri)?.interruptAll();

  const prefer = (notebook: vscode.NotebookDocument): void => {
    if (notebook.notebookType === NOTEBOOK) {
      controller.updateNotebookAffinity(notebook, vscode.NotebookControllerAffinity.Preferred);
    }
  };
  vscode.workspace.notebookDocuments.forEach(prefer);

  return vscode.Disposable.from(
    controller,
    controller.onDidChangeSelectedNotebooks(({ notebook, selected }) => {
      if (!selected) {
        table.drop(notebook);
      }
    }),
    vscode.workspace.onDidOpenNotebookDocument(prefer),
    vscode.workspace.onDidCloseNotebookDocument((notebook) => {
      table.drop(notebook);
    }),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("jupyterStandIn.language")) {
        controller.supportedLanguages = [settings.language()];
      }
    }),
  );
}
