import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { type BuildOptions, build } from "esbuild";

import { cache } from "../../scripts/lib/paths.mjs";
import { launchBrowser } from "./browser.ts";
import type { HostResult } from "./host/runner.ts";
import { type StartOptions, startServer } from "./server.ts";

export interface HostTestOptions extends StartOptions {
  /** The extension under test, loaded from where it is. */
  readonly developmentPath: string;
  /** TypeScript files with mocha suites (`import { suite, test } from "mocha"`). */
  readonly files: readonly string[];
  /** Only tests whose title matches. */
  readonly grep?: string;
  /** Where the report goes, as it comes. */
  readonly print: (text: string) => void;
  /** Milliseconds for the whole run. */
  readonly timeout?: number;
}

const runner = fileURLToPath(new URL("host/runner.ts", import.meta.url));

/**
 * Runs tests inside the extension host of a real VS Code, where they have the `vscode` API and the workbench.
 * Modal dialogs throw there.
 */
export async function startHostTests(options: HostTestOptions): Promise<HostResult> {
  const results = mkdtempSync(path.join(os.tmpdir(), "kishu-host-"));
  // Inside the project's folder, so that mocha is found from there; named for this run, which may have company.
  const bundle = path.join(cache, "host-tests", `host-${String(process.pid)}.cjs`);
  try {
    await bundleTests(options.files, bundle);
    return await runIn(results, bundle, options);
  } finally {
    rmSync(results, { recursive: true, force: true });
    rmSync(bundle, { force: true });
    rmSync(testsBeside(bundle), { force: true });
  }
}

async function runIn(results: string, bundle: string, options: HostTestOptions): Promise<HostResult> {
  const report = path.join(results, "report.txt");
  const result = path.join(results, "result.json");
  await using server = await startServer({
    ...options,
    testDriver: true,
    env: {
      ...options.env,
      KISHU_HOST_REPORT: report,
      KISHU_HOST_RESULT: result,
      ...(options.grep === undefined ? {} : { KISHU_HOST_GREP: options.grep }),
    },
  });
  await using browser = await launchBrowser();
  const page = await browser.newPage();
  // The page calls these two: the first with what the tests log, the second when they have ended.
  let exit: (code: number) => void = () => undefined;
  const exited = new Promise<number>((resolve) => {
    exit = resolve;
  });
  await page.exposeFunction("codeAutomationLog", () => undefined);
  await page.exposeFunction("codeAutomationExit", (code: number) => {
    exit(code);
  });
  await page.goto(
    server.urlWith([
      ["extensionDevelopmentPath", server.remoteUri(options.developmentPath)],
      ["extensionTestsPath", server.remoteUri(bundle)],
      ["skipWelcome", "true"],
    ]),
  );

  let printed = 0;
  const follow = (): void => {
    const text = existsSync(report) ? readFileSync(report, "utf8") : "";
    options.print(text.slice(printed));
    printed = text.length;
  };
  const following = setInterval(follow, 200);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(() => {
      resolve("late");
    }, options.timeout ?? 600_000);
  });
  const how = await Promise.race([exited, late]);
  clearInterval(following);
  clearTimeout(timer);
  follow();
  if (!existsSync(result)) {
    const why = how === "late" ? "ran out of time" : `ended with ${String(how)} before any result`;
    throw new Error(`the tests inside the extension host ${why}; the server printed:\n${server.log}`);
  }
  // SAFETY: the runner in the extension host has just written it.
  return JSON.parse(readFileSync(result, "utf8")) as HostResult;
}

/** Two CommonJS files, as extension hosts load them: a runner that loads the tests when all is prepared. */
async function bundleTests(files: readonly string[], runnerFile: string): Promise<void> {
  const testsFile = testsBeside(runnerFile);
  const common: BuildOptions = {
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node22",
    external: ["vscode", "mocha", testsFile],
    sourcemap: "inline",
    logLevel: "error",
  };
  const requireOf = (file: string): string => `require(${JSON.stringify(file)});`;
  await build({
    ...common,
    stdin: { contents: files.map(requireOf).join("\n"), resolveDir: path.dirname(runner) },
    outfile: testsFile,
  });
  await build({
    ...common,
    stdin: {
      contents: `import { runInHost } from ${JSON.stringify(runner)};
        export function run() { return runInHost(() => { ${requireOf(testsFile)} }); }`,
      resolveDir: path.dirname(runner),
    },
    outfile: runnerFile,
  });
}

function testsBeside(runnerFile: string): string {
  return runnerFile.replace(/\.cjs$/, ".tests.cjs");
}
