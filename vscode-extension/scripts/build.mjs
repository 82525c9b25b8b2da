/** Bundles the extension into dist/extension.js. `--watch` keeps at it. */
import { build, context } from "esbuild";

/** @type {import("esbuild").BuildOptions} */
const options = {
  absWorkingDir: new URL("..", import.meta.url).pathname,
  entryPoints: ["src/extension.ts"],
  outfile: "dist/extension.js",
  bundle: true,
  platform: "node",
  format: "cjs",
  // What the extension host of VS Code 1.95 runs.
  target: "node20",
  external: ["vscode"],
  sourcemap: "linked",
  legalComments: "none",
  minifySyntax: true,
};

if (process.argv.includes("--watch")) {
  const watching = await context(options);
  await watching.watch();
} else {
  await build(options);
}
