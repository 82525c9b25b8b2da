/** Runs the tests of the modules that do not need VS Code: bundled by esbuild, run by Node's own test runner. */
import { spawnSync } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

const home = fileURLToPath(new URL("..", import.meta.url));
const folder = path.join(home, "test", "unit");
const out = path.join(home, "dist", "unit");

rmSync(out, { recursive: true, force: true });
await build({
  entryPoints: readdirSync(folder)
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => path.join(folder, name)),
  outdir: out,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  sourcemap: "inline",
});
const files = readdirSync(out).map((name) => path.join(out, name));
const ran = spawnSync(process.execPath, ["--enable-source-maps", "--test", "--test-reporter=spec", ...files], {
  cwd: home,
  stdio: "inherit",
});
process.exitCode = ran.status ?? 1;
