import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";

import { cache, extensionFolder, root, venvPython } from "../lib/paths.mjs";
import { runLogged } from "../lib/run.mjs";
import { settingsFor } from "../lib/settings.mjs";
import { VsCodeServer, copyExtension } from "../lib/vscode.mjs";
import { provideJupyter } from "./jupyter.mjs";

const userData = path.join(cache, "start", "user-data");
const extensions = path.join(cache, "start", "extensions");

/**
 * What the person changed in the settings of an earlier start wins over ours.
 *
 * @returns {Record<string, unknown> | undefined} undefined when their file is to be left as it is
 */
function settings() {
  const ours = settingsFor(venvPython);
  try {
    /** @type {unknown} */
    const theirs = JSON.parse(readFileSync(path.join(userData, "User", "settings.json"), "utf8"));
    return { ...ours, ...(typeof theirs === "object" ? theirs : {}) };
  } catch (error) {
    // A file with comments is the person's own work.
    return error instanceof SyntaxError ? undefined : ours;
  }
}

/**
 * Serves VS Code on this machine until Ctrl+C.
 *
 * @param {import("../start.mjs").Opened} opened
 * @param {number | undefined} port
 * @returns {Promise<void>}
 */
export async function startServed(opened, port) {
  mkdirSync(extensions, { recursive: true });
  await runLogged("build", "npm", ["run", "build", "-w", path.relative(root, extensionFolder)], { cwd: root });
  const jupyter = await provideJupyter(userData, extensions);
  copyExtension(extensionFolder, extensions);

  const temporary = mkdtempSync(path.join(os.tmpdir(), "kishu-"));
  process.once("exit", () => rmSync(temporary, { recursive: true, force: true }));
  const chosen = settings();
  const server = await VsCodeServer.start({
    ...{ userData, extensions, temporary },
    ...(port !== undefined && { port }),
    ...(chosen !== undefined && { settings: chosen }),
  });
  const { folder, notebook } = opened;
  const url = server.windowUrl(folder, notebook === undefined ? [] : [["openFile", server.remoteUri(notebook)]]);
  console.log(`
  folder    ${path.relative(process.cwd(), folder) || folder}
  kernels   with ${jupyter}
  open      ${url}

Ctrl+C ends VS Code and its kernels.`);
  const how = await server.ended;
  if (server.family.ending) {
    return; // by Ctrl+C
  }
  throw new Error(`VS Code's server has ended (${how}); its output is in ${server.log}`);
}
