import assert from "node:assert/strict";

import { until } from "../workbench/until.ts";
import { scenario } from "../workbench/scenario.ts";
import { Probe, Timeline, allowed, writeNotebook } from "./kishu.ts";

scenario(
  "a variable that has no stored form is shown as such, and the others come back without it",
  async ({ server, workbench }) => {
    writeNotebook(server.workspace, "limits.ipynb", "a = [1, 2]", "stream = (n for n in a)\nb = a", "a.append(3)");
    const timeline = new Timeline(workbench);
    const notebook = await workbench.openNotebook("limits.ipynb");
    await timeline.open();
    await workbench.runCommand("Kishu: Start Recording");
    await workbench.waitForNotification(/Recording begins/);
    await workbench.clearNotifications();
    await notebook.runAll(2);
    const rows = await timeline.waitFor((all) => all.length === 4);
    assert.deepEqual([rows[1]?.label, rows[1]?.icon], ["stream = (n for n in a)", "warning"]);
    await timeline.waitForHead("a.append(3)");

    await workbench.runCommand("Jupyter: Restart Kernel");
    await timeline.waitFor((all) => !all.some(({ description }) => description.startsWith("current")));
    await notebook.clickCodeLens(1, "Restore state here");
    const refused = await workbench.waitForNotification(/stream cannot be brought back/);
    assert.deepEqual([refused.severity, refused.buttons], ["warning", ["Restore the Rest"]]);
    await workbench.screenshot("not-restorable");
    await workbench.answerNotification(/stream cannot be brought back/, "Restore the Rest");
    await timeline.waitForHead("stream =");
    await workbench.waitForNotification(/Restored the state after .*, except for stream/);
    await workbench.clearNotifications();
    const probe = await Probe.addTo(notebook);
    assert.equal(await probe.print('a, b is a, "stream" in globals()'), "[1, 2] True False");
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
