import { type Browser, chromium } from "playwright-core";

import { findChromium } from "../../scripts/lib/find.mjs";

/** A headless browser that asks nothing of the network but the page. */
export async function launchBrowser(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined) {
    throw new Error("no Chromium: run `node scripts/setup.mjs browser`");
  }
  return chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}
