import { l10n, window } from "vscode";

import { checkpointsIn } from "../cells/lenses.ts";
import type { Notebooks } from "../notebook/notebooks.ts";
import type { RecordedNotebook } from "../notebook/recordedNotebook.ts";
import type { Checkpoint } from "../protocol.generated.ts";

/** A state of a notebook to bring back. */
export interface Target {
  readonly notebook: RecordedNotebook;
  readonly checkpoint: Checkpoint;
}

/** The notebook that a command is about; says what is missing when there is none. */
export function activeNotebook(notebooks: Notebooks): RecordedNotebook | undefined {
  const { active } = notebooks;
  switch (active.kind) {
    case "notebook":
      return active.notebook;
    case "none":
      void window.showInformationMessage(l10n.t("Open a Jupyter notebook first."));
      return undefined;
    case "untitled":
      void window.showInformationMessage(
        l10n.t("Save this notebook first: its history is kept in a folder beside the file."),
      );
      return undefined;
    case "notAFile":
      void window.showInformationMessage(
        l10n.t("This notebook is not on a file system, so there is no place for its history."),
      );
      return undefined;
  }
}

/** The target that a lens or a row of the timeline names; for anything else that of the active cell. */
export function targetOf(argument: unknown, notebooks: Notebooks): Target | undefined {
  if (typeof argument === "object" && argument !== null && "checkpoint" in argument && "notebook" in argument) {
    const notebook = notebooks.all.find(
      (candidate) => candidate === argument.notebook || candidate.document.uri.toString() === argument.notebook,
    );
    const { checkpoint } = argument;
    const id = typeof checkpoint === "object" && checkpoint !== null && "id" in checkpoint ? checkpoint.id : checkpoint;
    const found = typeof id === "string" ? notebook?.history.get(id) : undefined;
    return notebook !== undefined && found !== undefined ? { notebook, checkpoint: found } : undefined;
  }
  return targetOfActiveCell(notebooks);
}

function targetOfActiveCell(notebooks: Notebooks): Target | undefined {
  const editor = window.activeNotebookEditor;
  const notebook = editor && notebooks.of(editor.notebook);
  if (editor === undefined || notebook === undefined || editor.notebook.cellCount === 0) {
    return undefined;
  }
  const cell = editor.notebook.cellAt(editor.selection.start);
  const checkpoint = checkpointsIn(notebook).get(cell.document.uri.toString());
  return checkpoint && { notebook, checkpoint };
}
