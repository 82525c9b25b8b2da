import { spawnSync } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the extension. */
export const home = path.resolve(fileURLToPath(import.meta.url), "..", "..");
export const root = path.dirname(home);

/**
 * Runs a command in the open; a failure ends this program.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {string} cwd
 */
export function run(command, args, cwd) {
  // npm is a .cmd file on Windows, which only a shell can start.
  const shell = process.platform === "win32" && command === "npm";
  const { status, error } = spawnSync(command, args, { cwd, stdio: "inherit", shell });
  if (status !== 0) {
    console.error(`${[command, ...args].join(" ")} failed${error === undefined ? "" : `: ${error.message}`}`);
    process.exit(1);
  }
}
