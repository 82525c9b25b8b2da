/**
 * Opens VS Code with the extension and a notebook that is being recorded.
 *
 *     npm start [-- [FOLDER] [--port N] [--desktop]]
 */
import { existsSync, statSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";

import { CommandFailed } from "./lib/run.mjs";
import { SetupFailed } from "./lib/steps.mjs";
import { setUp } from "./setup.mjs";
import { startDesktop } from "./start/desktop.mjs";
import { prepareDemo } from "./start/demo.mjs";
import { startServed } from "./start/served.mjs";

const usage = `usage: npm start [-- [FOLDER] [--port N] [--desktop]]

Opens VS Code with Kishu, a Jupyter extension and a Python kernel.

FOLDER       a folder of yours with notebooks, opened as it is (default: a copy of the demo, recording on)
--port N     the port of 127.0.0.1 to serve VS Code on (default: a free one)
--prepare    only make that copy of the demo
--desktop    use the VS Code that is installed on this machine (its command is \`code\`)`;

/**
 * @typedef {object} Opened
 * @property {string} folder
 * @property {string | undefined} notebook the one in front
 */

/** @param {string | undefined} text */
function portOf(text) {
  if (text === undefined) {
    return undefined;
  }
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new TypeError(`${text} is not a port`);
  }
  return port;
}

/**
 * @param {string | undefined} named
 * @returns {string | undefined}
 */
function folderOf(named) {
  // npm runs scripts in the project's folder; the person may have typed the command elsewhere.
  const folder = named && path.resolve(process.env["INIT_CWD"] ?? process.cwd(), named);
  if (folder && !(existsSync(folder) && statSync(folder).isDirectory())) {
    throw new TypeError(`there is no folder ${folder}`);
  }
  return folder;
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      port: { type: "string" },
      desktop: { type: "boolean" },
      prepare: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help === true) {
    console.log(usage);
    return;
  }
  const port = portOf(values.port);
  if (positionals.length > 1) {
    throw new TypeError("only one folder can be opened");
  }
  const folder = folderOf(positionals[0]);

  if (values.prepare === true) {
    await setUp(["python"]);
    await prepareDemo();
    return;
  }
  const desktop = values.desktop === true;
  await setUp(desktop ? ["python", "npm"] : ["python", "npm", "code-server"]);
  const opened = folder === undefined ? await prepareDemo() : { folder, notebook: undefined };
  await (desktop ? startDesktop(opened) : startServed(opened, port));
}

try {
  await main();
} catch (error) {
  if (error instanceof CommandFailed) {
    console.error(`${error.message}\n${error.tail}\nwhole output: ${error.log}`);
  } else if (error instanceof SetupFailed) {
    console.error(error.message);
  } else if (error instanceof TypeError) {
    console.error(`${error.message}\n\n${usage}`);
  } else {
    console.error(error instanceof Error ? error.message : error);
  }
  process.exitCode = 1;
}
