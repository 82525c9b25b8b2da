import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { cache } from "./paths.mjs";

const file = path.join(cache, "setup.lock");

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** @returns {number | undefined} the process that holds the lock; undefined when this one now does */
function take() {
  try {
    writeFileSync(file, String(process.pid), { flag: "wx" });
    return undefined;
  } catch {
    const holder = Number(readFileSync(file, "utf8"));
    if (Number.isInteger(holder) && holder > 0 && isAlive(holder)) {
      return holder;
    }
    // Left behind by a set-up that was killed.
    rmSync(file, { force: true });
    return take();
  }
}

/**
 * Runs something while no other set-up works on the same folders: `npm start` and `npm test` may be begun together.
 *
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function alone(work) {
  mkdirSync(cache, { recursive: true });
  let holder = take();
  if (holder !== undefined) {
    console.log(`set-up  waiting for another set-up (process ${String(holder)}) ...`);
  }
  while (holder !== undefined) {
    await delay(500);
    holder = take();
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}
