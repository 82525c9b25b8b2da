import { spawn, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/**
 * A program with everything that it starts. Kernels leave their parent's process group and, when the parent dies
 * first, its tree as well, so on Linux the family is known by a mark that every member inherits in its environment.
 */
const markName = "KISHU_FAMILY";

/** @typedef {{pid: number, parent: number}} Running */

/** @returns {Running[]} every process of this machine with its parent */
function allProcesses() {
  if (process.platform === "win32") {
    return [];
  }
  const listed = spawnSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" });
  return listed.stdout
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number))
    .flatMap(([pid, parent]) => (pid === undefined || parent === undefined ? [] : [{ pid, parent }]));
}

/**
 * @param {string} mark
 * @returns {number[]}
 */
function markedProcesses(mark) {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const state = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1) ?? "";
        return (
          !state.startsWith("Z") &&
          readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(`${markName}=${mark}`)
        );
      } catch {
        return false; // it has ended, or is somebody else's
      }
    })
    .map(Number);
}

/**
 * @param {number} ancestor
 * @returns {number[]} the process and its descendants
 */
function treeOf(ancestor) {
  const all = allProcesses();
  const found = [ancestor];
  for (const pid of found) {
    found.push(...all.filter((running) => running.parent === pid).map((running) => running.pid));
  }
  return found;
}

/**
 * @param {readonly number[]} pids
 * @param {NodeJS.Signals} signal
 */
function signalAll(pids, signal) {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // it has ended
    }
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** @type {Set<Family>} */
const running = new Set();
let watching = false;

/** Nothing that was started outlives this process, however it ends (but by SIGKILL, which nobody can answer). */
function watchThisProcess() {
  if (watching) {
    return;
  }
  watching = true;
  process.once("exit", () => {
    for (const family of running) {
      signalAll(family.members(), "SIGKILL");
    }
  });
  for (const [signal, code] of /** @type {const} */ ([["SIGHUP", 129], ["SIGINT", 130], ["SIGTERM", 143]])) {
    process.once(signal, () => {
      void Promise.all([...running].map((family) => family.end())).finally(() => {
        process.exit(code);
      });
    });
  }
}

export class Family {
  #mark = randomUUID();
  /** @type {import("node:child_process").ChildProcess} */
  #child;
  /** Whether it was asked to end. */
  ending = false;

  /**
   * @param {string} command
   * @param {readonly string[]} args
   * @param {{cwd?: string, env: NodeJS.ProcessEnv, output: import("node:fs").WriteStream}} options
   */
  constructor(command, args, options) {
    this.#child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...options.env, [markName]: this.#mark },
      stdio: ["ignore", "pipe", "pipe"],
      // A group of its own: the terminal's Ctrl+C then reaches this program alone, which ends the family in order.
      detached: process.platform !== "win32",
    });
    watchThisProcess();
    running.add(this);
    this.#child.stdout?.pipe(options.output, { end: false });
    this.#child.stderr?.pipe(options.output, { end: false });
    /** Settles when the first process has ended or could not be started; says how. */
    this.ended = new Promise((/** @type {(how: string) => void} */ resolve) => {
      this.#child.once("error", (error) => {
        resolve(error.message);
      });
      this.#child.once("exit", (code, signal) => {
        resolve(signal ?? `exit code ${String(code)}`);
      });
    });
  }

  /** @returns {number[]} */
  members() {
    const pid = this.#child.pid;
    if (process.platform === "linux") {
      return markedProcesses(this.#mark);
    }
    return pid === undefined ? [] : treeOf(pid).filter(isAlive);
  }

  /** Ends every member: asks first, and after three seconds no longer. */
  async end() {
    this.ending = true;
    const pid = this.#child.pid;
    if (process.platform === "win32" && pid !== undefined) {
      spawnSync("taskkill", ["/pid", String(pid), "/t", "/f"]);
      running.delete(this);
      return;
    }
    // Taken before anybody ends: elsewhere than on Linux an orphan can no longer be found by its parent.
    const known = this.members();
    const left = () => (process.platform === "linux" ? this.members() : known.filter(isAlive));
    signalAll(known, "SIGTERM");
    const deadline = performance.now() + 3000;
    while (left().length > 0 && performance.now() < deadline) {
      await delay(50);
    }
    while (left().length > 0) {
      signalAll(left(), "SIGKILL");
      await delay(20);
    }
    running.delete(this);
  }
}
