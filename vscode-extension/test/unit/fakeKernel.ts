import type { KernelStatus, RunningKernel } from "../../src/kernel/jupyter.ts";
import type { CallOutput } from "../../src/kernel/request.ts";

/** A kernel that does what a test says. */
export class FakeKernel implements RunningKernel {
  status: KernelStatus;
  language = "python";
  readonly ran: string[] = [];
  readonly #listeners = new Set<(status: KernelStatus) => unknown>();
  readonly #outputs: (code: string) => AsyncIterable<CallOutput>;

  constructor(outputs: (code: string) => AsyncIterable<CallOutput>, status: KernelStatus = "idle") {
    this.#outputs = outputs;
    this.status = status;
  }

  readonly onDidChangeStatus = (listener: (status: KernelStatus) => unknown): { dispose(): void } => {
    this.#listeners.add(listener);
    return { dispose: () => this.#listeners.delete(listener) };
  };

  get listeners(): number {
    return this.#listeners.size;
  }

  turn(status: KernelStatus): void {
    this.status = status;
    for (const listener of this.#listeners) {
      listener(status);
    }
  }

  execute(code: string): AsyncIterable<CallOutput> {
    this.ran.push(code);
    return this.#outputs(code);
  }
}

/** An output with one text. */
export function text(value: string, mime = "text/plain"): CallOutput {
  return { items: [{ mime, data: new TextEncoder().encode(value) }] };
}
