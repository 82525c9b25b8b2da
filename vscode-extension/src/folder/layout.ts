import path from "node:path";

/** Where things are in the folder beside a notebook; docs/format.md describes it. */
export interface Layout {
  readonly notebookName: string;
  readonly folder: string;
  readonly format: string;
  readonly checkpoints: string;
  readonly events: string;
  readonly heads: string;
  readonly paused: string;
}

export function layoutOf(notebookFile: string): Layout {
  const notebookName = path.basename(notebookFile);
  const folder = path.join(path.dirname(notebookFile), ".kishu");
  const notebook = path.join(folder, "notebooks", notebookName);
  return {
    notebookName,
    folder,
    format: path.join(folder, "format.json"),
    checkpoints: path.join(notebook, "checkpoints"),
    events: path.join(notebook, "events"),
    heads: path.join(folder, "local", "heads"),
    paused: path.join(folder, "local", "paused.json"),
  };
}
