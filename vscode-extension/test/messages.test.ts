import assert from "node:assert/strict";

import { suite, teardown, test } from "mocha";
import { commands } from "vscode";

import { DroppedError } from "../src/kernel/errors.ts";
import { showError, showKernelError } from "../src/platform/messages.ts";
import { silent } from "./fakes.ts";

suite("what the person is told", () => {
  teardown(() => commands.executeCommand("notifications.clearAll"));

  test("is in the log too, as an error", () => {
    const logged: (string | Error)[] = [];
    const log = { ...silent, error: (error: string | Error) => logged.push(error) };
    void showKernelError(log, "Not restored.", new DroppedError("restore"));
    void showError(log, "The disk is full.");
    assert.deepEqual(logged, [
      "Not restored. DroppedError: the kernel dropped the request restore",
      "The disk is full.",
    ]);
  });
});
