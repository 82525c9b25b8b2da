import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, before } from "node:test";

import { extensionFolder, venvPython } from "../../scripts/lib/paths.mjs";
import { until } from "../workbench/until.ts";
import { scenario } from "../workbench/scenario.ts";
import { Timeline, allowed } from "./kishu.ts";

const LOAD = 3;

const environment = mkdtempSync(path.join(os.tmpdir(), "kishu-env-"));
const python = path.join(environment, "bin", "python");
const withoutPip = path.join(environment, "without-pip", "bin", "python");
const settings = { ...allowed, "jupyter.runStartupCommands": [] };

before(() => {
  execFileSync(process.execPath, [path.join(extensionFolder, "scripts", "wheel.mjs")], { stdio: "ignore" });
  makeEnvironment(environment, []);
  makeEnvironment(path.join(environment, "without-pip"), ["--without-pip"]);
});

after(() => {
  rmSync(environment, { recursive: true, force: true });
});

/** All packages of the project's own environment but the agent, so that nothing has to be downloaded. */
function makeEnvironment(folder: string, options: readonly string[]): void {
  execFileSync(venvPython, ["-m", "venv", ...options, folder]);
  const program = "import sysconfig; print(sysconfig.get_paths()['purelib'])";
  const sitePackages = (of: string): string => execFileSync(of, ["-c", program], { encoding: "utf8" }).trim();
  const source = sitePackages(venvPython);
  const target = sitePackages(path.join(folder, "bin", "python"));
  const isLeftOut = (name: string): boolean => /kishu|^pip\b|\.pth$/.test(name) || existsSync(path.join(target, name));
  for (const name of readdirSync(source).filter((entry) => !isLeftOut(entry))) {
    symlinkSync(path.join(source, name), path.join(target, name));
  }
}

scenario(
  "a kernel without the agent gets the one that the extension carries",
  async ({ workbench }) => {
    const timeline = new Timeline(workbench);
    const notebook = await workbench.openNotebook("demo.ipynb");
    await timeline.open();
    await workbench.runCommand("Kishu: Start Recording");
    await workbench.answerDialog("Record Without It");
    await workbench.waitForNotification(/Recording begins/);
    await workbench.clearNotifications();
    await notebook.clickRun(LOAD);
    const offer = await workbench.waitForNotification(/lacks the Python package kishu-agent/);
    assert.deepEqual(offer.buttons, ["Install Agent"]);
    await until("the welcome text", () => timeline.welcome(), (text) => text.includes("Install Agent"));
    await workbench.screenshot("no-agent");

    await workbench.answerNotification(/lacks the Python package/, "Install Agent");
    await until("the agent records", async () => {
      const rows = await timeline.rows();
      const text = await timeline.welcome();
      return rows.length > 0 || text.includes("Recording. Run a cell");
    });
    await notebook.runCell(1);
    await timeline.waitForHead("import numpy");
  },
  { userSettings: { ...settings, "jupyterStandIn.python": python } },
);

scenario(
  "an installation that fails shows the command to run by hand",
  async ({ workbench }) => {
    const notebook = await workbench.openNotebook("demo.ipynb");
    await workbench.runCommand("Kishu: Install Agent");
    await workbench.waitForNotification(/not installed. This notebook has no kernel yet/);
    await workbench.clearNotifications();
    await notebook.clickRun(LOAD);
    await until("it has run", async () => (await notebook.cell(LOAD)).outcome === "error");
    await workbench.runCommand("Kishu: Install Agent");
    const shown = await workbench.waitForNotification(/The agent was not installed: .*No module named pip/);
    assert.match(shown.message, /python -m pip install --upgrade .*kishu_agent-.*\.whl/);
    assert.deepEqual(shown.buttons, ["Copy Command", "Show Log"]);
  },
  { userSettings: { ...settings, "jupyterStandIn.python": withoutPip } },
);
