import { cpSync, createWriteStream, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { codeServer, node24, venv, venvBin } from "./paths.mjs";
import { Family } from "./processes.mjs";

/** @returns {Promise<number>} a port of 127.0.0.1 that nothing listens on */
export async function freePort() {
  const probe = createServer();
  await new Promise((/** @type {(value?: undefined) => void} */ resolve, reject) => {
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      resolve();
    });
  });
  const address = probe.address();
  await new Promise((resolve) => {
    probe.close(resolve);
  });
  if (address === null || typeof address === "string") {
    throw new Error("the system gave no port");
  }
  return address.port;
}

/**
 * @param {string} file
 * @returns {{publisher: string, name: string, version: string}}
 */
function readManifest(file) {
  /** @type {unknown} */
  const manifest = JSON.parse(readFileSync(file, "utf8"));
  if (
    typeof manifest === "object" &&
    manifest !== null &&
    "publisher" in manifest &&
    "name" in manifest &&
    "version" in manifest
  ) {
    const { publisher, name, version } = manifest;
    return { publisher: String(publisher), name: String(name), version: String(version) };
  }
  throw new Error(`${file} is not the manifest of an extension`);
}

/** What an extension needs at run time: it is bundled, so neither its packages nor its sources go along. */
const leftOut = new Set(["node_modules", "src", "test", ".vscode-test", "__pycache__"]);

/**
 * Puts an unpacked extension into an extensions folder, as a copy: VS Code identifies who calls an API by the path of
 * the calling file, which a link would hide.
 *
 * @param {string} source the folder of the extension
 * @param {string} extensions
 * @returns {string} the extension's id
 */
export function copyExtension(source, extensions) {
  const { publisher, name, version } = readManifest(path.join(source, "package.json"));
  const id = `${publisher}.${name}`;
  const target = path.join(extensions, `${id}-${version}`);
  rmSync(target, { recursive: true, force: true });
  cpSync(source, target, {
    recursive: true,
    filter: (file) => !leftOut.has(path.relative(source, file).split(path.sep)[0] ?? ""),
  });
  // VS Code writes this list at its start and would not look for folders that came later.
  rmSync(path.join(extensions, "extensions.json"), { force: true });
  return id;
}

/**
 * @typedef {object} ServerOptions
 * @property {string} userData folder for settings and state
 * @property {string} extensions
 * @property {string} temporary short path of a folder for sockets and logs
 * @property {number} [port] a free one when left out
 * @property {string} [home] in place of the person's home folder
 * @property {Readonly<Record<string, unknown>>} [settings] the person's settings; the file is left alone when omitted
 * @property {boolean} [workspaceTrust] whether folders start in restricted mode, as they do in a desktop VS Code
 * @property {boolean} [testDriver] whether a page may name tests to run inside the extension host
 * @property {NodeJS.ProcessEnv} [env] more of the environment, for extensions and kernels too
 */

/** A real VS Code, served to browsers on this machine alone. */
export class VsCodeServer {
  /**
   * @param {Family} family
   * @param {number} port
   * @param {string} log
   */
  constructor(family, port, log) {
    this.family = family;
    this.port = port;
    this.log = log;
    this.url = `http://127.0.0.1:${String(port)}/`;
    this.ended = family.ended;
  }

  /**
   * @param {ServerOptions} options
   * @returns {Promise<VsCodeServer>} one that answers
   */
  static async start(options) {
    const port = options.port ?? (await freePort());
    const userSettings = path.join(options.userData, "User");
    for (const folder of [options.temporary, userSettings, options.extensions]) {
      mkdirSync(folder, { recursive: true });
    }
    if (options.settings !== undefined) {
      writeFileSync(path.join(userSettings, "settings.json"), JSON.stringify(options.settings, null, 2));
    }
    const config = path.join(options.temporary, "config.yaml");
    writeFileSync(config, "auth: none\n");
    const args = [
      ...[codeServer.entry, "--config", config, "--auth", "none", "--bind-addr", `127.0.0.1:${String(port)}`],
      ...["--disable-telemetry", "--disable-update-check", "--disable-proxy", "--ignore-last-opened"],
      ...["--user-data-dir", options.userData, "--extensions-dir", options.extensions],
      // Beside the user data its path could become longer than the system allows for sockets.
      ...["--session-socket", path.join(options.temporary, "session.sock")],
      ...(options.workspaceTrust === true ? [] : ["--disable-workspace-trust"]),
      ...(options.testDriver === true ? ["--vscode-option", "enable-smoke-test-driver"] : []),
    ];
    const log = path.join(options.temporary, "server.log");
    const family = new Family(node24.binary, args, {
      env: { ...environment(options.temporary), ...(options.home && { HOME: options.home }), ...options.env },
      output: createWriteStream(log),
    });
    const server = new VsCodeServer(family, port, log);
    await server.#answers();
    return server;
  }

  async #answers() {
    /** @type {string | undefined} */
    let ended;
    void this.ended.then((how) => {
      ended = how;
    });
    const deadline = performance.now() + 60_000;
    for (;;) {
      try {
        const answer = await fetch(`${this.url}healthz`);
        if (answer.ok) {
          return;
        }
      } catch {
        // not listening yet
      }
      if (ended !== undefined || performance.now() > deadline) {
        await this.family.end();
        const printed = readFileSync(this.log, "utf8").trimEnd().split("\n").slice(-15).join("\n");
        throw new Error(`VS Code's server did not start (${ended ?? "no answer in 60 s"}):\n${printed}`);
      }
      await delay(50);
    }
  }

  /**
   * @param {string} folder
   * @param {readonly (readonly [string, string])[]} [payload] what the page asks of the window, such as a file to open
   * @returns {string} the address of a window on that folder
   */
  windowUrl(folder, payload = []) {
    const address = new URL(this.url);
    address.searchParams.set("folder", folder);
    if (payload.length > 0) {
      address.searchParams.set("payload", JSON.stringify(payload));
    }
    return address.href;
  }

  /**
   * @param {string} file
   * @returns {string} the file's address inside a window of this server
   */
  remoteUri(file) {
    return `vscode-remote://127.0.0.1:${String(this.port)}${encodeURI(file)}`;
  }

  /** Ends the server, its extension hosts and the kernels that they started. */
  async stop() {
    await this.family.end();
  }
}

/**
 * What the server and everything below it sees: the project's Python first, and nothing of the window or shell that
 * the command was typed in.
 *
 * @param {string} temporary
 * @returns {NodeJS.ProcessEnv}
 */
function environment(temporary) {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(VSCODE_|ELECTRON_|CODE_SERVER_|NODE_|npm_|PYTHON|PORT$|PASSWORD$)/.test(name),
  );
  return {
    ...Object.fromEntries(inherited),
    PATH: [venvBin, process.env["PATH"] ?? ""].join(path.delimiter),
    VIRTUAL_ENV: venv,
    TMPDIR: temporary,
    XDG_RUNTIME_DIR: temporary,
  };
}
