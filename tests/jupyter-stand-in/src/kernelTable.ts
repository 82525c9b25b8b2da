import * as vscode from "vscode";
import { NotebookKernel } from "./kernel";

/** The kernels of the open notebooks. */
export class KernelTable implements vscode.Disposable {
  readonly #script: string;
  readonly #log: vscode.LogOutputChannel;
  readonly #kernels = new Map<vscode.NotebookDocument, NotebookKernel>();

  constructor(script: string, log: vscode.LogOutputChannel) {
    this.#script = script;
    this.#log = log;
  }

  /** The kernel of a notebook or of the notebook of a cell, once a cell has been run. */
  find(uri: vscode.Uri): NotebookKernel | undefined {
    const wanted = uri.toString();
    const notebook = vscode.workspace.notebookDocuments.find(
      (open) =>
        open.uri.toString() === wanted ||
        open.getCells().some((cell) => cell.document.uri.toString() === wanted),
    );
    return notebook === undefined ? undefined : this.#kernels.get(notebook);
  }

  getOrStart(notebook: vscode.NotebookDocument): NotebookKernel {
    const known = this.#kernels.get(notebook);
    if (known !== undefined) {
      return known;
    }
    const kernel = new NotebookKernel(notebook, this.#script, this.#log);
    this.#kernels.set(notebook, kernel);
    return kernel;
  }

  /** The notebook was closed or has taken another kernel. */
  drop(notebook: vscode.NotebookDocument): void {
    const kernel = this.#kernels.get(notebook);
    this.#kernels.delete(notebook);
    kernel?.dispose();
  }

  dispose(): void {
    [...this.#kernels.keys()].forEach((notebook) => {
      this.drop(notebook);
    });
  }
}
