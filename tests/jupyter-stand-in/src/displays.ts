import type * as vscode from "vscode";

interface Shown {
  readonly cell: vscode.NotebookCell;
  readonly output: vscode.NotebookCellOutput;
}

/** Which outputs a later `update_display_data` means, across the cells of a notebook. */
export class Displays {
  readonly #shown = new Map<string, Shown[]>();

  add(displayId: string, cell: vscode.NotebookCell, output: vscode.NotebookCellOutput): void {
    this.#shown.set(displayId, [
      ...this.#of(displayId).filter((shown) => shown.output !== output),
      { cell, output },
    ]);
  }

  find(displayId: string): readonly vscode.NotebookCellOutput[] {
    return this.#of(displayId).map((shown) => shown.output);
  }

  /** The cell's outputs are gone. */
  forget(cell: vscode.NotebookCell): void {
    for (const [displayId, shown] of this.#shown) {
      this.#shown.set(
        displayId,
        shown.filter((one) => one.cell !== cell),
      );
    }
  }

  #of(displayId: string): readonly Shown[] {
    return this.#shown.get(displayId) ?? [];
  }
}
