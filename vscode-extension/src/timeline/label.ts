import { l10n } from "vscode";

import type { Checkpoint } from "../protocol.generated.ts";
import { firstLine } from "./words.ts";

const LONGEST = 80;

/** How a checkpoint is called wherever it is shown. */
export function labelOf(checkpoint: Checkpoint, longest = LONGEST): string {
  switch (checkpoint.kind) {
    case "start":
      return l10n.t("Recording began");
    case "between":
      return l10n.t("Changed between cells");
    case "cell":
      return firstLine(checkpoint.cell?.code ?? "", longest) || l10n.t("(empty cell)");
  }
}

/** The state that it holds, within a sentence. */
export function stateOf(checkpoint: Checkpoint, longest = LONGEST): string {
  switch (checkpoint.kind) {
    case "start":
      return l10n.t("the state in which recording began");
    case "between":
      return l10n.t("the state that was found between two cells");
    case "cell":
      return l10n.t("the state after “{0}”", labelOf(checkpoint, longest));
  }
}
