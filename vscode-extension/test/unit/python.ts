import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";

/** Bundled into dist/unit. */
const root = path.resolve(import.meta.dirname, "..", "..", "..");
const inVenv = path.join(root, ".venv", process.platform === "win32" ? "Scripts/python.exe" : "bin/python");

/** Runs a Python program that can import the agent, and returns what it prints. */
export function python(program: string, ...args: readonly string[]): string {
  const ran = spawnSync(existsSync(inVenv) ? inVenv : "python3", ["-c", program, ...args], { encoding: "utf8" });
  if (ran.status !== 0) {
    throw new Error(`python: ${ran.stderr}`);
  }
  return ran.stdout;
}
