import { mkdirSync } from "node:fs";
import path from "node:path";

import type { Browser, Locator, Page } from "playwright-core";

import { testOutput } from "../../scripts/lib/paths.mjs";
import { NotebookEditor } from "./notebook.ts";
import { patience, until } from "./until.ts";

export interface TreeRow {
  readonly label: string;
  readonly description: string;
  /** Depth from 1. */
  readonly level: number;
  readonly expanded: boolean | undefined;
  readonly selected: boolean;
  /** What a screen reader says: label, description and more. */
  readonly ariaLabel: string;
  /** The codicon's name, such as `circle-filled`. */
  readonly icon: string | undefined;
}

export interface Notification {
  readonly message: string;
  readonly severity: "info" | "warning" | "error" | "progress";
  readonly buttons: readonly string[];
}

export interface Dialog {
  readonly message: string;
  readonly detail: string;
  readonly buttons: readonly string[];
}

/** A window of VS Code, used as a person does: by clicks and keys. Everything waits until it can be done. */
export class Workbench {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  get notebook(): NotebookEditor {
    return new NotebookEditor(this.page);
  }

  /** Waits until the window is drawn and its extension host answers. */
  async ready(): Promise<void> {
    await this.page.locator(".monaco-workbench .statusbar").waitFor({ timeout: patience });
    await this.page.locator(".explorer-folders-view .monaco-list-row").first().waitFor({ timeout: patience });
  }

  /** Loads the page again, as closing and reopening the window does. */
  async reload(): Promise<void> {
    await this.page.reload();
    await this.page.locator(".monaco-workbench .statusbar").waitFor({ timeout: patience });
  }

  /** Opens a file of the workspace by its name. */
  async openFile(name: string): Promise<void> {
    await this.#quickInput("ControlOrMeta+P", name, (row) => row.split(/[,\s]/)[0] === name);
    await this.page.locator(`.tabs-container .tab.active[data-resource-name="${name}"]`).waitFor({ timeout: patience });
  }

  /** Opens a notebook of the workspace and waits for its cells. */
  async openNotebook(name: string): Promise<NotebookEditor> {
    await this.openFile(name);
    const { notebook } = this;
    await notebook.ready();
    return notebook;
  }

  /** Runs a command of the palette by its whole title, such as `Kishu: Show Timeline`. */
  async runCommand(title: string): Promise<void> {
    await this.#quickInput("F1", `>${title}`, (row) => row.split(",")[0] === title);
  }

  /** The titles in the palette that match some words. */
  async findCommands(words: string): Promise<string[]> {
    const rows = await this.#openQuickInput("F1", `>${words}`);
    const titles = await until("the palette shows commands", () => readRows(rows), (found) => found.length > 0);
    await this.page.keyboard.press("Escape");
    return titles.map((row) => row.split(",")[0] ?? "");
  }

  async #openQuickInput(key: string, text: string): Promise<Locator> {
    const widget = this.page.locator(".quick-input-widget");
    const input = widget.locator(".quick-input-filter input");
    await until("the quick input opens", async () => {
      if (!(await input.isVisible())) {
        await this.page.keyboard.press(key);
      }
      await input.fill(text, { timeout: 2000 });
      return (await input.inputValue()) === text;
    });
    return widget.locator(".quick-input-list .monaco-list-row");
  }

  async #quickInput(key: string, text: string, matches: (row: string) => boolean): Promise<void> {
    // Commands of an extension, and files, join the list a while after the window is drawn: ask anew until then.
    const deadline = performance.now() + patience;
    let shown: string[] = [];
    while (performance.now() < deadline) {
      const rows = await this.#openQuickInput(key, text);
      try {
        const at = await until(
          text,
          async () => {
            shown = await readRows(rows);
            return shown.findIndex(matches);
          },
          (index) => index >= 0,
          3000,
        );
        await rows.nth(at).click({ timeout: 3000 });
        return;
      } catch {
        if (shown.some(matches) && !(await this.page.locator(".quick-input-widget").isVisible())) {
          return; // the click has arrived, and was reported as late
        }
        await this.page.keyboard.press("Escape");
      }
    }
    throw new Error(`${text} is not offered; the list shows ${JSON.stringify(shown)}`);
  }

  /** Picks a row of an open quick pick, by a part of its text. */
  async pick(text: string | RegExp): Promise<void> {
    const row = this.page.locator(".quick-input-list .monaco-list-row").filter({ hasText: text }).first();
    await row.click({ timeout: patience });
  }

  /** The texts of an open quick pick. */
  async pickRows(): Promise<string[]> {
    const rows = this.page.locator(".quick-input-list .monaco-list-row");
    return until("the quick pick shows rows", () => readRows(rows), (found) => found.length > 0);
  }

  /** Answers an open input box. */
  async answerInput(text: string): Promise<void> {
    const input = this.page.locator(".quick-input-widget .quick-input-filter input");
    await input.fill(text, { timeout: patience });
    await input.press("Enter");
  }

  /** Opens a view container by its title in the activity bar. */
  async openViewContainer(title: string): Promise<void> {
    const tab = this.page.locator(`.activitybar .action-item:has(a[aria-label^="${title}"])`).first();
    await tab.waitFor({ timeout: patience });
    const shown = this.page.locator(".sidebar .composite.title:visible").filter({ hasText: title }).first();
    // A window that is still being restored shows the container by itself, and a click at that moment hides it again.
    for (let triesLeft = 4; !(await shown.isVisible()); triesLeft -= 1) {
      await tab.click();
      try {
        await shown.waitFor({ timeout: 5_000 });
      } catch (error) {
        if (triesLeft === 0) {
          throw error;
        }
      }
    }
  }

  /** The part of the side bar (or panel) that shows a view; it is opened when it is folded up. */
  async view(title: string): Promise<Locator> {
    const header = this.page.locator(`.pane-header[aria-label^="${title}"]:visible`).first();
    // A container with one view shows no header for it but joins the titles.
    const joined = this.page.locator(".composite.title:visible").filter({ hasText: new RegExp(`: ${title}$`) }).first();
    await header.or(joined).first().waitFor({ timeout: patience });
    if ((await header.count()) === 0) {
      return this.page.locator(".part").filter({ has: joined }).locator(".pane").first();
    }
    if ((await header.getAttribute("aria-expanded")) === "false") {
      await header.click();
    }
    return this.page.locator(".pane").filter({ has: header }).last();
  }

  /** The rows of a tree view that are in sight. */
  async treeRows(view: string): Promise<TreeRow[]> {
    const pane = await this.view(view);
    return pane.locator(".monaco-list-row").evaluateAll((rows) =>
      rows.map((row): TreeRow => {
        const expanded = row.getAttribute("aria-expanded");
        const icon = row.querySelector('.custom-view-tree-node-item-icon[class*="codicon-"]');
        const iconClass = [...(icon?.classList ?? [])].find((name) => name.startsWith("codicon-"));
        return {
          label: row.querySelector(".label-name")?.textContent ?? "",
          description: row.querySelector(".label-description")?.textContent ?? "",
          level: Number(row.getAttribute("aria-level")),
          expanded: expanded === null ? undefined : expanded === "true",
          selected: row.getAttribute("aria-selected") === "true",
          ariaLabel: row.getAttribute("aria-label") ?? "",
          icon: iconClass?.replace("codicon-", ""),
        };
      }),
    );
  }

  async waitForTree(view: string, isReady: (rows: TreeRow[]) => boolean): Promise<TreeRow[]> {
    return until(`the view ${view} is as expected`, () => this.treeRows(view), isReady);
  }

  /** A row of a tree view by a part of its text, to click or to hover. */
  async treeRow(view: string, text: string | RegExp): Promise<Locator> {
    const row = (await this.view(view)).locator(".monaco-list-row").filter({ hasText: text }).first();
    await row.waitFor({ timeout: patience });
    return row;
  }

  /** Clicks one of the small buttons that a tree's row shows under the pointer. */
  async clickTreeAction(view: string, row: string | RegExp, action: string): Promise<void> {
    // A tree that is drawn anew forgets what the pointer is on, until the pointer moves again.
    for (let triesLeft = 9; ; triesLeft -= 1) {
      const found = await this.treeRow(view, row);
      await this.page.mouse.move(0, 0);
      await found.hover();
      try {
        await found.locator(`.action-label[aria-label^="${action}"]`).first().click({ timeout: 5_000 });
        return;
      } catch (error) {
        if (triesLeft === 0) {
          throw error;
        }
      }
    }
  }

  /** What a view says when it has nothing to show. */
  async welcomeText(view: string): Promise<string> {
    const content = (await this.view(view)).locator(".welcome-view-content:visible");
    return (await content.count()) === 0 ? "" : content.innerText();
  }

  async notifications(): Promise<Notification[]> {
    return this.#toasts().evaluateAll((items) =>
      items.map((item): Notification => {
        const icon = item.querySelector(".notification-list-item-icon")?.className ?? "";
        const bar = item.querySelector(".notification-list-item-progress .monaco-progress-container");
        const running = bar?.classList.contains("active") === true;
        return {
          message: item.querySelector(".notification-list-item-message")?.textContent ?? "",
          severity: running
            ? "progress"
            : icon.includes("codicon-error")
              ? "error"
              : icon.includes("codicon-warning")
                ? "warning"
                : "info",
          buttons: [...item.querySelectorAll(".notification-list-item-buttons-container .monaco-button")].map(
            (button) => button.textContent,
          ),
        };
      }),
    );
  }

  #toasts(): Locator {
    return this.page.locator(".notifications-toasts .notification-list-item");
  }

  async waitForNotification(message: RegExp): Promise<Notification> {
    const all = await until(
      `a notification says ${String(message)}`,
      () => this.notifications(),
      (shown) => shown.some((one) => message.test(one.message)),
    );
    const found = all.find((one) => message.test(one.message));
    if (found === undefined) {
      throw new Error("unreachable: it was just found");
    }
    return found;
  }

  /** Clicks a button of a notification. */
  async answerNotification(message: string | RegExp, button: string): Promise<void> {
    const toast = this.#toasts().filter({ hasText: message }).first();
    await toast.waitFor({ timeout: patience });
    await toast.hover();
    await toast.locator(".monaco-button").filter({ hasText: button }).first().click({ timeout: patience });
  }

  async clearNotifications(): Promise<void> {
    await this.runCommand("Notifications: Clear All Notifications");
    await until("the notifications are gone", () => this.#toasts().count(), (count) => count === 0);
  }

  /** Waits for a modal dialog. */
  async dialog(): Promise<Dialog> {
    const box = this.page.locator(".monaco-dialog-box");
    await box.waitFor({ timeout: patience });
    return box.evaluate((element) => ({
      message: element.querySelector(".dialog-message")?.textContent ?? "",
      detail: element.querySelector(".dialog-message-detail")?.textContent ?? "",
      buttons: [...element.querySelectorAll(".dialog-buttons .monaco-button")].map((button) => button.textContent),
    }));
  }

  /** Waits for a modal dialog, clicks one of its buttons, and returns what the dialog said. */
  async answerDialog(button: string): Promise<Dialog> {
    const dialog = await this.dialog();
    const buttons = this.page.locator(".monaco-dialog-box .dialog-buttons .monaco-button");
    await buttons.filter({ hasText: new RegExp(`^${RegExp.escape(button)}$`) }).click({ timeout: patience });
    await this.page.locator(".monaco-dialog-box").waitFor({ state: "detached", timeout: patience });
    return dialog;
  }

  async theme(): Promise<"light" | "dark"> {
    const classes = await this.page.locator(".monaco-workbench").first().getAttribute("class");
    return classes?.split(" ").includes("vs-dark") === true ? "dark" : "light";
  }

  async setTheme(wanted: "light" | "dark"): Promise<void> {
    if ((await this.theme()) !== wanted) {
      await this.runCommand("Preferences: Toggle between Light/Dark Themes");
      await until(`the theme is ${wanted}`, () => this.theme(), (theme) => theme === wanted);
    }
  }

  /** Keeps a picture of the window in tests/output, and returns its path. */
  async screenshot(name: string): Promise<string> {
    mkdirSync(testOutput, { recursive: true });
    const file = path.join(testOutput, `${name}.png`);
    await this.page.screenshot({ path: file });
    return file;
  }

  async close(): Promise<void> {
    await this.page.context().close();
  }
}

async function readRows(rows: Locator): Promise<string[]> {
  return rows.evaluateAll((all) => all.map((row) => row.getAttribute("aria-label") ?? row.textContent));
}

/** Opens a window in a browser profile of its own. */
export async function openWorkbench(
  browser: Browser,
  url: string,
  viewport = { width: 1440, height: 1000 },
): Promise<Workbench> {
  const context = await browser.newContext({ viewport });
  const workbench = new Workbench(await context.newPage());
  await workbench.page.goto(url);
  await workbench.ready();
  return workbench;
}
