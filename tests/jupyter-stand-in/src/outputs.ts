import * as vscode from "vscode";
import type { IopubMessage, JsonObject } from "./message";

type Shown = Extract<IopubMessage, { kind: "stream" | "display" | "error" }>;

function isBinary(mime: string): boolean {
  return (mime.startsWith("image/") && mime !== "image/svg+xml") || mime === "application/pdf";
}

function joinText(value: unknown): string {
  return Array.isArray(value) ? value.map(String).join("") : String(value);
}

function toItem(mime: string, value: unknown): vscode.NotebookCellOutputItem {
  if (isBinary(mime)) {
    return new vscode.NotebookCellOutputItem(Buffer.from(joinText(value), "base64"), mime);
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return vscode.NotebookCellOutputItem.text(JSON.stringify(value), mime);
  }
  // Notebook files hold long text as a list of lines, so a list is taken for that also where the MIME type
  // is JSON: only objects come through whole.
  return vscode.NotebookCellOutputItem.text(joinText(value), mime);
}

function toItems(data: JsonObject): vscode.NotebookCellOutputItem[] {
  const mimes = Object.keys(data);
  // Plain text is the fallback of every richer kind.
  const ordered = [
    ...mimes.filter((mime) => mime !== "text/plain"),
    ...mimes.filter((mime) => mime === "text/plain"),
  ];
  return ordered.map((mime) => toItem(mime, data[mime]));
}

export function streamItem(name: "stdout" | "stderr", text: string): vscode.NotebookCellOutputItem {
  return name === "stdout"
    ? vscode.NotebookCellOutputItem.stdout(text)
    : vscode.NotebookCellOutputItem.stderr(text);
}

export function errorItem(name: string, message: string, traceback: string): vscode.NotebookCellOutputItem {
  return vscode.NotebookCellOutputItem.error({ name, message, stack: traceback });
}

/** One iopub message as one output. The metadata is what VS Code's notebook serializer looks for. */
export function toOutput(message: Shown): vscode.NotebookCellOutput {
  switch (message.kind) {
    case "stream":
      return new vscode.NotebookCellOutput([streamItem(message.name, message.text)], {
        outputType: "stream",
      });
    case "error":
      return new vscode.NotebookCellOutput([errorItem(message.name, message.message, message.traceback)], {
        outputType: "error",
      });
    case "display":
      return new vscode.NotebookCellOutput(toItems(message.data), {
        outputType: message.type,
        metadata: message.metadata,
        ...(message.displayId === undefined ? {} : { transient: { display_id: message.displayId } }),
        ...(message.executionCount === undefined ? {} : { executionCount: message.executionCount }),
      });
  }
}
