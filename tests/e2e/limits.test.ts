import assert from "node:assert/strict";

import { until } from "../workbench/until.ts";
import { scenario } from "../workbench/scenario.ts";
import { Probe, Timeline, allowed, writeNotebook } from "./kishu.ts";

scenario(
  "what has no stored form comes back by running its cell again, after a question, or is left out",
  async ({ server, workbench }) => {
    const makes = "import sqlite3\nstore = sqlite3.connect(':memory:')\nstream = (n * 10 for n in a)\nb = a";
    writeNotebook(server.workspace, "limits.ipynb", "a = [1, 2]", "stream = (n for n in a)", makes, "a.append(3)");
    const timeline = new Timeline(workbench);
    const notebook = await workbench.openNotebook("limits.ipynb");
    await timeline.open();
    await workbench.runCommand("Kishu: Start Recording");
    await workbench.waitForNotification(/Recording begins/);
    await workbench.clearNotifications();
    await notebook.runAll(3);
    const rows = await timeline.waitFor((all) => all.length === 5);
    assert.equal(rows[1]?.label, "import sqlite3");
    assert.match(rows[1].description, /by replay/);
    await timeline.waitForHead("a.append(3)");

    await workbench.runCommand("Jupyter: Restart Kernel");
    await timeline.waitFor((all) => !all.some(({ description }) => description.startsWith("current")));
    await notebook.clickCodeLens(2, "Restore state here");
    const question = await workbench.dialog();
    await workbench.screenshot("replay-question");
    assert.match(question.message, /cells have to be run again/);
    assert.match(question.detail, /import sqlite3 \(its code has sqlite3\)/);
    assert.deepEqual(question.buttons.toSorted(), ["Cancel", "Restore the Rest", "Run Cells Again"]);
    await workbench.answerDialog("Restore the Rest");
    await timeline.waitForHead("import sqlite3");
    await workbench.waitForNotification(/Restored the state after .*, except for/);
    await workbench.clearNotifications();
    const probe = await Probe.addTo(notebook);
    assert.equal(await probe.print('a, b is a, "store" in globals(), "stream" in globals()'), "[1, 2] True False False");

    await notebook.clickCodeLens(2, "Restore state here");
    await workbench.answerDialog("Run Cells Again");
    await timeline.waitForHead("import sqlite3");
    const asked = 'store.execute("select 6 * 7").fetchall(), next(stream), b is a';
    assert.equal(await probe.print(asked), "[(42,)] 10 True");

    // Nothing to ask about: the generator comes back at once, at its beginning.
    await notebook.clickCodeLens(1, "Restore state here");
    await timeline.waitForHead("stream =");
    assert.equal(await probe.print('list(stream), "store" in globals()'), "[1, 2] False");
  },
  { userSettings: allowed },
);

scenario(
  "a restore has its place between the cells that were started before and after it",
  async ({ server, workbench }) => {
    writeNotebook(server.workspace, "limits.ipynb", "x = 1", "x = 2\nimport time\ntime.sleep(8)", "y = 7");
    const timeline = new Timeline(workbench);
    const notebook = await workbench.openNotebook("limits.ipynb");
    await timeline.open();
    await workbench.runCommand("Kishu: Start Recording");
    await workbench.waitForNotification(/Recording begins/);
    await workbench.clearNotifications();
    await notebook.runCell(0);
    await timeline.waitForHead("x = 1");

    await notebook.clickRun(1);
    await until("the cell runs", async () => (await notebook.cell(1)).outcome === "running");
    await timeline.restore("Recording began");
    await workbench.waitForNotification(/waiting for the cells that are running/);
    await notebook.clickRun(2);
    assert.equal((await notebook.cell(1)).outcome, "running", "all of it was clicked while the cell ran");
    await timeline.waitForHead("y = 7");
    const probe = await Probe.addTo(notebook);
    assert.equal(await probe.print('globals().get("y"), "x" in globals()'), "7 False");

    // Two at once: the running cell is undone, then the probe.
    await notebook.clickRun(1);
    await until("the cell runs", async () => (await notebook.cell(1)).outcome === "running");
    await workbench.runCommand("Kishu: Undo Last Cell");
    await workbench.runCommand("Kishu: Undo Last Cell");
    await notebook.clickRun(2);
    assert.equal((await notebook.cell(1)).outcome, "running", "all of it was clicked while the cell ran");
    await timeline.waitForHead("y = 7");
    assert.equal(await probe.print('y, "x" in globals()'), "7 False");

    // Recording is paused at once, and in the kernel behind what was started.
    await notebook.clickRun(1);
    await until("the cell runs", async () => (await notebook.cell(1)).outcome === "running");
    await workbench.runCommand("Kishu: Stop Recording");
    await until("paused", () => timeline.message(), (text) => text.includes("paused"));
    await workbench.page.getByText("Recording stops when the cells that were started have ended").waitFor();
    assert.equal((await notebook.cell(1)).outcome, "running");
    const rows = await timeline.waitFor((all) => all[0]?.label === "x = 2");
    await notebook.runCell(2);
    await notebook.runCell(0);
    assert.equal((await timeline.rows()).length, rows.length);
  },
  { userSettings: allowed },
);

scenario(
  "a restore waits for the cells that run, and a restart takes it away with a word",
  async ({ server, workbench }) => {
    writeNotebook(server.workspace, "limits.ipynb", "x = 1", "x = 2\nimport time\ntime.sleep(6)", "x = 3\nimport time\ntime.sleep(60)");
    const timeline = new Timeline(workbench);
    const notebook = await workbench.openNotebook("limits.ipynb");
    await timeline.open();
    await workbench.runCommand("Kishu: Start Recording");
    await workbench.waitForNotification(/Recording begins/);
    await workbench.clearNotifications();
    await notebook.runCell(0);
    await timeline.waitForHead("x = 1");
    await notebook.runCell(0);
    await timeline.waitFor((rows) => rows.length === 3);

    await notebook.clickRun(1);
    await until("the cell runs", async () => (await notebook.cell(1)).outcome === "running");
    await timeline.restore("Recording began");
    await workbench.waitForNotification(/waiting for the cells that are running/);
    await workbench.screenshot("waiting");
    await timeline.waitForHead("Recording began");
    assert.equal((await timeline.rows())[0]?.label, "x = 2", "what ran before is recorded first");

    await notebook.clickRun(2);
    await until("the cell runs", async () => (await notebook.cell(2)).outcome === "running");
    await timeline.restore("x = 2");
    await workbench.waitForNotification(/waiting for the cells that are running/);
    await workbench.runCommand("Jupyter: Restart Kernel");
    await workbench.waitForNotification(/Not restored. The kernel was/);
  },
  { userSettings: allowed },
);
