import { l10n } from "vscode";

import type { Failure } from "../protocol.generated.ts";
import type { KernelError } from "./errors.ts";

/** What a person can do about a failure; messages show them as buttons. */
export type Remedy = "installAgent" | "manageAccess" | "restoreRest" | "runAgain" | "showLog";

/** A failure, for a person: what happened, what it means, what to do. */
export interface Explanation {
  readonly text: string;
  readonly remedies: readonly Remedy[];
  /** Asked in a dialog that waits for the answer: what is behind the question, in lines of its own. */
  readonly question?: string;
}

export function explain(error: KernelError): Explanation {
  switch (error.kind) {
    case "noKernel":
      return {
        text: l10n.t("This notebook has no kernel yet. Run a cell first; any cell will do."),
        remedies: [],
      };
    case "starting":
      return { text: l10n.t("The kernel is still starting. Try again when it is up."), remedies: ["showLog"] };
    case "gone":
      return {
        text: l10n.t("The kernel was restarted, closed or died. Try again when it is up; if it does not come up by itself, run a cell."),
        remedies: ["showLog"],
      };
    case "accessDenied":
      return {
        text: l10n.t("Kishu has no access to this kernel. Grant it, then try again."),
        remedies: ["manageAccess"],
      };
    case "otherLanguage":
      return { text: l10n.t("Kishu works with Python kernels. This one runs {0}.", error.language), remedies: [] };
    case "noAgent":
      return {
        text: l10n.t("The kernel's environment lacks the Python package kishu-agent, which does the recording."),
        remedies: ["installAgent"],
      };
    case "dropped":
      return {
        text: l10n.t("The kernel was interrupted or restarted before it answered. The timeline shows where it is; try again."),
        remedies: ["showLog"],
      };
    case "noAnswer":
      return {
        text: l10n.t("The kernel does not answer. If it is paused in the debugger, continue; otherwise restart it."),
        remedies: ["showLog"],
      };
    case "badReply":
      return {
        text: l10n.t("The agent in the kernel answered something unexpected ({0}).", error.problem),
        remedies: ["showLog"],
      };
    case "versionMismatch":
      return error.update === "agent"
        ? {
            text: l10n.t(
              "The agent in the kernel ({0}) is too old for this extension. Install the one that the extension carries, then restart the kernel.",
              error.agent,
            ),
            remedies: ["installAgent"],
          }
        : {
            text: l10n.t("The agent in the kernel ({0}) is newer than this extension. Update the extension Kishu.", error.agent),
            remedies: ["showLog"],
          };
    case "failure":
      return explainFailure(error.failure);
    case "python":
      return {
        text: l10n.t("The agent failed in the kernel: {0}: {1}", error.errorName, error.errorMessage),
        remedies: ["showLog"],
      };
    case "call":
      return { text: l10n.t("The kernel could not be asked: {0}", error.message), remedies: ["showLog"] };
  }
}

function explainFailure({ code, message, action, details }: Failure): Explanation {
  switch (code) {
    case "NOT_RESTORABLE":
      return { text: withReasons(message, details), remedies: ["restoreRest"] };
    case "REPLAY_NEEDED":
      return {
        text: l10n.t("To bring back this state, cells have to be run again that do more than change variables."),
        remedies: ["runAgain", "restoreRest"],
        question: [
          ...Object.values(details),
          "",
          l10n.t("They run on the side: no other variable is touched, but what they do to files, networks or other programs happens again."),
        ].join("\n"),
      };
    case "LOAD_FAILED":
      return { text: message, remedies: ["runAgain", "restoreRest", "showLog"] };
    default:
      return { text: `${message} ${action}`.trim(), remedies: ["showLog"] };
  }
}

const MOST_REASONS = 3;

function withReasons(message: string, reasons: Readonly<Record<string, string>>): string {
  const all = Object.entries(reasons).map(([name, reason]) => `${name}: ${reason}`);
  return [message, ...all.slice(0, MOST_REASONS)].join(" ");
}
