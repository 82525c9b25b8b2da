import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

import { cache } from "./paths.mjs";
import { CommandFailed } from "./run.mjs";

/**
 * One thing that the set-up makes.
 *
 * @typedef {object} Step
 * @property {string} name how the step is selected
 * @property {string} title what is shown
 * @property {readonly string[]} needs names of the steps that must be done before
 * @property {() => string} key changes when the step must be done again
 * @property {() => boolean} present whether its result is there at all
 * @property {() => Promise<void>} make
 * @property {string} advice what a person can do when it fails
 */

/** A step failed; what to do was printed with the failure. */
export class SetupFailed extends Error {
  /** @param {readonly string[]} steps */
  constructor(steps) {
    super(`set-up failed: ${steps.join(", ")}`);
    this.name = "SetupFailed";
  }
}

/**
 * @param {readonly string[]} parts
 * @returns {string}
 */
export function digest(parts) {
  return createHash("sha256").update(parts.join("\0")).digest("hex").slice(0, 16);
}

/**
 * @param {string} file
 * @returns {string} its text; empty when there is no such file
 */
export function textOf(file) {
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

/** @param {string} name */
const stampOf = (name) => path.join(cache, "stamps", name);

/** @param {Step} step */
const isDone = (step) => step.present() && textOf(stampOf(step.name)) === step.key();

/** @param {Step} step */
async function carryOut(step) {
  const began = performance.now();
  rmSync(stampOf(step.name), { force: true });
  console.log(`set-up  ${step.title} ...`);
  try {
    await step.make();
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    console.error(`set-up  ${step.title} failed: ${text}`);
    if (error instanceof CommandFailed) {
      console.error(`${error.tail.replace(/^/gm, "        | ")}\n        whole output: ${error.log}`);
    }
    console.error(`        what to do: ${step.advice}`);
    throw error;
  }
  // The key is taken again: npm may have written the lock file that it is made of.
  mkdirSync(path.dirname(stampOf(step.name)), { recursive: true });
  writeFileSync(stampOf(step.name), step.key());
  console.log(`set-up  ${step.title}: done in ${((performance.now() - began) / 1000).toFixed(1)} s`);
}

/**
 * Makes what is missing or out of date of the wanted steps and of those that they need; steps that do not need each
 * other run at the same time.
 *
 * @param {readonly Step[]} all
 * @param {readonly string[]} wanted
 * @returns {Promise<void>}
 */
export async function makeSteps(all, wanted) {
  /** @type {Map<string, Promise<boolean>>} */
  const started = new Map();
  /** @type {string[]} */
  const failed = [];

  /**
   * @param {string} name
   * @returns {Promise<boolean>} whether it was done
   */
  const start = (name) => {
    const running = started.get(name);
    if (running !== undefined) {
      return running;
    }
    const step = all.find((candidate) => candidate.name === name);
    if (step === undefined) {
      throw new RangeError(`there is no set-up step ${name}`);
    }
    const work = (async () => {
      if (isDone(step)) {
        return true;
      }
      const before = await Promise.all(step.needs.map(start));
      if (before.includes(false)) {
        failed.push(step.name);
        return false;
      }
      try {
        await carryOut(step);
        return true;
      } catch {
        failed.push(step.name);
        return false;
      }
    })();
    started.set(name, work);
    return work;
  };

  await Promise.all(wanted.map(start));
  if (failed.length > 0) {
    throw new SetupFailed(failed);
  }
}
