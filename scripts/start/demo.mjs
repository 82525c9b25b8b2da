import { cpSync, existsSync } from "node:fs";
import path from "node:path";

import { cache, demoFixture, root, venvPython } from "../lib/paths.mjs";
import { CommandFailed, runLogged } from "../lib/run.mjs";

const folder = path.join(cache, "demo");

/**
 * A copy of the demo to play with, kept from one start to the next with its history.
 *
 * @returns {Promise<import("../start.mjs").Opened>}
 */
export async function prepareDemo() {
  const notebook = path.join(folder, "demo.ipynb");
  if (!existsSync(notebook)) {
    cpSync(demoFixture, folder, { recursive: true });
  }
  if (!existsSync(path.join(folder, ".kishu"))) {
    try {
      await runLogged("demo", venvPython, ["-m", "kishu_agent", "init", folder], { cwd: root });
    } catch (error) {
      if (!(error instanceof CommandFailed)) {
        throw error;
      }
      console.error(`recording is off: ${error.message}\n${error.tail}`);
    }
  }
  return { folder, notebook };
}
