import { existsSync } from "node:fs";
import path from "node:path";

import { firstThatRuns } from "../lib/find.mjs";
import { root, venv, venvPython } from "../lib/paths.mjs";
import { runLogged } from "../lib/run.mjs";
import { digest, textOf } from "../lib/steps.mjs";
import { minimumPython } from "../lib/versions.mjs";

const print = "import platform; print(platform.python_version())";

/** @returns {{command: string, version: string} | undefined} the Python that makes the environment */
function basePython() {
  const test = `import sys; sys.exit(sys.version_info < (${minimumPython.join(", ")}))`;
  const candidates = [process.env["KISHU_PYTHON"] ?? "", "python3", "python"].filter((name) => name !== "");
  const found = firstThatRuns(candidates, ["-c", `${print}; ${test}`]);
  return found && { command: found.command, version: found.output };
}

/** @type {import("../lib/steps.mjs").Step} */
export const pythonStep = {
  name: "python",
  title: "Python environment (.venv)",
  needs: [],
  key: () => digest(["1", root, textOf(path.join(root, "pyproject.toml")), basePython()?.version ?? ""]),
  present: () => existsSync(venvPython),
  make: async () => {
    const python = basePython();
    if (python === undefined) {
      throw new Error(`no Python ${minimumPython.join(".")} or newer was found`);
    }
    // An environment of this Python is brought up to date in place: another process may be using it.
    const usable = firstThatRuns([venvPython], ["-c", print])?.output === python.version;
    if (!usable) {
      await runLogged("python", python.command, ["-m", "venv", "--clear", venv]);
    }
    const install = ["-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--quiet", "-e", ".[dev]"];
    await runLogged("python", venvPython, install, { cwd: root });
  },
  advice:
    `install Python ${minimumPython.join(".")} or newer with its venv module (Debian: apt install python3-venv) and ` +
    "check that pip reaches a package index, then run the command again. KISHU_PYTHON names another Python.",
};
