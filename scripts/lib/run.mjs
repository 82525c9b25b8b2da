import { spawn } from "node:child_process";
import { createWriteStream, mkdirSync, readFileSync } from "node:fs";
import path from "node:path";

import { logs } from "./paths.mjs";

/** A command that ended with an error: carries what a person needs to see of it. */
export class CommandFailed extends Error {
  /**
   * @param {string} command
   * @param {string} reason
   * @param {string} tail the last lines that the command printed
   * @param {string} log
   */
  constructor(command, reason, tail, log) {
    super(`${command} ${reason}`);
    this.name = "CommandFailed";
    this.tail = tail;
    this.log = log;
  }
}

/**
 * Runs a command quietly: its output goes to a file under .cache/logs, and into the error if it fails.
 *
 * @param {string} name of the log file
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{cwd?: string, env?: NodeJS.ProcessEnv}} [options]
 * @returns {Promise<void>}
 */
export async function runLogged(name, command, args, options = {}) {
  mkdirSync(logs, { recursive: true });
  const file = path.join(logs, `${name}.log`);
  const stream = createWriteStream(file, { flags: "a" });
  const shown = [path.basename(command), ...args].join(" ");
  stream.write(`\n$ ${shown}\n`);
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: options.env ?? process.env,
    stdio: ["ignore", "pipe", "pipe"],
    // npm is a .cmd file on Windows, which only a shell can start.
    shell: process.platform === "win32" && command === "npm",
  });
  child.stdout.pipe(stream, { end: false });
  child.stderr.pipe(stream, { end: false });
  /** @type {string} */
  const reason = await new Promise((resolve) => {
    child.once("error", (error) => {
      resolve(`could not be started: ${error.message}`);
    });
    child.once("close", (code, signal) => {
      resolve(code === 0 ? "" : `ended with ${signal ?? `exit code ${String(code)}`}`);
    });
  });
  await new Promise((resolve) => {
    stream.end(resolve);
  });
  if (reason !== "") {
    const printed = readFileSync(file, "utf8").split(`$ ${shown}\n`).at(-1) ?? "";
    throw new CommandFailed(shown, reason, printed.trimEnd().split("\n").slice(-15).join("\n"), file);
  }
}
