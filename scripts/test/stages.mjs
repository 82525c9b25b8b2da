import { existsSync, readdirSync } from "node:fs";
import path from "node:path";

import { extensionFolder, node24, root, standInFolder, venvBin, venvPython } from "../lib/paths.mjs";
import { countMocha, countNodeTest, countPytest } from "./summaries.mjs";

/**
 * @typedef {readonly [command: string, ...args: string[]]} Command
 *
 * @typedef {object} Stage
 * @property {string} name
 * @property {string} title
 * @property {readonly string[]} needs steps of the set-up
 * @property {() => Command[]} commands
 * @property {(output: string) => import("./summaries.mjs").Counts | undefined} [count] for stages that run tests
 */

/** @param {string} name */
const inVenv = (name) => path.join(venvBin, name);

/** @param {string} name of a program that npm installed */
const bin = (name) => path.join(root, "node_modules", ".bin", name);

/** @returns {string[]} folders with a TypeScript project */
function projects() {
  return [path.join(root, "scripts"), path.join(root, "tests"), standInFolder, extensionFolder].filter((folder) =>
    existsSync(path.join(folder, "tsconfig.json")),
  );
}

/** @returns {string[]} */
function endToEndTests() {
  const folder = path.join(root, "tests", "e2e");
  return readdirSync(folder)
    .filter((name) => name.endsWith(".test.ts"))
    .sort()
    .map((name) => path.join(folder, name));
}

const everything = ["python", "npm", "node", "code-server", "browser"];

/** @type {Stage[]} */
export const stages = [
  {
    name: "ruff",
    title: "Python style (ruff)",
    needs: ["python"],
    commands: () => [
      [inVenv("ruff"), "check", "."],
      [inVenv("ruff"), "format", "--check", "."],
    ],
  },
  { name: "mypy", title: "Python types (mypy)", needs: ["python"], commands: () => [[inVenv("mypy")]] },
  {
    name: "eslint",
    title: "TypeScript style (eslint)",
    needs: ["npm"],
    commands: () => [[bin("eslint"), ".", "--max-warnings", "0"]],
  },
  {
    name: "tsc",
    title: "TypeScript types (tsc)",
    needs: ["npm"],
    commands: () => projects().map((folder) => [bin("tsc"), "--noEmit", "-p", folder]),
  },
  {
    name: "generated",
    title: "Generated files are current",
    needs: ["python"],
    commands: () => [[venvPython, path.join("scripts", "generate_types.py"), "--check"]],
  },
  {
    name: "pytest",
    title: "Agent and stand-in (pytest)",
    needs: ["python", "npm"],
    commands: () => [[venvPython, "-m", "pytest"]],
    count: countPytest,
  },
  {
    name: "build",
    title: "Build of the extensions",
    needs: ["npm", "python"],
    commands: () => [["npm", "run", "build", "--workspaces", "--if-present"]],
  },
  {
    name: "unit",
    title: "Extension, modules without VS Code (node:test)",
    needs: ["npm", "python"],
    commands: () => [["npm", "run", "test:unit", "-w", "vscode-extension"]],
    count: countNodeTest,
  },
  {
    name: "host",
    title: "Extension inside the extension host (mocha)",
    needs: everything,
    commands: () => [[node24.binary, path.join("tests", "workbench", "run-host-tests.ts")]],
    count: countMocha,
  },
  {
    name: "e2e",
    title: "End to end in the browser (node:test)",
    needs: everything,
    commands: () => [
      // One at a time: each has a VS Code, a browser and a kernel of its own.
      [node24.binary, "--test", "--test-concurrency=1", "--test-reporter=spec", ...endToEndTests()],
    ],
    count: countNodeTest,
  },
];

/** @type {Readonly<Record<string, readonly string[]>>} */
export const groups = {
  python: ["ruff", "mypy", "generated", "pytest"],
  lint: ["ruff", "mypy", "eslint", "tsc", "generated"],
  extension: ["eslint", "tsc", "build", "unit", "host"],
  browser: ["build", "e2e"],
};
