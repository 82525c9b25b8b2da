import { l10n, window, type Memento } from "vscode";

import { setStartupCommands, startupCommands } from "../platform/settings.ts";

/**
 * Starts recording when a kernel starts, before its first cell; see docs/protocol.md. Without the agent it does
 * nothing, and neither does it beside notebooks without a `.kishu` folder.
 */
export const STARTUP_LINE =
  '__import__("importlib.util").util.find_spec("kishu_agent") and __import__("kishu_agent").autostart(globals())';

/** Where it is remembered that the person was asked: once is enough. */
const ASKED = "startupLine.asked";

export function hasStartupLine(): boolean {
  return startupCommands().includes(STARTUP_LINE);
}

export async function addStartupLine(): Promise<void> {
  if (!hasStartupLine()) {
    // First, since an error in one line keeps those behind it from running; this one never fails.
    await setStartupCommands([STARTUP_LINE, ...startupCommands()]);
  }
}

export async function removeStartupLine(): Promise<void> {
  await setStartupCommands(startupCommands().filter((line) => line !== STARTUP_LINE));
}

export type Consent = "yes" | "no" | "cancelled";

/** Asks for consent to add the line, unless that was done before. */
export async function offerStartupLine(memory: Memento): Promise<Consent> {
  if (hasStartupLine()) {
    return "yes";
  }
  return memory.get<boolean>(ASKED, false) ? "no" : askForStartupLine(memory);
}

/** Asks for consent to add the line, and adds it. Throws when the setting can't be written. */
export async function askForStartupLine(memory: Memento): Promise<Consent> {
  const add = l10n.t("Add the Line");
  const without = l10n.t("Record Without It");
  const chosen = await window.showInformationMessage(
    l10n.t("Record from the first cell on?"),
    {
      modal: true,
      detail: l10n.t(
        "For that, Kishu adds one line to your user setting “jupyter.runStartupCommands”. It runs when a kernel starts, and does something only where kishu-agent is installed and a folder “.kishu” stands beside the notebook.\n\nWithout it, recording begins after the first cell of each kernel. To remove it again, use the command “Kishu: Record from the Start of Kernels...” or delete the line in your settings.",
      ),
    },
    add,
    without,
  );
  if (chosen === undefined) {
    return "cancelled";
  }
  await memory.update(ASKED, true);
  if (chosen === without) {
    return "no";
  }
  await addStartupLine();
  return "yes";
}
