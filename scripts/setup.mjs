/**
 * Installs what the project needs into its own folder, once: a Python environment, the npm packages, VS Code as a
 * server with the Node that it wants, and (with permission) a browser from the system's packages.
 *
 *     node scripts/setup.mjs [STEP ...]      all steps when none is named
 */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { alone } from "./lib/lock.mjs";
import { SetupFailed, makeSteps } from "./lib/steps.mjs";
import { browserStep, toolchainStep } from "./setup/system.mjs";
import { codeServerStep, nodeStep } from "./setup/code-server.mjs";
import { npmStep } from "./setup/npm.mjs";
import { pythonStep } from "./setup/python.mjs";

const steps = [pythonStep, npmStep, nodeStep, toolchainStep, codeServerStep, browserStep];

/**
 * @param {readonly string[]} [wanted] names of steps; all when empty
 * @returns {Promise<void>}
 */
export async function setUp(wanted = []) {
  await alone(() => makeSteps(steps, wanted.length > 0 ? wanted : steps.map((step) => step.name)));
}

const script = process.argv[1];
if (script !== undefined && existsSync(script) && fileURLToPath(import.meta.url) === script) {
  const wanted = process.argv.slice(2);
  const unknown = wanted.filter((name) => !steps.some((step) => step.name === name));
  if (unknown.length > 0) {
    console.log(`usage: node scripts/setup.mjs [${steps.map((step) => step.name).join("] [")}]`);
    process.exitCode = wanted.includes("--help") ? 0 : 2;
  } else {
    try {
      await setUp(wanted);
      console.log("set-up  ready");
    } catch (error) {
      if (!(error instanceof SetupFailed)) {
        throw error;
      }
      console.error(error.message);
      process.exitCode = 1;
    }
  }
}
