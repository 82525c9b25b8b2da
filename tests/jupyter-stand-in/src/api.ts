import type { Jupyter, Kernel, Kernels } from "@vscode/jupyter-extension";
import * as vscode from "vscode";
import type { Access } from "./access";
import { ApiKernel, notForOthers } from "./apiKernel";
import { findCaller, type Caller } from "./caller";
import type { NotebookKernel } from "./kernel";
import type { KernelTable } from "./kernelTable";

class ApiKernels implements Kernels {
  readonly #table: KernelTable;
  readonly #access: Access;
  readonly #caller: Caller;
  readonly #seen = new WeakMap<NotebookKernel, ApiKernel>();

  constructor(table: KernelTable, access: Access, caller: Caller) {
    this.#table = table;
    this.#access = access;
    this.#caller = caller;
  }

  get onDidStart(): never {
    throw notForOthers(this.#caller);
  }

  getKernel(uri: vscode.Uri): Promise<Kernel | undefined> {
    const kernel = this.#table.find(uri);
    if (kernel?.isVisible !== true) {
      return Promise.resolve(undefined);
    }
    // The same object for as long as the kernel lives, over restarts and deaths.
    const known = this.#seen.get(kernel) ?? new ApiKernel(kernel, this.#caller, this.#access);
    this.#seen.set(kernel, known);
    return Promise.resolve(known);
  }
}

/** What other extensions get from `activate()`. */
export class JupyterApi implements Jupyter {
  readonly ready = Promise.resolve();
  readonly #table: KernelTable;
  readonly #access: Access;
  readonly #ownId: string;
  readonly #kernels = new Map<string, ApiKernels>();

  constructor(table: KernelTable, access: Access, ownId: string) {
    this.#table = table;
    this.#access = access;
    this.#ownId = ownId;
  }

  /** Whoever reads this property is the one who is asked for. */
  get kernels(): Kernels {
    const caller = findCaller(this.#ownId);
    const known = this.#kernels.get(caller.id) ?? new ApiKernels(this.#table, this.#access, caller);
    this.#kernels.set(caller.id, known);
    return known;
  }

  createJupyterServerCollection(): never {
    throw new Error("The stand-in does not support Jupyter servers");
  }

  async openNotebook(uri: vscode.Uri): Promise<vscode.NotebookDocument> {
    const notebook = await vscode.workspace.openNotebookDocument(uri);
    await vscode.window.showNotebookDocument(notebook);
    return notebook;
  }

  getPythonEnvironment(uri: vscode.Uri): { readonly id: string; readonly path: string } | undefined {
    const kernel = this.#table.find(uri);
    return kernel === undefined ? undefined : { id: kernel.python, path: kernel.python };
  }
}
