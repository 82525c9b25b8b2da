import { commands } from "vscode";

import type { CONTEXT_KEYS } from "./ids.ts";

type ContextKey = (typeof CONTEXT_KEYS)[keyof typeof CONTEXT_KEYS];

/** Sets VS Code's context keys, each only when its value changes. */
export class ContextKeys {
  readonly #values = new Map<ContextKey, string | boolean>();

  set(key: ContextKey, value: string | boolean): void {
    if (this.#values.get(key) !== value) {
      this.#values.set(key, value);
      void commands.executeCommand("setContext", key, value);
    }
  }
}
