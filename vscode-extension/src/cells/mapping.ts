import type { History } from "../folder/history.ts";
import type { Checkpoint } from "../protocol.generated.ts";

/** A code cell of the open notebook, in the notebook's order. */
export interface OpenCell {
  /** The document's URI: what the kernel hears as the cell's id while the window lives. */
  readonly uri: string;
  readonly code: string;
}

/**
 * The checkpoint of each cell, by the cell's URI: the newest one that was recorded right after the cell ran.
 *
 * Ids of cells hold for one window only, and another window gives the same ids to other cells. So they count for what
 * was recorded since the notebook was opened here; older checkpoints are found by the cell's text. Where several cells
 * have the same text, their newest checkpoints are given to them in order.
 *
 * @param openedAt when the notebook was opened in this window, UTC, ISO 8601
 */
export function checkpointsOfCells(
  cells: readonly OpenCell[],
  history: History,
  openedAt: string,
): ReadonlyMap<string, Checkpoint> {
  const found = new Map<string, Checkpoint>();
  const uris = new Set(cells.map((cell) => cell.uri));
  const earlier = new Map<string, Checkpoint>();
  for (const checkpoint of history.checkpoints) {
    const { cell } = checkpoint;
    if (cell === null || !history.isComplete(checkpoint.id)) {
      continue;
    }
    if (cell.id !== null && uris.has(cell.id) && checkpoint.started >= openedAt) {
      found.set(cell.id, checkpoint);
    } else {
      // One entry a cell of an earlier session: its newest run.
      earlier.set(`${checkpoint.session}\n${cell.id ?? ""}\n${normal(cell.code)}`, checkpoint);
    }
  }
  const byCode = new Map<string, Checkpoint[]>();
  for (const checkpoint of earlier.values()) {
    pushTo(byCode, normal(checkpoint.cell?.code ?? ""), checkpoint);
  }
  const unmatched = new Map<string, OpenCell[]>();
  for (const cell of cells) {
    if (!found.has(cell.uri) && normal(cell.code) !== "") {
      pushTo(unmatched, normal(cell.code), cell);
    }
  }
  for (const [code, alike] of unmatched) {
    const candidates = (byCode.get(code) ?? []).sort((a, b) => (a.started < b.started ? -1 : 1));
    const newest = candidates.slice(-alike.length);
    newest.forEach((checkpoint, index) => {
      const cell = alike[index];
      if (cell !== undefined) {
        found.set(cell.uri, checkpoint);
      }
    });
  }
  return found;
}

function normal(code: string): string {
  return code.replace(/\r\n?/g, "\n").trimEnd();
}

function pushTo<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list === undefined) {
    map.set(key, [value]);
  } else {
    list.push(value);
  }
}
