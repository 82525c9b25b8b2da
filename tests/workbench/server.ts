import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";

import { demoFixture, extensionFolder, standInFolder, venvPython } from "../../scripts/lib/paths.mjs";
import { settingsFor } from "../../scripts/lib/settings.mjs";
import { VsCodeServer, copyExtension } from "../../scripts/lib/vscode.mjs";

export interface StartOptions {
  /** Folders of unpacked, built extensions. Left out: Kishu and the stand-in for the Jupyter extension. */
  readonly extensions?: readonly string[];
  /** On top of the settings that keep VS Code quiet. */
  readonly userSettings?: Readonly<Record<string, unknown>>;
  /** Copied, so that a test may write into it. Left out: the demo. */
  readonly workspace?: string;
  /** Make a `.kishu` folder in the copy first, so that recording is on. */
  readonly recording?: boolean;
  /** Begin in restricted mode, as a desktop VS Code does with an unknown folder. */
  readonly workspaceTrust?: boolean;
  /** Whether a page may name tests to run inside the extension host. */
  readonly testDriver?: boolean;
  /** More of the environment of extensions and kernels. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A real VS Code of its own for one test: own settings, extensions, home folder and copy of the workspace. */
export class TestServer {
  readonly #server: VsCodeServer;
  readonly #folder: string;
  /** The copy that the window opens. */
  readonly workspace: string;

  constructor(server: VsCodeServer, folder: string, workspace: string) {
    this.#server = server;
    this.#folder = folder;
    this.workspace = workspace;
  }

  /** The address of a window on the workspace. */
  get url(): string {
    return this.#server.windowUrl(this.workspace);
  }

  urlWith(payload: readonly (readonly [string, string])[]): string {
    return this.#server.windowUrl(this.workspace, payload);
  }

  remoteUri(file: string): string {
    return this.#server.remoteUri(file);
  }

  /** The home folder that extensions and kernels see; empty at the start. */
  get home(): string {
    return path.join(this.#folder, "home");
  }

  /** What the server printed so far. */
  get log(): string {
    return readFileSync(this.#server.log, "utf8");
  }

  /** Processes that belong to this server, the kernels included. */
  processes(): number[] {
    return this.#server.family.members();
  }

  /** Changes the person's settings; an open window notices. */
  writeSettings(settings: Readonly<Record<string, unknown>>): void {
    const file = path.join(this.#folder, "user", "User", "settings.json");
    writeFileSync(file, JSON.stringify({ ...testSettings, ...settings }, null, 2));
  }

  async stop(): Promise<void> {
    await this.#server.stop();
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

const testSettings = settingsFor(venvPython);

const folders = new Set<string>();

/** For a run that is broken off, which never comes to `stop`. */
function removeAtExit(folder: string): void {
  if (folders.size === 0) {
    process.once("exit", () => {
      for (const each of folders) {
        rmSync(each, { recursive: true, force: true });
      }
    });
  }
  folders.add(folder);
}

export async function startServer(options: StartOptions = {}): Promise<TestServer> {
  // Short, since it holds sockets, whose paths have a limit of about a hundred characters.
  const folder = mkdtempSync(path.join(os.tmpdir(), "kishu-"));
  removeAtExit(folder);
  try {
    const workspace = path.join(folder, "workspace");
    cpSync(options.workspace ?? demoFixture, workspace, { recursive: true });
    if (options.recording === true) {
      execFileSync(venvPython, ["-m", "kishu_agent", "init", workspace], { stdio: "pipe" });
    }
    const extensions = path.join(folder, "extensions");
    const home = path.join(folder, "home");
    for (const made of [extensions, home]) {
      mkdirSync(made);
    }
    for (const source of options.extensions ?? [standInFolder, extensionFolder]) {
      copyExtension(source, extensions);
    }
    const server = await VsCodeServer.start({
      userData: path.join(folder, "user"),
      extensions,
      temporary: path.join(folder, "tmp"),
      home,
      settings: { ...testSettings, ...options.userSettings },
      workspaceTrust: options.workspaceTrust ?? false,
      testDriver: options.testDriver ?? false,
      // No gallery: a test must not depend on what can be reached.
      env: { EXTENSIONS_GALLERY: "{}", ...options.env },
    });
    return new TestServer(server, folder, workspace);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}
