import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";

import type { NotebookEditor } from "../workbench/notebook.ts";
import type { TreeRow, Workbench } from "../workbench/workbench.ts";

/** No question of the Jupyter extension in between; the tests of that question leave it out. */
export const allowed = { "jupyterStandIn.access": "allow" } as const;

/** A notebook with these code cells, and no history. */
export function writeNotebook(workspace: string, name: string, ...sources: readonly string[]): void {
  const cells = sources.map((source, index) => ({
    ...{ cell_type: "code", id: `cell-${String(index)}`, source, metadata: {}, outputs: [], execution_count: null },
  }));
  const metadata = { kernelspec: { name: "python3", display_name: "Python 3", language: "python" } };
  writeFileSync(path.join(workspace, name), JSON.stringify({ cells, metadata, nbformat: 4, nbformat_minor: 5 }));
  rmSync(path.join(workspace, ".kishu"), { recursive: true, force: true });
}

/** The Kishu view of a window. */
export class Timeline {
  readonly #workbench: Workbench;

  constructor(workbench: Workbench) {
    this.#workbench = workbench;
  }

  async open(): Promise<void> {
    await this.#workbench.openViewContainer("Kishu");
  }

  rows(): Promise<TreeRow[]> {
    return this.#workbench.treeRows("Timeline");
  }

  waitFor(isReady: (rows: TreeRow[]) => boolean): Promise<TreeRow[]> {
    return this.#workbench.waitForTree("Timeline", isReady);
  }

  /** Waits until the entry whose label begins so is the current one. */
  async waitForHead(label: string): Promise<TreeRow> {
    const rows = await this.waitFor((all) => headOf(all)?.label.startsWith(label) === true);
    const head = headOf(rows);
    if (head === undefined) {
      throw new Error("unreachable: it was just there");
    }
    return head;
  }

  restore(row: string): Promise<void> {
    return this.#workbench.clickTreeAction("Timeline", row, "Restore State Here");
  }

  welcome(): Promise<string> {
    return this.#workbench.welcomeText("Timeline");
  }

  /** The line above the entries. */
  async message(): Promise<string> {
    const pane = await this.#workbench.view("Timeline");
    const message = pane.locator(".message:visible");
    return (await message.count()) === 0 ? "" : message.first().innerText();
  }
}

function headOf(rows: readonly TreeRow[]): TreeRow | undefined {
  return rows.find(({ icon, description }) => icon === "circle-filled" && description.startsWith("current"));
}

/** A cell at the end of a notebook that prints what an expression is in the kernel. */
export class Probe {
  readonly #notebook: NotebookEditor;
  readonly #cell: number;
  #runs = 0;

  private constructor(notebook: NotebookEditor, cell: number) {
    this.#notebook = notebook;
    this.#cell = cell;
  }

  static async addTo(notebook: NotebookEditor): Promise<Probe> {
    return new Probe(notebook, await notebook.addCell("None"));
  }

  /** What `print(...)` shows. */
  async print(expression: string): Promise<string> {
    this.#runs += 1;
    const mark = `probe ${String(this.#runs)}:`;
    await this.#notebook.type(this.#cell, `print("${mark}", ${expression})`);
    await this.#notebook.clickRun(this.#cell);
    const output = await this.#notebook.waitForOutput(this.#cell, new RegExp(`${mark}|Error`));
    return output.replace(mark, "").trim();
  }
}
