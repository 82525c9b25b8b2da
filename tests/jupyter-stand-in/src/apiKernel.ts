import type { Kernel, KernelStatus, Output } from "@vscode/jupyter-extension";
import type * as vscode from "vscode";
import type { Access } from "./access";
import type { Caller } from "./caller";
import { CodeCall } from "./codeCall";
import type { NotebookKernel } from "./kernel";
import * as settings from "./settings";

/** The name by which callers know that they have no access. */
const REVOKED = "vscode.jupyter.apiAccessRevoked";

export function notForOthers(caller: Caller): Error {
  return new Error(`Proposed API is not supported for extension ${caller.id}`);
}

/** A notebook's kernel as one other extension sees it. */
export class ApiKernel implements Kernel {
  readonly onDidChangeStatus: vscode.Event<KernelStatus>;
  readonly #kernel: NotebookKernel;
  readonly #caller: Caller;
  readonly #access: Access;
  /** The list's revision when the person closed the question. */
  #dismissedAt: number | undefined;

  constructor(kernel: NotebookKernel, caller: Caller, access: Access) {
    this.#kernel = kernel;
    this.#caller = caller;
    this.#access = access;
    this.onDidChangeStatus = kernel.onDidChangeStatus;
  }

  get status(): KernelStatus {
    return this.#kernel.status;
  }

  get language(): string {
    return settings.language();
  }

  get onDidReceiveDisplayUpdate(): never {
    throw notForOthers(this.#caller);
  }

  executeCode(code: string, token: vscode.CancellationToken): AsyncIterable<Output> {
    return new CodeCall(code, token, this.#kernel, this.#caller.name, () => this.#checkAccess());
  }

  shutdown(): never {
    throw notForOthers(this.#caller);
  }

  async #checkAccess(): Promise<void> {
    // A closed question counts for this kernel object until the list of extensions is confirmed.
    const isDismissed = this.#dismissedAt === this.#access.revision;
    const decision = isDismissed ? "dismissed" : await this.#access.decide(this.#caller);
    if (decision === "allowed") {
      return;
    }
    if (decision === "dismissed") {
      this.#dismissedAt = this.#access.revision;
    }
    const error = new Error(`Access to Jupyter kernels was denied to the extension ${this.#caller.id}`);
    error.name = REVOKED;
    throw error;
  }
}
