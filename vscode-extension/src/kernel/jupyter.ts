import type { Jupyter, Kernel, KernelStatus } from "@vscode/jupyter-extension";
import { CancellationTokenSource, extensions, type Event, type Uri } from "vscode";

import { AccessDeniedError, CallError, NoKernelError, type KernelError } from "./errors.ts";
import type { CallOutput } from "./request.ts";

/** The only module that touches the API of the Jupyter extension. */

export type { KernelStatus };

/** A kernel, as the rest of the extension sees it. */
export interface RunningKernel {
  readonly status: KernelStatus;
  readonly language: string;
  readonly onDidChangeStatus: Event<KernelStatus>;
  /**
   * Runs code behind everything that is queued in the kernel, without touching `In` and `execution_count`.
   * There is no way to cancel it, on purpose: a cancelled token interrupts the kernel without aim.
   */
  execute(code: string): AsyncIterable<CallOutput>;
}

/** Where kernels come from; the tests bring their own. */
export interface Kernels {
  /** The kernel of a notebook. Throws NoKernelError before the person has run a cell in this window. */
  kernelOf(notebook: Uri): Promise<RunningKernel>;
}

const JUPYTER_EXTENSION = "ms-toolsai.jupyter";

export class JupyterKernels implements Kernels {
  readonly #wrapped = new WeakMap<Kernel, RunningKernel>();

  async kernelOf(notebook: Uri): Promise<RunningKernel> {
    const extension = extensions.getExtension<Jupyter>(JUPYTER_EXTENSION);
    if (extension === undefined) {
      throw new NoKernelError();
    }
    let kernel: Kernel | undefined;
    try {
      const api = extension.isActive ? extension.exports : await extension.activate();
      kernel = await api.kernels.getKernel(notebook);
    } catch (error) {
      throw toKernelError(error);
    }
    if (kernel === undefined) {
      throw new NoKernelError();
    }
    const known = this.#wrapped.get(kernel);
    if (known !== undefined) {
      return known;
    }
    const wrapped = wrap(kernel);
    this.#wrapped.set(kernel, wrapped);
    return wrapped;
  }
}

function wrap(kernel: Kernel): RunningKernel {
  return {
    get status() {
      return kernel.status;
    },
    get language() {
      return kernel.language;
    },
    onDidChangeStatus: kernel.onDidChangeStatus,
    async *execute(code) {
      const never = new CancellationTokenSource();
      try {
        yield* kernel.executeCode(code, never.token);
      } catch (error) {
        throw toKernelError(error);
      }
    },
  };
}

function toKernelError(error: unknown): KernelError {
  return error instanceof Error && error.name === "vscode.jupyter.apiAccessRevoked"
    ? new AccessDeniedError()
    : new CallError(error);
}
