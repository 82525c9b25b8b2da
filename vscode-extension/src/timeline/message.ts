import { l10n } from "vscode";

import type { Welcome } from "../platform/ids.ts";

/** The line above a timeline that has entries; the welcome texts say the same at more length when it has none. */
export function messageFor(situation: Welcome): string | undefined {
  switch (situation) {
    case "nothingYet":
    case "noNotebook":
    case "untitled":
    case "notAFile":
    case "notRecording":
    case "foreignFormat":
      return undefined;
    case "noKernel":
      return l10n.t("No kernel yet. Run a cell, then any of these states can be restored.");
    case "waiting":
      return l10n.t("Recording begins when the kernel answers.");
    case "paused":
      return l10n.t("Recording is paused.");
    case "noAgent":
      return l10n.t("Not recording: the kernel lacks kishu-agent. Use the command “Kishu: Install Agent”.");
    case "agentMismatch":
      return l10n.t("Not recording: the agent in the kernel is too old. Use the command “Kishu: Install Agent”.");
    case "extensionMismatch":
      return l10n.t("Not recording: the agent in the kernel is newer than this extension. Update the extension.");
    case "accessDenied":
      return l10n.t("Not recording: no access to the kernel. Use the command “Kishu: Manage Access to Kernels”.");
    case "recordingWithoutAccess":
      return l10n.t(
        "Recording goes on in the kernel, but Kishu may not talk to it: nothing can be restored. Use the command “Kishu: Manage Access to Kernels”.",
      );
    case "untrusted":
      return l10n.t("Restricted mode: the history can be read, but not restored.");
    case "otherLanguage":
      return l10n.t("Not recording: the kernel does not run Python.");
    case "notAFolder":
    case "unreadable":
    case "failed":
      return l10n.t("Not recording. The reason is in the log.");
  }
}
