import assert from "node:assert/strict";

import { suite, test } from "mocha";
import { MarkdownString, ThemeIcon, TreeItem } from "vscode";

import { History } from "../src/folder/history.ts";
import { AccessDeniedError, AgentMissingError, VersionMismatchError, type KernelError } from "../src/kernel/errors.ts";
import { situationOf } from "../src/notebook/situation.ts";
import type { Checkpoint } from "../src/protocol.generated.ts";
import { checkpointItem } from "../src/timeline/item.ts";
import { restoredText } from "../src/timeline/restored.ts";
import { tooltipOf } from "../src/timeline/tooltip.ts";
import { status } from "./fakes.ts";
import { checkpoint } from "./unit/checkpoints.ts";

const started = "2026-05-01T10:00:00.000000Z";

function cell(id: string, given: Partial<Checkpoint> = {}): Checkpoint {
  return checkpoint(id, {
    started,
    duration: 0.25,
    bytes_added: 2048,
    cell: { code: `# first\n${id} = 1`, id: null, execution_count: 3 },
    ...given,
  });
}

function row(shown: Checkpoint, others: readonly Checkpoint[] = [], head: string | null = null): TreeItem {
  const names = { branches: new Map([["b", "main"], ["c", "other"]]), tags: new Map([["best", "x"]]) };
  const history = new History({ kind: "ready", paused: false }, [shown, ...others], names);
  return checkpointItem(shown, { history, head, now: new Date(2026, 5, 1), locale: "en-GB" });
}

function icon({ iconPath }: TreeItem): string {
  assert.ok(iconPath instanceof ThemeIcon);
  return iconPath.id;
}

suite("a row of the timeline", () => {
  test("tells what a cell did", () => {
    const item = row(cell("x", { created: ["x"], deleted: ["y"] }));
    assert.equal(item.label, "x = 1");
    assert.match(String(item.description), /^#best · \+x −y · 1 May, \d+:00 · 0.3 s · 2.0 KB$/);
    assert.deepEqual([icon(item), item.contextValue], ["circle-outline", "checkpoint"]);
    assert.equal(item.accessibilityInformation?.label.startsWith("x = 1, created x, deleted y, 1 May"), true);
  });

  test("marks the current one in words and by its icon", () => {
    const item = row(cell("x"), [], "x");
    assert.match(String(item.description), /^current · /);
    assert.deepEqual([icon(item), item.contextValue], ["circle-filled", "currentCheckpoint"]);
    assert.match(item.accessibilityInformation?.label ?? "", /current state/);
  });

  test("marks what failed", () => {
    const failed = row(cell("x", { outcome: "error", error: { name: "ValueError", message: "no" } }));
    assert.match(String(failed.description), /ValueError/);
    assert.equal(icon(failed), "error");
    const interrupted = row(cell("x", { outcome: "interrupted" }));
    assert.match(String(interrupted.description), /interrupted/);
    assert.equal(icon(interrupted), "circle-slash");
    assert.equal(icon(row(cell("x", { problems: { x: "is a socket" } }))), "warning");
  });

  test("names branches where there are several", () => {
    const other = cell("y", { branch: "c", parent: "x", started: "2026-05-01T11:00:00.000000Z" });
    assert.match(String(row(cell("x"), [other]).description), /^\[main\] · #best ·/);
  });

  test("has words of its own for what no cell did", () => {
    assert.equal(row(checkpoint("x", { kind: "start", started })).label, "Recording began");
    assert.equal(row(checkpoint("x", { kind: "between", started })).label, "Changed between cells");
  });

  test("offers nothing for a state that can't be put together", () => {
    const item = row(cell("x", { parent: "lost" }));
    assert.match(String(item.description), /can't be restored$/);
    assert.deepEqual([icon(item), item.contextValue], ["question", undefined]);
  });
});

test("a tooltip shows code and values as plain text", () => {
  const preview = { type: "DataFrame", text: "`a` <b>", length: 3, shape: [3, 2], nbytes: 4096 };
  const text = tooltipOf(
    cell("x", {
      created: ["x"],
      previews: { x: preview },
      problems: { y: "holds <a lock>" },
      added: [{ roots: ["x"], version: "", size: 1, how: "dill", reason: null, depends: [] }],
    }),
    ["main"],
    "en-GB",
  );
  assert.ok(text instanceof MarkdownString);
  assert.notEqual(text.isTrusted, true);
  assert.notEqual(text.supportHtml, true);
  assert.ok(text.value.includes("```python\n# first\nx = 1\n```"));
  assert.ok(text.value.includes("`x` · DataFrame 3 × 2 · 4.0 KB · `` `a` <b> `` · dill"));
  assert.ok(text.value.includes("$(warning) `y` holds \\<a lock\\>"));
});

test("the word after a restore begins with its figures and is short", () => {
  const report = {
    checkpoint: "x",
    previous: null,
    restored: ["a", "b", "c"],
    removed: ["d"],
    kept: Array.from({ length: 14 }, (_, index) => `k${String(index)}`),
    missing: {},
    replayed: [],
    environment: [],
    seconds: 0.25,
  };
  const long = cell("x", { cell: { code: 'wine = wine[wine["malic_acid"] < 5].reset_index()', id: null, execution_count: 1 } });
  const text = restoredText(report, long);
  assert.equal(text, '3 loaded, 1 removed, 14 unchanged, 0.3 s: wine = wine[wine[…');
  assert.ok(text.length < 64);
  assert.equal(restoredText({ ...report, restored: [], removed: [], kept: [] }, undefined), "0.3 s");
  const elsewhere = { ...report, restored: [], removed: [], kept: [], environment: ["the working directory was a, it is b"] };
  assert.equal(restoredText(elsewhere, undefined), "environment differs, 0.3 s");
  assert.equal(restoredText(elsewhere, undefined, true), "environment put back, 0.3 s");
});

suite("what is said when there is nothing to show", () => {
  const ready = new History({ kind: "ready", paused: false });
  const absent = new History({ kind: "absent" });

  test("follows the folder", () => {
    assert.equal(situationOf(absent, { kind: "noKernel" }, true, false), "notRecording");
    assert.equal(situationOf(new History({ kind: "notAFolder" }), { kind: "noKernel" }, true, false), "notAFolder");
    assert.equal(situationOf(new History({ kind: "ready", paused: true }), { kind: "noKernel" }, true, false), "paused");
    assert.equal(situationOf(ready, { kind: "noKernel" }, true, false), "noKernel");
    assert.equal(situationOf(ready, { kind: "attached", status: status() }, true, false), "nothingYet");
    assert.equal(situationOf(ready, { kind: "asking" }, true, false), "waiting");
    assert.equal(situationOf(ready, { kind: "asking" }, true, true), "nothingYet");
    assert.equal(situationOf(ready, { kind: "noKernel" }, false, false), "untrusted");
  });

  test("follows the kernel", () => {
    const unusable = (error: KernelError, recordsUnasked = false) =>
      situationOf(ready, { kind: "unusable", error }, true, recordsUnasked);
    assert.equal(unusable(new AgentMissingError()), "noAgent");
    assert.equal(unusable(new AccessDeniedError()), "accessDenied");
    assert.equal(unusable(new AccessDeniedError(), true), "recordingWithoutAccess");
    assert.equal(unusable(new VersionMismatchError("agent", "0")), "agentMismatch");
    assert.equal(unusable(new VersionMismatchError("extension", "2")), "extensionMismatch");
  });
});
