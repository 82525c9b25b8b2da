import { QuickPickItemKind, ThemeIcon, env, l10n, window, type QuickPickItem } from "vscode";

import type { Notebooks } from "../notebook/notebooks.ts";
import type { RecordedNotebook } from "../notebook/recordedNotebook.ts";
import type { Log } from "../platform/log.ts";
import type { Checkpoint } from "../protocol.generated.ts";
import { labelsOf } from "../timeline/item.ts";
import { labelOf } from "../timeline/label.ts";
import { changesText, timeText } from "../timeline/words.ts";
import { restoreStateHere } from "./restoreStateHere.ts";
import { activeNotebook } from "./target.ts";

const MOST_NAMES = 6;

/** Asks which state, then restores it. */
export async function restoreState(notebooks: Notebooks, log: Log): Promise<void> {
  const notebook = activeNotebook(notebooks);
  if (notebook === undefined) {
    return;
  }
  const history = await notebook.refresh();
  const choices = history.checkpoints.toReversed().filter(({ id }) => history.isComplete(id));
  if (choices.length === 0) {
    void window.showInformationMessage(l10n.t("No state of this notebook is recorded yet."));
    return;
  }
  const chosen = await window.showQuickPick(itemsFor(choices, notebook), {
    title: l10n.t("Restore State"),
    placeHolder: l10n.t("The variables become what they were right after this cell ran"),
    matchOnDescription: true,
    matchOnDetail: true,
  });
  if (chosen?.checkpoint !== undefined) {
    await restoreStateHere(notebooks, { notebook, checkpoint: chosen.checkpoint }, log);
  }
}

interface Choice extends QuickPickItem {
  readonly checkpoint?: Checkpoint;
}

function itemsFor(checkpoints: readonly Checkpoint[], notebook: RecordedNotebook): Choice[] {
  const now = new Date();
  const { head } = notebook;
  let day = "";
  return checkpoints.flatMap((checkpoint): Choice[] => {
    const date = new Date(checkpoint.started).toLocaleDateString(env.language, { dateStyle: "full" });
    const separator: Choice[] = date === day ? [] : [{ label: date, kind: QuickPickItemKind.Separator }];
    day = date;
    const isHead = checkpoint.id === head;
    const item: Choice = {
      label: labelOf(checkpoint),
      description: [
        ...(isHead ? [l10n.t("current")] : []),
        ...labelsOf(checkpoint, notebook.history),
        changesText(checkpoint, MOST_NAMES),
        timeText(checkpoint.started, now, env.language),
      ]
        .filter((part) => part !== "")
        .join(" · "),
      iconPath: new ThemeIcon(isHead ? "circle-filled" : checkpoint.outcome === "ok" ? "circle-outline" : "error"),
      checkpoint,
    };
    return [...separator, item];
  });
}
