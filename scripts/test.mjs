/**
 * Everything that must hold before a change is taken, in one command. It goes on after a stage that fails.
 *
 *     npm test [-- --only STAGE[,STAGE...]]
 */
import { rmSync } from "node:fs";
import { parseArgs } from "node:util";

import { testOutput } from "./lib/paths.mjs";
import { SetupFailed } from "./lib/steps.mjs";
import { setUp } from "./setup.mjs";
import { groups, stages } from "./test/stages.mjs";
import { runStage } from "./test/run-stage.mjs";

const usage = `usage: npm test [-- --only STAGE[,STAGE...]]

stages, in their order: ${stages.map((stage) => stage.name).join(", ")}
groups of stages:       ${Object.keys(groups).join(", ")}`;

/**
 * @param {string | undefined} only
 * @returns {import("./test/stages.mjs").Stage[]}
 */
function selected(only) {
  if (only === undefined) {
    return stages;
  }
  const names = only.split(",").flatMap((name) => groups[name] ?? [name]);
  const unknown = names.filter((name) => !stages.some((stage) => stage.name === name));
  if (unknown.length > 0) {
    throw new RangeError(`no stage is called ${unknown.join(", ")}`);
  }
  return stages.filter((stage) => names.includes(stage.name));
}

/** @param {readonly import("./test/run-stage.mjs").Outcome[]} outcomes */
function report(outcomes) {
  console.log("\n== Results ==\n");
  for (const outcome of outcomes) {
    const verdict = outcome.failed === 0 ? "ok    " : "FAILED";
    console.log(`${verdict}  ${outcome.stage.title.padEnd(46)} ${outcome.seconds.toFixed(1).padStart(7)} s`);
  }
  console.log();
  for (const outcome of outcomes.filter(({ summary }) => summary.length > 0)) {
    console.log(`${outcome.stage.title}\n${outcome.summary.join("\n")}\n`);
  }
  const passed = outcomes.reduce((sum, outcome) => sum + outcome.passed, 0);
  const failed = outcomes.reduce((sum, outcome) => sum + outcome.failed, 0);
  console.log(`${String(passed)} passed, ${String(failed)} failed`);
  process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
}

async function main() {
  const { values } = parseArgs({ options: { only: { type: "string" }, help: { type: "boolean" } } });
  if (values.help === true) {
    console.log(usage);
    return;
  }
  const chosen = selected(values.only);
  await setUp([...new Set(chosen.flatMap((stage) => stage.needs))]);
  rmSync(testOutput, { recursive: true, force: true });
  /** @type {import("./test/run-stage.mjs").Outcome[]} */
  const outcomes = [];
  for (const stage of chosen) {
    outcomes.push(await runStage(stage));
  }
  report(outcomes);
}

try {
  await main();
} catch (error) {
  if (error instanceof SetupFailed) {
    console.error(error.message);
  } else if (error instanceof TypeError || error instanceof RangeError) {
    console.error(`${error.message}\n\n${usage}`);
  } else {
    throw error;
  }
  process.exitCode = 2;
}
