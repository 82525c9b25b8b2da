/**
 * Makes the VSIX: builds the agent's wheel, checks and bundles the extension, and packs what .vscodeignore allows.
 * The file is dist/kishu-VERSION.vsix.
 */
import { copyFileSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";

import { home, root, run } from "./lib.mjs";

/** @type {{version: string}} */
const { version } = JSON.parse(readFileSync(path.join(home, "package.json"), "utf8"));
const vsix = path.join(home, "dist", `kishu-${version}.vsix`);

run(process.execPath, [path.join(home, "scripts", "wheel.mjs")], home);
copyFileSync(path.join(root, "LICENSE"), path.join(home, "LICENSE"));
run("npm", ["run", "check"], home);
run("npm", ["run", "build"], home);
rmSync(vsix, { force: true });
const vsce = path.join(root, "node_modules", "@vscode", "vsce", "vsce");
run(
  process.execPath,
  [vsce, "package", "--no-dependencies", "--allow-missing-repository", "--out", vsix],
  home,
);
