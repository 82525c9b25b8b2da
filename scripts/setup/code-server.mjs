import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

import { codeServer, node24 } from "../lib/paths.mjs";
import { runLogged } from "../lib/run.mjs";
import { digest } from "../lib/steps.mjs";
import { versions } from "../lib/versions.mjs";

/**
 * Installs one npm package into a folder of its own. No install scripts run: those of Node's packages are not needed
 * and code-server's would fail (see below).
 *
 * @param {string} log
 * @param {string} folder
 * @param {string} spec
 */
async function installPackage(log, folder, spec) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, "package.json"), '{"private": true}\n');
  await runLogged(log, "npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", spec], { cwd: folder });
}

/** @type {import("../lib/steps.mjs").Step} */
export const nodeStep = {
  name: "node",
  title: `Node ${versions.node} for VS Code's server`,
  needs: [],
  key: () => digest(["1", versions.node, node24.package]),
  present: () => existsSync(node24.binary),
  make: async () => {
    const partial = `${node24.folder}.partial`;
    await installPackage("node", partial, `${node24.package}@${versions.node}`);
    rmSync(node24.folder, { recursive: true, force: true });
    renameSync(partial, node24.folder);
  },
  advice: "check that npm reaches a package registry, then run the command again.",
};

/**
 * The native modules that VS Code's server loads when it starts. The rest is left unbuilt: kerberos (only for proxies
 * that ask for it) needs system headers, and sqlite3 (a feature that is not used here) takes a minute to compile.
 */
const nativeModules = ["@vscode/spdlog", "@vscode/native-watchdog", "@parcel/watcher", "node-pty"];

/** @type {import("../lib/steps.mjs").Step} */
export const codeServerStep = {
  name: "code-server",
  title: `VS Code as a server (code-server ${versions.codeServer})`,
  needs: ["node", "toolchain"],
  key: () => digest(["1", versions.codeServer, versions.node, ...nativeModules]),
  present: () => existsSync(codeServer.entry),
  make: async () => {
    if (process.platform === "win32") {
      throw new Error("code-server does not run on Windows");
    }
    const partial = `${codeServer.folder}.partial`;
    await installPackage("code-server", partial, `code-server@${versions.codeServer}`);
    const vscode = path.join(partial, path.relative(codeServer.folder, codeServer.vscode));
    // Its Node comes first on the PATH, and its headers stand in for a download of them.
    const env = {
      ...process.env,
      PATH: [path.dirname(node24.binary), process.env["PATH"]].join(path.delimiter),
      npm_config_nodedir: node24.home,
      JOBS: "max",
    };
    const install = ["install", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"];
    await runLogged("code-server", "npm", install, { cwd: vscode, env });
    await runLogged("code-server", "npm", install, { cwd: path.join(vscode, "extensions"), env });
    await runLogged("code-server", "npm", ["rebuild", ...nativeModules], { cwd: vscode, env });
    rmSync(codeServer.folder, { recursive: true, force: true });
    renameSync(partial, codeServer.folder);
  },
  advice:
    "check that npm reaches a package registry and that g++, make and python3 are installed. On Windows use WSL, or " +
    "`npm start -- --desktop` with an installed VS Code.",
};
