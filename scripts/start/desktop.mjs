import { spawn, spawnSync } from "node:child_process";
import path from "node:path";

import { which } from "../lib/find.mjs";
import { extensionFolder, root, venv, venvBin } from "../lib/paths.mjs";
import { runLogged } from "../lib/run.mjs";

const jupyter = "ms-toolsai.jupyter";

/**
 * Opens the folder in a development window of the VS Code that is installed here, and waits until it is closed.
 *
 * @param {import("../start.mjs").Opened} opened
 * @returns {Promise<void>}
 */
export async function startDesktop(opened) {
  const code = ["code", "code-insiders", "codium"].map((name) => which(name)).find((file) => file !== undefined);
  if (code === undefined) {
    throw new Error(
      "no installed VS Code was found: its command `code` must be on the PATH (in VS Code: Shell Command: Install " +
        "'code' command in PATH), or leave out --desktop.",
    );
  }
  const shell = process.platform === "win32";
  await runLogged("build", "npm", ["run", "build", "-w", path.relative(root, extensionFolder)], { cwd: root });
  const listed = spawnSync(code, ["--list-extensions"], { encoding: "utf8", shell });
  if (!listed.stdout.split(/\r?\n/).includes(jupyter)) {
    await runLogged("desktop", code, ["--install-extension", jupyter]);
  }
  const { folder, notebook } = opened;
  const args = ["--new-window", "--wait", `--extensionDevelopmentPath=${extensionFolder}`, folder];
  console.log(`\n  folder    ${folder}\n  kernels   with the Jupyter extension of ${code}\n\nClose the window to end.`);
  const child = spawn(code, notebook === undefined ? args : [...args, notebook], {
    stdio: "inherit",
    env: { ...process.env, PATH: [venvBin, process.env["PATH"] ?? ""].join(path.delimiter), VIRTUAL_ENV: venv },
    shell,
  });
  await new Promise((resolve) => child.once("close", resolve));
}
