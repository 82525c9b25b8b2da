import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import path from "node:path";

import { codeServer, node24, root, standInFolder } from "../lib/paths.mjs";
import { runLogged } from "../lib/run.mjs";
import { copyExtension } from "../lib/vscode.mjs";

/** Long enough for a slow connection to the gallery, short enough for one that never answers. */
const galleryPatience = 60_000;

/** @param {string} extensions */
function installed(extensions) {
  // The stand-in has the same id and a version below every release of the real one.
  return readdirSync(extensions).some((name) => /^ms-toolsai\.jupyter-(?!0\.)\d/.test(name));
}

/**
 * @param {string} userData
 * @param {string} extensions
 * @returns {Promise<boolean>} whether the gallery gave the extension and what it needs to find Python
 */
async function installFromGallery(userData, extensions) {
  const ids = ["ms-toolsai.jupyter", "ms-python.python"];
  const folders = ["--user-data-dir", userData, "--extensions-dir", extensions];
  const args = [codeServer.entry, ...folders, ...ids.flatMap((id) => ["--install-extension", id])];
  const child = spawn(node24.binary, args, { stdio: "ignore", timeout: galleryPatience });
  return new Promise((resolve) => {
    child.once("error", () => resolve(false));
    child.once("close", (code) => resolve(code === 0 && installed(extensions)));
  });
}

/**
 * Puts a Jupyter extension into the extensions folder: the real one if it can be had, else the tests' stand-in.
 *
 * @param {string} userData
 * @param {string} extensions
 * @returns {Promise<string>} which one, for the person
 */
export async function provideJupyter(userData, extensions) {
  if (installed(extensions) || (await installFromGallery(userData, extensions))) {
    return "the Jupyter extension (ms-toolsai.jupyter)";
  }
  await runLogged("build", "npm", ["run", "build", "-w", path.relative(root, standInFolder)], { cwd: root });
  copyExtension(standInFolder, extensions);
  return "the tests' stand-in for the Jupyter extension, since the extension gallery did not give the real one";
}
