/** Builds the agent's wheel into wheels/, from where the extension installs it into a kernel's environment. */
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";

import { home, root, run } from "./lib.mjs";

const wheels = path.join(home, "wheels");
const venv = path.join(root, ".venv", process.platform === "win32" ? "Scripts/python.exe" : "bin/python");

rmSync(wheels, { recursive: true, force: true });
mkdirSync(wheels);
run(existsSync(venv) ? venv : "python3", ["-m", "build", "--wheel", "--outdir", wheels, root], root);
if (readdirSync(wheels).filter((name) => name.endsWith(".whl")).length !== 1) {
  console.error("there should be exactly one wheel of the agent");
  process.exitCode = 1;
}
