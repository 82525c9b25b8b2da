import { StatusBarAlignment, ThemeColor, l10n, window, workspace, type StatusBarItem } from "vscode";

import { explain } from "../kernel/explain.ts";
import type { ContextKeys } from "../platform/context.ts";
import { Disposables } from "../platform/disposables.ts";
import { COMMANDS, CONTEXT_KEYS, NOTEBOOK_TYPE } from "../platform/ids.ts";
import type { Notebooks } from "./notebooks.ts";
import type { RecordedNotebook } from "./recordedNotebook.ts";

/** What the status bar says about recording. */
interface Sign {
  readonly icon: string;
  readonly text: string;
  readonly warns?: boolean;
}

/** The entry in the status bar, and the context keys that say the same to menus. */
export class RecordingStatus extends Disposables {
  readonly #notebooks: Notebooks;
  readonly #contexts: ContextKeys;
  readonly #item: StatusBarItem;

  constructor(notebooks: Notebooks, contexts: ContextKeys) {
    super();
    this.#notebooks = notebooks;
    this.#contexts = contexts;
    this.#item = this.add(window.createStatusBarItem("kishu.recording", StatusBarAlignment.Right, 90));
    this.#item.name = "Kishu";
    this.#item.command = COMMANDS.showTimeline;
    const show = (): void => {
      this.#show();
    };
    this.add(notebooks.onDidChange(show));
    this.add(window.onDidChangeActiveNotebookEditor(show));
    this.add(workspace.onDidGrantWorkspaceTrust(show));
    show();
  }

  #show(): void {
    const { active } = this.#notebooks;
    const notebook = active.kind === "notebook" ? active.notebook : undefined;
    const moves = notebook?.moves ?? { undo: false, redo: false };
    this.#contexts.set(CONTEXT_KEYS.canUndo, moves.undo);
    this.#contexts.set(CONTEXT_KEYS.canRedo, moves.redo);
    this.#contexts.set(CONTEXT_KEYS.recording, notebook === undefined ? "off" : switchOf(notebook));
    const isInFront = window.activeNotebookEditor?.notebook.notebookType === NOTEBOOK_TYPE;
    if (notebook === undefined || !notebook.wasRead || !isInFront) {
      this.#item.hide();
      return;
    }
    const { icon, text, warns = false } = signOf(notebook);
    this.#item.text = `$(${icon}) Kishu`;
    this.#item.tooltip = text;
    this.#item.accessibilityInformation = { label: `Kishu: ${text}` };
    this.#item.backgroundColor = warns ? new ThemeColor("statusBarItem.warningBackground") : undefined;
    this.#item.show();
  }
}

function switchOf({ history: { folder }, session }: RecordedNotebook): "on" | "blocked" | "paused" | "off" {
  if (folder.kind !== "ready") {
    return "off";
  }
  return folder.paused ? "paused" : session.state.kind === "unusable" ? "blocked" : "on";
}

function signOf(notebook: RecordedNotebook): Sign {
  const { folder } = notebook.history;
  switch (folder.kind) {
    case "absent":
      return { icon: "circle-slash", text: l10n.t("Not recording") };
    case "notAFolder":
    case "unreadable":
    case "foreignFormat":
      return { icon: "warning", text: l10n.t("Not recording: the folder .kishu can't be used"), warns: true };
    case "ready":
      return folder.paused ? { icon: "debug-pause", text: l10n.t("Recording is paused") } : kernelSign(notebook);
  }
}

function kernelSign(notebook: RecordedNotebook): Sign {
  if (!workspace.isTrusted) {
    return { icon: "circle-slash", text: l10n.t("Restricted mode: not recording") };
  }
  const { state } = notebook.session;
  switch (state.kind) {
    case "attached":
      return state.status.failure === null
        ? { icon: "record", text: l10n.t("Recording") }
        : { icon: "warning", text: l10n.t("The last state was not recorded: {0}", state.status.failure), warns: true };
    case "unusable":
      if (notebook.recordsUnasked) {
        const text = l10n.t("Recording goes on in the kernel, but Kishu may not talk to it: nothing can be restored");
        return { icon: "record", text, warns: true };
      }
      return { icon: "warning", text: l10n.t("Not recording. {0}", explain(state.error).text), warns: true };
    case "asking":
      return notebook.recordsUnasked
        ? { icon: "record", text: l10n.t("Recording") }
        : { icon: "watch", text: l10n.t("Recording begins when the kernel answers") };
    case "noKernel":
    case "down":
    case "detached":
      return { icon: "record", text: l10n.t("Recording begins with the next cell") };
  }
}
