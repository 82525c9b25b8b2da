import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";

import { venvPython } from "../../scripts/lib/paths.mjs";
import { openWorkbench, type Workbench } from "../workbench/workbench.ts";
import { until } from "../workbench/until.ts";
import { scenario } from "../workbench/scenario.ts";
import { Timeline, allowed } from "./kishu.ts";

/** Positions in the demo notebook, Markdown included. */
const IMPORTS = 1;
const LOAD = 3;

scenario("a notebook without a place for a history says so", async ({ workbench }) => {
  const timeline = new Timeline(workbench);
  await timeline.open();
  await until("no notebook", () => timeline.welcome(), (text) => text.includes("Open a Jupyter notebook"));
  await workbench.runCommand("Create: New Jupyter Notebook");
  await until("not saved", () => timeline.welcome(), (text) => text.includes("save it first"));
  await workbench.runCommand("Kishu: Start Recording");
  await workbench.waitForNotification(/Save this notebook first/);
});

scenario(
  "recording is agreed to once, asks for the kernel, and can be paused",
  async ({ server, workbench }) => {
    const settings = path.join(server.home, "..", "user", "User", "settings.json");
    const timeline = new Timeline(workbench);
    const notebook = await workbench.openNotebook("demo.ipynb");
    await timeline.open();

    await workbench.runCommand("Kishu: Start Recording");
    const question = await workbench.answerDialog("Cancel");
    assert.match(question.detail, /adds one line to your user setting “jupyter.runStartupCommands”/);
    assert.match(question.detail, /To remove it again/);
    assert.ok(!existsSync(path.join(server.workspace, ".kishu")));

    await workbench.runCommand("Kishu: Start Recording");
    await workbench.answerDialog("Add the Line");
    await workbench.waitForNotification(/Recording begins with the next cell/);
    assert.deepEqual(readdirSync(path.join(server.workspace, ".kishu")), ["format.json"]);
    await until("the setting", () => read(settings), (text) => text.includes("autostart(globals())"));
    assert.ok((await read(settings)).includes('"import math as mine"'), "what was there stays");

    await notebook.clickRun(LOAD);
    const access = await workbench.answerDialog("Allow");
    assert.match(access.message, /Kernel access to the extension Kishu/);
    const rows = await timeline.waitFor((all) => all.length === 2);
    assert.deepEqual([rows[0]?.icon, rows[1]?.label], ["circle-filled", "Recording began"]);
    assert.match(rows[0]?.description ?? "", /NameError/);

    await workbench.runCommand("Kishu: Stop Recording");
    await until("paused", () => timeline.message(), (text) => text.includes("paused"));
    await notebook.runCell(IMPORTS);
    await workbench.runCommand("Kishu: Start Recording");
    await timeline.waitFor((all) => all.length === 3 && all[0]?.label === "Recording began");

    // The line can be taken out again where it was put in.
    await workbench.runCommand("Kishu: Record from the Start of Kernels...");
    await workbench.answerNotification(/has Kishu's line/, "Remove the Line");
    await until("the setting", () => read(settings), (text) => !text.includes("autostart(globals())"));
    assert.ok((await read(settings)).includes('"import math as mine"'));
  },
  { userSettings: { "jupyter.runStartupCommands": "import math as mine" } },
);

scenario(
  "without access to the kernel nothing is recorded, and the way back is shown",
  async ({ workbench }) => {
    const timeline = new Timeline(workbench);
    const notebook = await workbench.openNotebook("demo.ipynb");
    await timeline.open();
    await workbench.runCommand("Kishu: Start Recording");
    await workbench.answerDialog("Record Without It");
    await workbench.waitForNotification(/Recording begins/);
    await notebook.clickRun(LOAD);
    await until("denied", () => timeline.welcome(), (text) => text.includes("Manage Access"));
    await workbench.screenshot("access-denied");
    await workbench.runCommand("Kishu: Start Recording");
    const shown = await workbench.waitForNotification(/Not recording. Kishu has no access/);
    assert.deepEqual(shown.buttons, ["Manage Access"]);
  },
  // Without the line, so that nothing is recorded by itself.
  { userSettings: { "jupyterStandIn.access": "deny", "jupyter.runStartupCommands": [] } },
);

scenario(
  "access that is given back holds at once",
  async ({ workbench }) => {
    const timeline = new Timeline(workbench);
    const notebook = await workbench.openNotebook("demo.ipynb");
    await timeline.open();
    await workbench.runCommand("Kishu: Start Recording");
    await workbench.answerDialog("Record Without It");
    await workbench.waitForNotification(/Recording begins/);
    await workbench.clearNotifications();

    // From the timeline's button, after a question that was cancelled.
    await notebook.clickRun(IMPORTS);
    await workbench.dialog();
    await until("the question is open", () => timeline.welcome(), (text) => text.includes("when the kernel answers"));
    await workbench.answerDialog("Cancel");
    await until("denied", () => timeline.welcome(), (text) => text.includes("Manage Access"));
    await (await workbench.view("Timeline")).getByText("Manage Access").click();
    await chooseAccess(workbench, true);
    await timeline.waitForHead("Recording began");

    // What was recorded stays in sight; the kernel's agent goes on by itself.
    await notebook.runCell(LOAD);
    await timeline.waitForHead("raw = load_wine");
    await workbench.runCommand("Kishu: Manage Access to Kernels");
    await chooseAccess(workbench, false);
    await until("said", () => timeline.message(), (text) => text.startsWith("Recording goes on in the kernel"));
    await notebook.runCell(IMPORTS);
    await timeline.waitForHead("import numpy");
    await workbench.screenshot("recording-without-access");

    // A kernel that is not recorded has no current state, though the killed one left a file.
    await workbench.runCommand("Jupyter: Restart Kernel");
    await notebook.runCell(IMPORTS);
    await until("said", () => timeline.message(), (text) => text.startsWith("Not recording: no access"));
    assert.ok((await timeline.rows()).every(({ icon }) => icon !== "circle-filled"));

    // By the Jupyter extension's own command: the next cell notices.
    await workbench.runCommand("Jupyter: Manage Access To Jupyter Kernels");
    await chooseAccess(workbench, true);
    await notebook.clickRun(LOAD);
    await timeline.waitForHead("Recording began");
  },
  { userSettings: { "jupyter.runStartupCommands": [] } },
);

scenario(
  "a kernel of another language is told apart",
  async ({ server, workbench }) => {
    const timeline = new Timeline(workbench);
    // The kernel says Julia and runs Python all the same.
    const cell = { cell_type: "code", source: "1 + 1", metadata: {}, outputs: [], execution_count: null, id: "one" };
    const metadata = { language_info: { name: "julia" }, kernelspec: { name: "julia", display_name: "Julia", language: "julia" } };
    const file = path.join(server.workspace, "julia.ipynb");
    writeFileSync(file, JSON.stringify({ cells: [cell], metadata, nbformat: 4, nbformat_minor: 5 }));
    const notebook = await workbench.openNotebook("julia.ipynb");
    await timeline.open();
    await notebook.runCell(0);
    await workbench.runCommand("Kishu: Start Recording");
    await workbench.answerDialog("Record Without It");
    await workbench.waitForNotification(/works with Python kernels. This one runs julia/);
    await until("told", () => timeline.welcome(), (text) => text.includes("another language"));
  },
  { userSettings: { ...allowed, "jupyterStandIn.language": "julia", "jupyter.runStartupCommands": [] } },
);

scenario(
  "something else at the place of the folder stops recording with a reason",
  async ({ server, workbench }) => {
    const timeline = new Timeline(workbench);
    const folder = path.join(server.workspace, ".kishu");
    writeFileSync(folder, "");
    await workbench.openNotebook("demo.ipynb");
    await timeline.open();
    await until("a file", () => timeline.welcome(), (text) => text.includes("not a history folder"));
    await workbench.runCommand("Kishu: Start Recording");
    await workbench.waitForNotification(/\.kishu is not a history folder. Rename or remove it/);
    await workbench.clearNotifications();

    execFileSync("rm", [folder]);
    mkdirSync(folder);
    writeFileSync(path.join(folder, "format.json"), '{"format":"kishu","version":7}\n');
    await until("a newer format", () => timeline.welcome(), (text) => text.includes("newer format"));
    await workbench.runCommand("Kishu: Start Recording");
    await workbench.waitForNotification(/format version 7, which this extension does not know/);
    await workbench.clearNotifications();

    // Nothing can be written through a link that leads nowhere; also the tests' user may be one who may write anywhere.
    execFileSync("rm", ["-r", folder]);
    symlinkSync(path.join(server.workspace, "gone", "nowhere"), folder);
    await until("no folder", () => timeline.welcome(), (text) => text.includes("Start Recording"));
    await workbench.runCommand("Kishu: Start Recording");
    await workbench.waitForNotification(/can't be written. Make the directory writable/);
  },
  { userSettings: allowed },
);

scenario(
  "damaged records are reported, and the others stay usable",
  async ({ server, workbench }) => {
    record(server.workspace);
    const checkpoints = path.join(server.workspace, ".kishu", "notebooks", "demo.ipynb", "checkpoints");
    const last = readdirSync(checkpoints)
      .map((name) => path.join(checkpoints, name))
      .find((file) => readFileSync(file, "utf8").includes("x = 2"));
    assert.ok(last);
    // Before the notebook is opened: whether the workbench tells of a change in place is not up to the extension.
    writeFileSync(last, readFileSync(last).subarray(0, 200));
    const timeline = new Timeline(workbench);
    await workbench.openNotebook("demo.ipynb");
    await timeline.open();
    const rows = await timeline.waitFor((all) => all.length === 4);
    assert.deepEqual(
      rows.map(({ label, icon }) => [label, icon]),
      [
        ["1 record is damaged", "warning"],
        ["x = 3", "question"],
        ["x = 1", "circle-outline"],
        ["Recording began", "record"],
      ],
    );
    assert.match(rows[1]?.description ?? "", /can't be restored/);
    await (await workbench.treeRow("Timeline", "1 record is damaged")).locator(".monaco-tl-twistie").click();
    await timeline.waitFor((all) => all[1]?.description.includes("truncated") === true);
    await workbench.screenshot("damaged");
  },
  { userSettings: allowed },
);

scenario(
  "in restricted mode the timeline can be read and nothing else",
  async ({ server, workbench }) => {
    record(server.workspace);
    const timeline = new Timeline(workbench);
    const notebook = await workbench.openNotebook("demo.ipynb");
    await timeline.open();
    await timeline.waitFor((rows) => rows.length === 4);
    assert.match(await timeline.message(), /Restricted mode/);
    assert.deepEqual(await notebook.codeLenses(IMPORTS), []);
    const row = await workbench.treeRow("Timeline", "x = 1");
    await row.hover();
    assert.equal(await row.locator(".action-label").count(), 0);
    await workbench.runCommand("Kishu: Restore State...");
    await workbench.pick("x = 1");
    await workbench.waitForNotification(/Restoring needs a trusted workspace/);
    await workbench.screenshot("restricted");
  },
  { userSettings: allowed, workspaceTrust: true },
);

scenario(
  "two windows on one notebook show one history, each with the place of its own kernel",
  async ({ server, browser, workbench }) => {
    const first = new Timeline(workbench);
    const notebook = await workbench.openNotebook("demo.ipynb");
    await first.open();
    await workbench.runCommand("Kishu: Start Recording");
    await workbench.waitForNotification(/Recording begins/);
    await notebook.runCell(IMPORTS);
    await notebook.runCell(LOAD);
    await first.waitForHead("raw = load_wine");

    const other = await openWorkbench(browser, server.url);
    const second = new Timeline(other);
    const sameNotebook = await other.openNotebook("demo.ipynb");
    await second.open();
    await second.waitFor((rows) => rows.length === 3 && rows.every(({ icon }) => icon !== "circle-filled"));
    await sameNotebook.runCell(IMPORTS);
    const rows = await second.waitFor((all) => all.length === 5);
    assert.equal(rows[0]?.label, "import numpy as np");
    await second.waitForHead("import numpy");
    await first.waitFor((all) => all.length === 5);
    await first.waitForHead("raw = load_wine");

    // A state that the other window recorded.
    await second.restore("raw = load_wine");
    await second.waitForHead("raw = load_wine");
    await other.close();
  },
  { userSettings: allowed },
);

/** Ticks Kishu in the open list of the Jupyter extension, or takes the tick away. */
async function chooseAccess(workbench: Workbench, allow: boolean): Promise<void> {
  const row = workbench.page.locator(".quick-input-list .monaco-list-row").filter({ hasText: "Kishu" });
  const box = row.locator('[role="checkbox"], input[type="checkbox"]').first();
  await row.waitFor();
  await box.setChecked(allow);
  await workbench.page.locator(".quick-input-widget").getByText("OK", { exact: true }).click();
  await row.waitFor({ state: "hidden" });
}

function read(file: string): Promise<string> {
  return readFile(file, "utf8");
}

/** A history as an earlier session left it: a start and three cells. */
function record(workspace: string): void {
  const program = `
import sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
import kishu_agent
session = kishu_agent.attach(sys.argv[1])
for code in ("x = 1", "x = 2", "x = 3"):
    shell.run_cell(code, store_history=True)
session.detach()`;
  execFileSync(venvPython, ["-c", program, path.join(workspace, "demo.ipynb")]);
}
