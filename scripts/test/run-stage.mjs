import { spawn } from "node:child_process";

import { root } from "../lib/paths.mjs";

/**
 * @typedef {object} Outcome
 * @property {import("./stages.mjs").Stage} stage
 * @property {number} passed
 * @property {number} failed
 * @property {number} seconds
 * @property {readonly string[]} summary the runner's own closing lines
 */

/**
 * Runs one command in the open and keeps what it printed.
 *
 * @param {import("./stages.mjs").Command} command
 * @returns {Promise<{output: string, ok: boolean}>}
 */
async function runShown([program, ...args]) {
  const child = spawn(program, args, {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    shell: process.platform === "win32",
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8");
    stream.on("data", (/** @type {string} */ text) => {
      output += text;
      process.stdout.write(text);
    });
  }
  /** @type {boolean} */
  const ok = await new Promise((resolve) => {
    child.once("error", (error) => {
      console.error(`${program} could not be started: ${error.message}`);
      resolve(false);
    });
    child.once("close", (code) => {
      resolve(code === 0);
    });
  });
  return { output, ok };
}

/**
 * @param {import("./stages.mjs").Stage} stage
 * @returns {Promise<Outcome>}
 */
export async function runStage(stage) {
  console.log(`\n== ${stage.title} ==\n`);
  const began = performance.now();
  let ok = true;
  let output = "";
  for (const command of stage.commands()) {
    const ran = await runShown(command);
    ok &&= ran.ok;
    output += ran.output;
  }
  const counts = stage.count?.(output);
  // A stage without tests, or one that broke off before its summary, counts as one.
  const failed = Math.max(counts?.failed ?? 0, ok ? 0 : 1);
  return {
    stage,
    passed: counts?.passed ?? (ok ? 1 : 0),
    failed,
    seconds: (performance.now() - began) / 1000,
    summary: counts?.lines ?? [],
  };
}
