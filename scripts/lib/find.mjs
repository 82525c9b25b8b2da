import { spawnSync } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import path from "node:path";

/**
 * Where a program is on the PATH.
 *
 * @param {string} program
 * @param {string} [searchPath]
 * @returns {string | undefined}
 */
export function which(program, searchPath = process.env["PATH"] ?? "") {
  const endings = process.platform === "win32" ? [".exe", ".cmd", ".bat"] : [""];
  for (const folder of searchPath.split(path.delimiter)) {
    for (const ending of endings) {
      const file = path.join(folder, program + ending);
      try {
        accessSync(file, constants.X_OK);
        if (folder !== "" && statSync(file).isFile()) {
          return file;
        }
      } catch {
        // not in this folder
      }
    }
  }
  return undefined;
}

/**
 * The first program among some that runs with these arguments; what it printed comes with it.
 *
 * @param {readonly string[]} candidates names or paths
 * @param {readonly string[]} args
 * @returns {{command: string, output: string} | undefined}
 */
export function firstThatRuns(candidates, args) {
  for (const command of candidates) {
    const found = spawnSync(command, args, { encoding: "utf8", timeout: 30_000 });
    if (found.status === 0) {
      return { command, output: found.stdout.trim() };
    }
  }
  return undefined;
}

/**
 * A Chromium or Chrome that playwright-core can drive. KISHU_CHROMIUM names another one.
 *
 * @returns {string | undefined}
 */
export function findChromium() {
  const named = process.env["KISHU_CHROMIUM"];
  if (named !== undefined && named !== "") {
    return named;
  }
  const onPath = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome"]
    .map((name) => which(name))
    .filter((file) => file !== undefined);
  const programFiles = process.env["PROGRAMFILES"] ?? "C:\\Program Files";
  const elsewhere = [
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    path.join(programFiles, "Google", "Chrome", "Application", "chrome.exe"),
  ].filter((file) => {
    try {
      return statSync(file).isFile();
    } catch {
      return false;
    }
  });
  return [...onPath, ...elsewhere][0];
}
