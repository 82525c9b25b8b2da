/**
 * Runs vscode-extension/test/*.test.ts inside the extension host.
 *
 *     node tests/workbench/run-host-tests.ts [PART OF A FILE NAME ...] [--grep TITLE]
 */
import { globSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";

import { extensionFolder, standInFolder } from "../../scripts/lib/paths.mjs";
import { startHostTests } from "./hostTests.ts";

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { grep: { type: "string" } },
});
const files = globSync(path.join(extensionFolder, "test", "*.test.ts"))
  .filter((file) => positionals.length === 0 || positionals.some((part) => path.basename(file).includes(part)))
  .sort();
if (files.length === 0) {
  console.error("no test files in vscode-extension/test");
  process.exitCode = 1;
} else {
  const result = await startHostTests({
    developmentPath: extensionFolder,
    extensions: [standInFolder],
    // A modal dialog throws in this mode, so the question for access cannot be asked.
    userSettings: { "jupyterStandIn.access": "allow" },
    files,
    ...(values.grep === undefined ? {} : { grep: values.grep }),
    print: (text) => process.stdout.write(text),
  });
  process.exitCode = result.failed > 0 || result.passed === 0 ? 1 : 0;
}
