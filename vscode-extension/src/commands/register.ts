import { commands, type ExtensionContext } from "vscode";

import type { RecordingReports } from "../doctor/reports.ts";
import type { Notebooks } from "../notebook/notebooks.ts";
import { Disposables } from "../platform/disposables.ts";
import { COMMANDS } from "../platform/ids.ts";
import type { LogChannel } from "../platform/log.ts";
import { explainRecording } from "./explainRecording.ts";
import { installAgent } from "./installAgent.ts";
import { manageAccess } from "./manageAccess.ts";
import { recordFromKernelStart } from "./recordFromKernelStart.ts";
import { redo } from "./redo.ts";
import { renameBranch } from "./renameBranch.ts";
import { restoreState } from "./restoreState.ts";
import { restoreStateHere } from "./restoreStateHere.ts";
import { showTimeline } from "./showTimeline.ts";
import { startRecording } from "./startRecording.ts";
import { stopRecording } from "./stopRecording.ts";
import { undoLastCell } from "./undo.ts";

export function registerCommands(
  context: ExtensionContext,
  notebooks: Notebooks,
  reports: RecordingReports,
  log: LogChannel,
): Disposables {
  const all: Readonly<Record<keyof typeof COMMANDS, (argument: unknown) => unknown>> = {
    startRecording: () => startRecording(notebooks, context.globalState, log),
    stopRecording: () => stopRecording(notebooks, log),
    restoreState: () => restoreState(notebooks, log),
    restoreStateHere: (argument) => restoreStateHere(notebooks, argument, log),
    undoLastCell: () => undoLastCell(notebooks, log),
    redo: () => redo(notebooks, log),
    showTimeline,
    renameBranch: () => renameBranch(notebooks, log),
    explainRecording: () => explainRecording(notebooks, reports, log),
    recordFromKernelStart: () => recordFromKernelStart(context.globalState, log),
    installAgent: () => installAgent(notebooks, context.extensionPath, log),
    manageAccess: () => manageAccess(notebooks),
    showLog: () => {
      log.show();
    },
  };
  const registered = new Disposables();
  for (const [name, run] of Object.entries(all)) {
    // SAFETY: the keys of `all` are the keys of COMMANDS.
    registered.add(commands.registerCommand(COMMANDS[name as keyof typeof COMMANDS], run));
  }
  return registered;
}
