import * as vscode from "vscode";

/** The extension that touches the API. */
export interface Caller {
  readonly id: string;
  readonly name: string;
  /** False where access is denied without a question. */
  readonly canAsk: boolean;
}

const NOBODY: Caller = { id: "unknown", name: "unknown", canAsk: false };

/** As deep as a call through a bundled client may be. */
const FRAMES = 100;

function displayName(extension: vscode.Extension<unknown>): string {
  // SAFETY: a package.json is an untyped object.
  const manifest = extension.packageJSON as { readonly displayName?: unknown };
  return typeof manifest.displayName === "string" ? manifest.displayName : "";
}

function stackLines(): string[] {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = FRAMES;
  const stack = new Error("caller").stack ?? "";
  Error.stackTraceLimit = limit;
  return stack.split("\n").slice(1);
}

/**
 * Find the caller by the files on the call stack. Code outside every extension's folder, also an extension
 * that is a symbolic link to elsewhere, is nobody.
 */
export function findCaller(ownId: string): Caller {
  const others = vscode.extensions.all.filter((extension) => extension.id !== ownId);
  for (const line of stackLines()) {
    const extension = others.find((other) => line.includes(`${other.extensionPath}/`));
    if (extension !== undefined) {
      const name = displayName(extension);
      return { id: extension.id, name, canAsk: name !== "" };
    }
  }
  return NOBODY;
}
