import { l10n, window } from "vscode";

import type { Notebooks } from "../notebook/notebooks.ts";
import type { Log } from "../platform/log.ts";
import { stateOf } from "../timeline/label.ts";
import { restore } from "./restore.ts";
import { targetOf } from "./target.ts";

/** From a lens, a row of the timeline, or the palette (then for the active cell). */
export async function restoreStateHere(notebooks: Notebooks, argument: unknown, log: Log): Promise<void> {
  const target = targetOf(argument, notebooks);
  if (target === undefined) {
    void window.showInformationMessage(l10n.t("No state is recorded for this cell. Run it while recording is on."));
    return;
  }
  const { notebook, checkpoint } = target;
  await restore(notebook, { command: "restore", ref: checkpoint.id }, l10n.t("Restoring {0}", stateOf(checkpoint)), log);
}
