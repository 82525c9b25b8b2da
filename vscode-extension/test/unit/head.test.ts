import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { History, type Head } from "../../src/folder/history.ts";
import type { Place } from "../../src/kernel/session.ts";
import { headOf } from "../../src/notebook/head.ts";
import type { Checkpoint } from "../../src/protocol.generated.ts";
import { checkpoint } from "./checkpoints.ts";

const OPENED = "2026-01-01T00";

function at(id: string, parent: string | null, hour: number, session = "s"): Checkpoint {
  return checkpoint(id, { parent, session, started: `2026-01-01T${String(hour).padStart(2, "0")}` });
}

function place(head: string | null, hour: number, left: readonly string[] = []): Place {
  return { session: "s", head, left, time: `2026-01-01T${String(hour).padStart(2, "0")}` };
}

function head(session: string, id: string, hour: number): Head {
  return { session, notebook: "n.ipynb", checkpoint: id, time: `2026-01-01T${String(hour).padStart(2, "0")}`, pid: 1 };
}

function history(checkpoints: readonly Checkpoint[], heads: readonly Head[] = []): History {
  return new History({ kind: "ready", paused: false }, checkpoints, undefined, heads);
}

describe("HEAD", () => {
  const line = [at("1", null, 1), at("2", "1", 2), at("3", "2", 3)];

  it("is nothing without a kernel", () => {
    assert.equal(headOf(history(line, [head("s", "3", 3)]), place("3", 4), OPENED, false), null);
  });

  it("is where the agent said last", () => {
    assert.equal(headOf(history(line), place("2", 4), OPENED, true), "2");
  });

  it("moves along with the cells that were recorded since", () => {
    const later = [...line, at("4", "2", 5), at("5", "4", 6), at("6", "5", 7, "another kernel")];
    assert.equal(headOf(history(later), place("2", 4), OPENED, true), "5");
  });

  it("does not move to a state that was left, although its file comes late", () => {
    assert.equal(headOf(history([...line, at("4", "3", 6)]), place("3", 5, ["4"]), OPENED, true), "3");
  });

  it("is what the agent wrote down since", () => {
    assert.equal(headOf(history(line, [head("s", "1", 5), head("t", "3", 6)]), place("2", 4), OPENED, true), "1");
  });

  it("is not what the agent of a kernel wrote down that began before, such as one that was restarted", () => {
    const heads = [head("s", "3", 9), head("t", "4", 8)];
    const both = [...line, at("4", null, 7, "t")];
    assert.equal(headOf(history(both, heads), undefined, "2026-01-01T05", true), "4", "s began at 1");
    assert.equal(headOf(history(both, heads), undefined, "2026-01-01T08", true), null);
  });

  it("is what some agent wrote down in this window's time when it was not asked yet", () => {
    assert.equal(headOf(history(line, [head("s", "3", 3)]), undefined, OPENED, true), "3");
    assert.equal(headOf(history(line, [head("s", "3", 3)]), undefined, "2026-01-01T04", true), null);
  });
});
