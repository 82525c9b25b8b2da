/**
 * Makes the VSIX: builds the agent's wheel into wheels/, checks and bundles the extension, and packs what
 * .vscodeignore allows. The file is dist/kishu-VERSION.vsix.
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const home = fileURLToPath(new URL("..", import.meta.url));
const root = path.dirname(path.resolve(home));
const wheels = path.join(home, "wheels");
const venv = path.join(root, ".venv", process.platform === "win32" ? "Scripts/python.exe" : "bin/python");

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {string} cwd
 */
function run(command, args, cwd) {
  const { status, error } = spawnSync(command, args, { cwd, stdio: "inherit", shell: process.platform === "win32" });
  if (status !== 0) {
    console.error(`${[command, ...args].join(" ")} failed${error === undefined ? "" : `: ${error.message}`}`);
    process.exit(1);
  }
}

/** @param {string} text */
const isManifest = (text) => /** @type {{version: string}} */ (JSON.parse(text));

const { version } = isManifest(readFileSync(path.join(home, "package.json"), "utf8"));
const vsix = path.join(home, "dist", `kishu-${version}.vsix`);

rmSync(wheels, { recursive: true, force: true });
mkdirSync(wheels);
run(existsSync(venv) ? venv : "python3", ["-m", "build", "--wheel", "--outdir", wheels, root], root);
if (readdirSync(wheels).filter((name) => name.endsWith(".whl")).length !== 1) {
  console.error("there should be exactly one wheel of the agent");
  process.exit(1);
}

copyFileSync(path.join(root, "LICENSE"), path.join(home, "LICENSE"));
run("npm", ["run", "check"], home);
run("npm", ["run", "build"], home);
rmSync(vsix, { force: true });
run(
  process.execPath,
  [
    path.join(root, "node_modules", "@vscode", "vsce", "vsce"),
    ...["package", "--no-dependencies", "--allow-missing-repository", "--skip-license", "--out", vsix],
  ],
  home,
);
