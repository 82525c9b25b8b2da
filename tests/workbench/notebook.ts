import type { FrameLocator, Locator, Page } from "playwright-core";

import { until } from "./until.ts";

export interface CellState {
  /** Position among all cells of the notebook, from 0. */
  readonly index: number;
  readonly kind: "code" | "markdown";
  /**
   * The number in brackets; undefined when the cell has not run. VS Code sometimes leaves its spinner in the place of
   * the number of a cell that was scrolled into view while it ran.
   */
  readonly executionCount: number | undefined;
  readonly outcome: "none" | "pending" | "running" | "success" | "error";
}

/** The notebook in front. Cells count from 0, Markdown included; cells out of sight are scrolled to. */
export class NotebookEditor {
  readonly #page: Page;
  readonly #editor: Locator;

  constructor(page: Page) {
    this.#page = page;
    this.#editor = page.locator(".notebookOverlay:visible").last();
  }

  get #toolbar(): Locator {
    return this.#page.locator(".notebook-toolbar-container:visible");
  }

  #row(index: number): Locator {
    return this.#editor.locator(`.cell-list-container .monaco-list-row[data-index="${String(index)}"]`);
  }

  /** The frame that draws the outputs and the rendered Markdown. */
  get outputFrame(): FrameLocator {
    return this.#page.frameLocator("iframe.webview.ready:visible").frameLocator("iframe#active-frame");
  }

  /** Waits until the notebook shows cells. */
  async ready(): Promise<void> {
    await until("the notebook shows its cells", () => this.#editor.locator(".code-cell-row").count());
  }

  /** Scrolls until a cell is in the middle of the editor, and returns its row. */
  async reveal(index: number): Promise<Locator> {
    const list = this.#editor.locator(".cell-list-container > .monaco-list");
    const row = this.#row(index);
    await until(`cell ${String(index)} is in view`, async () => {
      const frame = await list.boundingBox();
      if (frame === null) {
        return false;
      }
      const box = (await row.count()) === 1 ? await row.boundingBox() : null;
      let distance: number;
      if (box === null) {
        const shown = await this.#shownIndexes();
        distance = index < Math.min(...shown) ? -frame.height / 2 : frame.height / 2;
      } else {
        const middle = frame.y + frame.height / 2;
        if (box.y >= frame.y && box.y + Math.min(box.height, 120) <= frame.y + frame.height) {
          return true;
        }
        distance = box.y + Math.min(box.height, 120) / 2 - middle;
      }
      await this.#page.mouse.move(frame.x + frame.width - 40, frame.y + 20);
      await this.#page.mouse.wheel(0, distance);
      return false;
    });
    return row;
  }

  async #shownIndexes(): Promise<number[]> {
    const rows = this.#editor.locator(".cell-list-container .monaco-list-row[data-index]");
    return rows.evaluateAll((all) => all.map((row) => Number(row.getAttribute("data-index"))));
  }

  async cell(index: number): Promise<CellState> {
    const row = await this.reveal(index);
    return row.evaluate((element, at): CellState => {
      const has = (selector: string): boolean => element.querySelector(selector) !== null;
      const count = /\[(\d+)\]/.exec(element.querySelector(".execution-count-label")?.textContent ?? "");
      const outcome = has(".codicon-notebook-state-success")
        ? "success"
        : has(".codicon-notebook-state-error")
          ? "error"
          : has(".codicon-notebook-state-executing")
            ? "running"
            : has(".codicon-notebook-state-pending")
              ? "pending"
              : "none";
      return {
        index: at,
        kind: element.classList.contains("code-cell-row") ? "code" : "markdown",
        executionCount: count === null ? undefined : Number(count[1]),
        outcome,
      };
    }, index);
  }

  /** Clicks a cell's run button and waits until that run has ended. */
  async runCell(index: number): Promise<CellState> {
    const before = await this.cell(index);
    await this.clickRun(index);
    return until(
      `cell ${String(index)} has run`,
      () => this.cell(index),
      (cell) => hasRunSince(before, cell),
    );
  }

  /** Clicks a cell's run button and does not wait. */
  async clickRun(index: number): Promise<void> {
    const before = await this.cell(index);
    await until(`the run button of cell ${String(index)} is clicked`, async () => {
      // On a busy machine a click can arrive and yet be reported as late: a second one would run the cell again.
      const { executionCount, outcome } = await this.cell(index);
      if (executionCount !== before.executionCount || (outcome !== before.outcome && outcome !== "none")) {
        return true;
      }
      const row = await this.reveal(index);
      // The button shows under the pointer only, and a cell above that grows takes the row from under it.
      await row.hover({ position: { x: 200, y: 20 }, timeout: 2000 });
      await row.locator(".run-button-container .codicon-notebook-execute").click({ timeout: 2000 });
      return true;
    });
  }

  /** Clicks "Run All" and waits until the last code cell has ended; `last` is its index. */
  async runAll(last: number): Promise<CellState> {
    const before = await this.cell(last);
    await this.#toolbar.getByText("Run All").click();
    return until(
      `cell ${String(last)} has run`,
      () => this.cell(last),
      (cell) => hasRunSince(before, cell),
    );
  }

  /** The text of a cell's outputs, empty when it shows none. */
  async output(index: number): Promise<string> {
    const row = await this.reveal(index);
    const place = await row.boundingBox();
    if (place === null) {
      return "";
    }
    // The outputs lie in a frame over the list, in a box for each cell; whose box it is shows in where it begins.
    const end = place.y + place.height;
    for (const cell of await this.outputFrame.locator(".cell_container:has(.output_container)").all()) {
      const outputs = cell.locator(".output_container");
      const box = await outputs.first().boundingBox();
      if (box !== null && Math.abs(box.y - end) < 30) {
        return (await outputs.evaluateAll(plainText)).join("\n");
      }
    }
    return "";
  }

  /** Waits until a cell's output matches. */
  async waitForOutput(index: number, expected: RegExp): Promise<string> {
    return until(
      `cell ${String(index)} shows ${String(expected)}`,
      () => this.output(index),
      (text) => expected.test(text),
    );
  }

  /** The CodeLens texts above a cell's first line. */
  async codeLenses(index: number): Promise<string[]> {
    const row = await this.reveal(index);
    return row.locator(".codelens-decoration a").allInnerTexts();
  }

  /** Waits until the CodeLens texts above a cell are as expected. */
  async waitForCodeLenses(index: number, isReady: (titles: string[]) => boolean): Promise<string[]> {
    return until(`the lenses of cell ${String(index)} are as expected`, () => this.codeLenses(index), isReady);
  }

  async clickCodeLens(index: number, title: string | RegExp): Promise<void> {
    await until(`cell ${String(index)} has the lens ${String(title)}`, async () => {
      const row = await this.reveal(index);
      const lens = row.locator(".codelens-decoration a").filter({ hasText: title }).first();
      // Lenses are laid out anew when their texts change, which a slow click may meet.
      await lens.click({ timeout: 2000 });
      return true;
    });
  }

  /** The texts in a cell's status bar. */
  async statusBar(index: number): Promise<string[]> {
    const row = await this.reveal(index);
    const texts = await row.locator(".cell-statusbar-container .cell-status-item").allInnerTexts();
    return texts.map((text) => text.trim()).filter((text) => text !== "");
  }

  /** Replaces the source of a code cell by typing. */
  async type(index: number, source: string): Promise<void> {
    const row = await this.reveal(index);
    await row.locator(".cell-editor-container .view-lines").click();
    await this.#page.keyboard.press("ControlOrMeta+A");
    await this.#page.keyboard.insertText(source);
    await this.#page.keyboard.press("Escape");
  }

  /** Adds a code cell below all others, of which the last must be a code cell too, and returns its index. */
  async addCell(source: string): Promise<number> {
    const last = (await this.length()) - 1;
    await (await this.reveal(last)).locator(".cell-editor-container .view-lines").click();
    // The toolbar's button adds below the cell that has the focus.
    await this.#toolbar.getByText("Code", { exact: true }).click();
    await until("a cell is added", async () => (await this.length()) === last + 2);
    await this.type(last + 1, source);
    return last + 1;
  }

  /** How many cells the notebook has. */
  async length(): Promise<number> {
    // The list tells screen readers its length, since most of its rows are not drawn.
    const row = this.#editor.locator(".cell-list-container .monaco-list-row[aria-setsize]").first();
    return Number(await row.getAttribute("aria-setsize"));
  }
}

function hasRunSince(before: CellState, now: CellState): boolean {
  const over = now.outcome === "success" || now.outcome === "error";
  return over && (now.executionCount !== before.executionCount || now.outcome !== before.outcome);
}

/** Runs in the page. Unlike `innerText` it also reads what is scrolled out of sight. */
function plainText(outputs: Element[]): string[] {
  return outputs.map((output) => {
    // SAFETY: a clone of an element is an element.
    const copy = output.cloneNode(true) as Element;
    for (const style of copy.querySelectorAll("style, script")) {
      style.remove();
    }
    return copy.textContent;
  });
}
