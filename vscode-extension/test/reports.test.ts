import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";

import { suite, teardown, test } from "mocha";
import { Uri, commands, window, workspace } from "vscode";

import { RecordingReports } from "../src/doctor/reports.ts";

suite("a report", () => {
  teardown(() => commands.executeCommand("workbench.action.closeAllEditors"));

  test("is rendered, and is a document that cannot be written", async () => {
    // The extension under test has one too; the workbench asks any of them.
    const reports = new RecordingReports();
    const notebook = Uri.file("/somewhere/Ünï 100%.ipynb");
    await reports.show(notebook, "Recording of Ünï 100%.ipynb", "# One\n");
    const shown = (): string => window.tabGroups.all.flatMap(({ tabs }) => tabs.map(({ label }) => label)).join();
    for (let tries = 50; tries > 0 && shown() === ""; tries -= 1) {
      await delay(100);
    }
    assert.match(shown(), /^Preview Recording of Ünï 100%\.ipynb/);
    const textOf = async (count: number): Promise<readonly [string, string]> => {
      const path = `/${String(count)}/Recording of Ünï 100%.ipynb.md`;
      const document = await workspace.openTextDocument(Uri.from({ scheme: "kishu-report", path, query: notebook.toString() }));
      return [document.getText(), document.languageId];
    };
    assert.deepEqual(await textOf(1), ["# One\n", "markdown"]);
    assert.equal(workspace.fs.isWritableFileSystem("kishu-report"), undefined);
    await reports.show(notebook, "Recording of Ünï 100%.ipynb", "# Two\n");
    assert.deepEqual(await textOf(2), ["# Two\n", "markdown"]);
    reports.dispose();
  });
});
