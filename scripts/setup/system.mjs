import { existsSync } from "node:fs";

import { findChromium, firstThatRuns, which } from "../lib/find.mjs";
import { runLogged } from "../lib/run.mjs";
import { digest } from "../lib/steps.mjs";

/** apt takes one lock for the machine, so two steps never ask at the same time. */
let aptTurn = Promise.resolve();

/**
 * Installs packages of the system when that is possible without asking anybody.
 *
 * @param {readonly string[]} packages
 * @returns {Promise<void>}
 */
async function aptInstall(packages) {
  if (which("apt-get") === undefined || process.getuid?.() !== 0) {
    throw new Error(`missing system packages: ${packages.join(" ")}`);
  }
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const wait = ["-o", "DPkg::Lock::Timeout=300"];
  const turn = aptTurn.then(async () => {
    await runLogged("apt", "apt-get", [...wait, "update", "-q"], { env });
    const install = ["install", "-q", "-y", "--no-install-recommends", ...packages];
    await runLogged("apt", "apt-get", [...wait, ...install], { env });
  });
  aptTurn = turn.catch(() => undefined);
  await turn;
}

const compilers = { "g++": "g++", make: "make", python3: "python3" };

/** @type {import("../lib/steps.mjs").Step} */
export const toolchainStep = {
  name: "toolchain",
  title: "compiler for VS Code's native modules",
  needs: [],
  key: () => digest(["1"]),
  present: () => Object.keys(compilers).every((program) => which(program) !== undefined),
  make: async () => {
    const missing = Object.entries(compilers)
      .filter(([program]) => which(program) === undefined)
      .map(([, name]) => name);
    if (missing.length > 0) {
      await aptInstall(missing);
    }
  },
  advice: "install a C++ compiler, make and Python 3 (Debian: apt install g++ make python3; macOS: xcode-select --install).",
};

/** Without any font Chromium draws no text at all. */
function hasFonts() {
  if (process.platform !== "linux") {
    return true;
  }
  const fonts = firstThatRuns(["fc-list"], ["--format=%{family}\\n"]);
  return fonts !== undefined && fonts.output !== "";
}

/** @type {import("../lib/steps.mjs").Step} */
export const browserStep = {
  name: "browser",
  title: "Chromium for the browser tests",
  needs: [],
  key: () => digest(["1"]),
  present: () => {
    const chromium = findChromium();
    return chromium !== undefined && existsSync(chromium) && hasFonts();
  },
  make: async () => {
    const missing = [
      ...(findChromium() === undefined ? ["chromium"] : []),
      ...(hasFonts() ? [] : ["fontconfig", "fonts-dejavu-core", "fonts-liberation"]),
    ];
    if (missing.length > 0) {
      await aptInstall(missing);
    }
    const chromium = findChromium();
    if (chromium === undefined || firstThatRuns([chromium], ["--version"]) === undefined) {
      throw new Error("no Chromium that starts");
    }
  },
  advice:
    "install Chromium or Chrome and a font (Debian, as root: apt install chromium fonts-liberation). KISHU_CHROMIUM " +
    "names the program when it is not on the PATH.",
};
