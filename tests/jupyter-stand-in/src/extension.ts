import * as vscode from "vscode";
import { Access } from "./access";
import { JupyterApi } from "./api";
import { registerCommands } from "./commands";
import { createController } from "./controller";
import { KernelTable } from "./kernelTable";

export function activate(context: vscode.ExtensionContext): JupyterApi {
  const log = vscode.window.createOutputChannel("Jupyter (test stand-in)", { log: true });
  const table = new KernelTable(context.asAbsolutePath("bridge.py"), log);
  const access = new Access(context.globalState);
  context.subscriptions.push(log, table, createController(table), registerCommands(table, access));
  return new JupyterApi(table, access, context.extension.id);
}
