import { existsSync } from "node:fs";
import path from "node:path";

import { root } from "../lib/paths.mjs";
import { runLogged } from "../lib/run.mjs";
import { digest, textOf } from "../lib/steps.mjs";

const modules = path.join(root, "node_modules");
const lock = path.join(root, "package-lock.json");
const manifests = ["", "vscode-extension", "tests/jupyter-stand-in", "tests/workbench"].map((folder) =>
  path.join(root, folder, "package.json"),
);

/** @type {import("../lib/steps.mjs").Step} */
export const npmStep = {
  name: "npm",
  title: "npm packages (node_modules)",
  needs: [],
  key: () => digest(["1", process.platform, process.arch, ...[lock, ...manifests].map(textOf)]),
  present: () => existsSync(path.join(modules, ".package-lock.json")),
  make: async () => {
    // Beginning anew is exact, but takes the packages away from under whoever is using them.
    const anew = existsSync(lock) && (process.env["CI"] !== undefined || !existsSync(modules));
    await runLogged("npm", "npm", [anew ? "ci" : "install"], { cwd: root });
  },
  advice:
    "check that npm reaches a package registry; if a package.json was changed, run `npm install` once and commit " +
    "package-lock.json.",
};
