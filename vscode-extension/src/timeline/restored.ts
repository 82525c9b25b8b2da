import { l10n } from "vscode";

import type { Checkpoint, RestoreReport } from "../protocol.generated.ts";
import { labelOf, stateOf } from "./label.ts";
import { durationText } from "./words.ts";

/** The status bar cuts what is longer. */
const LONGEST = 60;

const SHORTEST_LABEL = 12;

const LONGEST_LABEL = 24;

/**
 * What a restore did, on one short line: the figures, then which state it is.
 *
 * @param environment whether the working directory, environment variables and `sys.path` were put back as well
 */
export function restoredText(report: RestoreReport, checkpoint: Checkpoint | undefined, environment = false): string {
  const parts = [
    ...(report.restored.length > 0 ? [l10n.t("{0} loaded", report.restored.length)] : []),
    ...(report.replayed.length > 0 ? [l10n.t("{0} cells run again", report.replayed.length)] : []),
    ...(report.removed.length > 0 ? [l10n.t("{0} removed", report.removed.length)] : []),
    ...(report.kept.length > 0 ? [l10n.t("{0} unchanged", report.kept.length)] : []),
    ...(report.environment.length > 0 ? [environment ? l10n.t("environment put back") : l10n.t("environment differs")] : []),
    durationText(report.seconds),
  ];
  const figures = parts.join(", ");
  if (checkpoint === undefined) {
    return figures;
  }
  const room = Math.max(SHORTEST_LABEL, LONGEST - figures.length - 2);
  return `${figures}: ${labelOf(checkpoint, room)}`;
}

/** Which variables a restore did without, and why. */
export function withoutText(report: RestoreReport, checkpoint: Checkpoint | undefined): string {
  return l10n.t(
    "{0}, except for {1}.",
    checkpoint === undefined ? l10n.t("Restored") : l10n.t("Restored {0}", stateOf(checkpoint, LONGEST_LABEL)),
    Object.entries(report.missing)
      .map(([name, reason]) => `${name} (${reason})`)
      .join(", "),
  );
}
