import path from "node:path";
import { mkdirSync, writeFileSync } from "node:fs";
import { test } from "node:test";

import type { Browser } from "playwright-core";

import { testOutput } from "../../scripts/lib/paths.mjs";
import { launchBrowser } from "./browser.ts";
import { type StartOptions, type TestServer, startServer } from "./server.ts";
import { type Workbench, openWorkbench } from "./workbench.ts";

export interface Scene {
  readonly server: TestServer;
  readonly browser: Browser;
  readonly workbench: Workbench;
}

/**
 * A test with a VS Code and a window of its own. Everything is ended afterwards; when the test fails, a picture of
 * the window and the server's output stay in tests/output.
 */
export function scenario(name: string, act: (scene: Scene) => Promise<void>, options: StartOptions = {}): void {
  test(name, { timeout: 300_000 }, async () => {
    await using server = await startServer(options);
    await using browser = await launchBrowser();
    const workbench = await openWorkbench(browser, server.url);
    try {
      await act({ server, browser, workbench });
    } catch (error) {
      const kept = `failed-${name.toLowerCase().replace(/[^a-z0-9]+/g, "-")}`;
      mkdirSync(testOutput, { recursive: true });
      writeFileSync(path.join(testOutput, `${kept}.log`), server.log);
      await workbench.screenshot(kept).catch(() => "");
      throw error;
    }
  });
}
