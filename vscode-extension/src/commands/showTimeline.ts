import { commands } from "vscode";

import { TIMELINE_VIEW } from "../platform/ids.ts";

export async function showTimeline(): Promise<void> {
  await commands.executeCommand(`${TIMELINE_VIEW}.focus`);
}
