import {
  CodeLens,
  EventEmitter,
  NotebookCellKind,
  Range,
  env,
  l10n,
  languages,
  workspace,
  type CodeLensProvider,
  type NotebookDocument,
  type TextDocument,
} from "vscode";

import type { Notebooks } from "../notebook/notebooks.ts";
import type { RecordedNotebook } from "../notebook/recordedNotebook.ts";
import { Disposables } from "../platform/disposables.ts";
import { COMMANDS, NOTEBOOK_TYPE } from "../platform/ids.ts";
import { codeLensEnabled, onDidChangeCodeLensEnabled } from "../platform/settings.ts";
import type { Checkpoint } from "../protocol.generated.ts";
import { timeText } from "../timeline/words.ts";
import { checkpointsOfCells } from "./mapping.ts";

const REFRESH_AFTER_MS = 80;

/** "Restore state here" above the cells that have a checkpoint. */
export class CellLenses extends Disposables implements CodeLensProvider {
  readonly #notebooks: Notebooks;
  readonly #changed = this.add(new EventEmitter<void>());
  #refreshing: NodeJS.Timeout | undefined;

  readonly onDidChangeCodeLenses = this.#changed.event;

  constructor(notebooks: Notebooks) {
    super();
    this.#notebooks = notebooks;
    const soon = (): void => {
      this.#refreshing ??= setTimeout(() => {
        this.#refreshing = undefined;
        this.#changed.fire();
      }, REFRESH_AFTER_MS);
    };
    this.add(notebooks.onDidChange(soon));
    this.add(workspace.onDidGrantWorkspaceTrust(soon));
    this.add(onDidChangeCodeLensEnabled(soon));
    // A selector with a scheme besides the notebook type never matches.
    this.add(languages.registerCodeLensProvider({ notebookType: NOTEBOOK_TYPE }, this));
    this.add({
      dispose: () => {
        clearTimeout(this.#refreshing);
      },
    });
  }

  provideCodeLenses(document: TextDocument): CodeLens[] {
    const notebook = this.#notebookOf(document);
    if (notebook === undefined || !workspace.isTrusted || !codeLensEnabled(notebook.document.uri)) {
      return [];
    }
    const checkpoint = checkpointsIn(notebook).get(document.uri.toString());
    return checkpoint === undefined ? [] : [lens(checkpoint, notebook)];
  }

  #notebookOf(document: TextDocument): RecordedNotebook | undefined {
    const holder = workspace.notebookDocuments.find(
      (candidate) =>
        candidate.notebookType === NOTEBOOK_TYPE &&
        candidate.uri.path === document.uri.path &&
        candidate.getCells().some((cell) => cell.document === document),
    );
    return holder && this.#notebooks.of(holder);
  }
}

/** The checkpoint of each cell of an open notebook, by the URI of the cell's document. */
export function checkpointsIn(notebook: RecordedNotebook): ReadonlyMap<string, Checkpoint> {
  return checkpointsOfCells(codeCellsOf(notebook.document), notebook.history, notebook.openedAt);
}

function codeCellsOf(document: NotebookDocument) {
  return document
    .getCells()
    .filter((cell) => cell.kind === NotebookCellKind.Code)
    .map((cell) => ({ uri: cell.document.uri.toString(), code: cell.document.getText() }));
}

function lens(checkpoint: Checkpoint, notebook: RecordedNotebook): CodeLens {
  const top = new Range(0, 0, 0, 0);
  if (checkpoint.id === notebook.head) {
    return new CodeLens(top, {
      title: `$(circle-filled)\u00a0${l10n.t("Current state")}`,
      tooltip: l10n.t("The variables are as this cell left them"),
      command: "",
    });
  }
  return new CodeLens(top, {
    title: `$(history)\u00a0${l10n.t("Restore state here")}`,
    tooltip: l10n.t(
      "Bring the variables back as they were right after this cell ran ({0})",
      timeText(checkpoint.started, new Date(), env.language),
    ),
    command: COMMANDS.restoreStateHere,
    arguments: [{ notebook: notebook.document.uri.toString(), checkpoint: checkpoint.id }],
  });
}
