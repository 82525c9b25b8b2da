import { appendFileSync, writeFileSync } from "node:fs";
import { findSourceMap } from "node:module";
import { fileURLToPath } from "node:url";
import { format } from "node:util";

import Mocha from "mocha";

/** What a run inside the extension host leaves in a file for the process that began it. */
export interface HostResult {
  readonly passed: number;
  readonly failed: number;
  readonly pending: number;
}

/**
 * Runs tests in this process, which is VS Code's extension host. The report goes to a file: what the host prints
 * reaches nobody in order.
 *
 * @param load imports the test files, which then register their suites
 */
export async function runInHost(load: () => void): Promise<void> {
  const report = process.env["KISHU_HOST_REPORT"];
  const result = process.env["KISHU_HOST_RESULT"];
  if (report === undefined || result === undefined) {
    throw new Error("tests inside the extension host are begun by tests/workbench/hostTests.ts");
  }
  const pattern = process.env["KISHU_HOST_GREP"];
  Mocha.reporters.Base.useColors = false;
  Mocha.reporters.Base.consoleLog = (...line: unknown[]) => {
    appendFileSync(report, `${format(...line)}\n`);
  };
  const mocha = new Mocha({
    ui: "tdd",
    reporter: "spec",
    timeout: 60_000,
    forbidOnly: process.env["CI"] === "true",
    ...(pattern === undefined ? {} : { grep: pattern }),
  });
  mocha.suite.emit("pre-require", globalThis, "", mocha);
  // Keeps the source maps of what is loaded from here on; VS Code formats stacks itself and ignores them.
  process.setSourceMapsEnabled(true);
  load();
  await new Promise<void>((resolve, reject) => {
    const runner = mocha.run((failures) => {
      const stats: HostResult = {
        passed: runner.stats?.passes ?? 0,
        failed: failures,
        pending: runner.stats?.pending ?? 0,
      };
      writeFileSync(result, JSON.stringify(stats));
      if (failures > 0) {
        reject(new Error(`${String(failures)} tests failed`));
      } else {
        resolve();
      }
    });
    runner.on("fail", (_test, error: unknown) => {
      if (error instanceof Error && error.stack !== undefined) {
        error.stack = withSourceLines(error.stack);
      }
    });
  });
}

/** A stack that names the lines of the test files and not those of their bundle. */
function withSourceLines(stack: string): string {
  return stack.replace(/([^()\s]+\.cjs):(\d+):(\d+)/g, (place, file: string, line: string, column: string) => {
    const entry = findSourceMap(file)?.findEntry(Number(line) - 1, Number(column) - 1);
    if (entry === undefined || !("originalSource" in entry)) {
      return place;
    }
    const { originalSource, originalLine, originalColumn } = entry;
    const source = originalSource.startsWith("file:") ? fileURLToPath(originalSource) : originalSource;
    return `${source}:${originalLine + 1}:${originalColumn + 1}`;
  });
}
