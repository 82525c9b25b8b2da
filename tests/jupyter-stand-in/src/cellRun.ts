import * as vscode from "vscode";
import type { Bridge } from "./bridge";
import type { Displays } from "./displays";
import type { IopubMessage } from "./message";
import { errorItem, streamItem, toOutput } from "./outputs";
import type { Outcome, Work } from "./work";

/** One run of one cell by the person. */
export class CellRun implements Work {
  readonly kind = "cell";
  readonly #cell: vscode.NotebookCell;
  readonly #execution: vscode.NotebookCellExecution;
  readonly #displays: Displays;
  readonly #onFinished: () => void;
  #state: "queued" | "running" | "ended" = "queued";
  #clearBeforeNext = false;
  #stream: { readonly name: string; readonly output: vscode.NotebookCellOutput } | undefined;

  /** The cell shows as pending from here on. */
  constructor(
    controller: vscode.NotebookController,
    cell: vscode.NotebookCell,
    displays: Displays,
    onFinished: () => void,
  ) {
    this.#cell = cell;
    this.#execution = controller.createNotebookCellExecution(cell);
    this.#displays = displays;
    this.#onFinished = onFinished;
  }

  async run(bridge: Bridge): Promise<Outcome> {
    const code = this.#cell.document.getText();
    if (this.#cell.index < 0 || code.trim() === "") {
      this.#end(undefined);
      return "ok";
    }
    this.#state = "running";
    this.#execution.start(Date.now());
    this.#clear();
    const reply = await bridge.execute(
      {
        code,
        storeHistory: true,
        allowStdin: true,
        metadata: { cellId: this.#cell.document.uri.toString(), ...this.#cell.metadata },
      },
      (message) => {
        this.#show(message);
      },
    );
    this.#end(reply.kind === "ok");
    this.#onFinished();
    return reply.kind;
  }

  drop(): void {
    this.#end(undefined);
  }

  kernelDied(): void {
    if (this.#state === "running") {
      const item = errorItem(
        "KernelDied",
        "The kernel died while this cell was running.",
        "The kernel died while this cell was running.",
      );
      void this.#execution.appendOutput(new vscode.NotebookCellOutput([item], { outputType: "error" }));
      this.#end(false);
    } else {
      this.#end(undefined);
    }
  }

  #end(success: boolean | undefined): void {
    if (this.#state !== "ended") {
      this.#execution.end(success, this.#state === "running" ? Date.now() : undefined);
      this.#state = "ended";
    }
  }

  #clear(): void {
    this.#stream = undefined;
    this.#clearBeforeNext = false;
    this.#displays.forget(this.#cell);
    void this.#execution.clearOutput();
  }

  #show(message: IopubMessage): void {
    if (this.#state !== "running") {
      return;
    }
    switch (message.kind) {
      case "input":
        this.#execution.executionOrder = message.executionCount;
        break;
      case "clear":
        if (message.wait) {
          this.#clearBeforeNext = true;
        } else {
          this.#clear();
        }
        break;
      case "display":
        if (message.type === "update_display_data") {
          this.#update(message);
        } else {
          this.#append(message);
        }
        break;
      case "stream":
      case "error":
        this.#append(message);
        break;
      case "status":
      case "other":
        break;
    }
  }

  #append(message: Extract<IopubMessage, { kind: "stream" | "display" | "error" }>): void {
    if (this.#clearBeforeNext) {
      this.#clear();
    }
    if (message.kind === "stream" && this.#stream?.name === message.name) {
      void this.#execution.appendOutputItems(streamItem(message.name, message.text), this.#stream.output);
      return;
    }
    const output = toOutput(message);
    this.#stream = message.kind === "stream" ? { name: message.name, output } : undefined;
    if (message.kind === "display" && message.displayId !== undefined) {
      this.#displays.add(message.displayId, this.#cell, output);
    }
    void this.#execution.appendOutput(output);
  }

  #update(message: Extract<IopubMessage, { kind: "display" }>): void {
    if (message.displayId === undefined) {
      return;
    }
    const items = toOutput(message).items;
    for (const output of this.#displays.find(message.displayId)) {
      void this.#execution.replaceOutputItems(items, output);
    }
  }
}
