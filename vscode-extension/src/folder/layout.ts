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
  const notebook = path.join(folder, "notebooks", directoryName(notebookName));
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

// eslint-disable-next-line no-control-regex -- these are the characters that some file systems refuse
const RESERVED = /[\x00-\x1f\x7f<>:"/\\|?*%]|[. ]$/gu;
const DEVICE = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?=\.|$)/iu;

/**
 * The directory of a notebook's history, from the notebook's file name: the name in the normal form C of Unicode, with
 * what Windows reserves as `%XX`. The agent's folder/names.py does the same.
 */
export function directoryName(notebook: string): string {
  const name = notebook
    .normalize("NFC")
    .replace(RESERVED, (character) => percent(character.codePointAt(0) ?? 0));
  return DEVICE.test(name) ? `${percent(name.codePointAt(0) ?? 0)}${name.slice(1)}` : name;
}

function percent(code: number): string {
  return `%${code.toString(16).toUpperCase().padStart(2, "0")}`;
}
