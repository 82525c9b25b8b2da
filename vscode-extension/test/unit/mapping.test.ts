import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { checkpointsOfCells } from "../../src/cells/mapping.ts";
import { History } from "../../src/folder/history.ts";
import type { Checkpoint } from "../../src/protocol.generated.ts";
import { checkpoint } from "./checkpoints.ts";

const OPENED = "2026-01-02T00:00:00.000000Z";

function ran(id: string, started: string, code: string, cell: string | null, session = "s"): Checkpoint {
  return checkpoint(id, { started, session, cell: { code, id: cell, execution_count: null } });
}

function map(cells: readonly (readonly [uri: string, code: string])[], checkpoints: readonly Checkpoint[]) {
  const history = new History({ kind: "ready", paused: false }, checkpoints);
  const open = cells.map(([uri, code]) => ({ uri, code }));
  return Object.fromEntries([...checkpointsOfCells(open, history, OPENED)].map(([uri, { id }]) => [uri, id]));
}

describe("the checkpoint of a cell", () => {
  it("is the newest of this window, whatever the cell's text is now", () => {
    assert.deepEqual(
      map([["c1", "edited"]], [ran("1", "2026-01-02T10", "x", "c1"), ran("2", "2026-01-02T11", "y", "c1")]),
      { c1: "2" },
    );
  });

  it("is not found by an id of another window, which may be another cell's", () => {
    assert.deepEqual(
      map(
        [
          ["c1", "b"],
          ["c2", "a"],
        ],
        [ran("1", "2026-01-01T10", "a", "c1"), ran("2", "2026-01-01T11", "b", "c2")],
      ),
      { c1: "2", c2: "1" },
    );
  });

  it("is found by the text, without what line ends and trailing space make different", () => {
    assert.deepEqual(map([["c1", "x\ny\n\n"]], [ran("1", "2026-01-01T10", "x\r\ny", null)]), { c1: "1" });
    assert.deepEqual(map([["c1", ""]], [ran("1", "2026-01-01T10", "", null)]), {});
  });

  it("is given in order where cells are alike, from the last time that they ran", () => {
    const cells = [
      ["c1", "x += 1"],
      ["c2", "x += 1"],
    ] as const;
    const before = [
      ran("1", "2026-01-01T10", "x += 1", "a", "old"),
      ran("2", "2026-01-01T11", "x += 1", "b", "old"),
      ran("3", "2026-01-01T12", "x += 1", "a", "new"),
      ran("4", "2026-01-01T13", "x += 1", "b", "new"),
    ];
    assert.deepEqual(map(cells, before), { c1: "3", c2: "4" });
    assert.deepEqual(map(cells, [...before, ran("5", "2026-01-02T10", "x += 1", "c1")]), { c1: "5", c2: "4" });
  });

  it("is none that can't be restored", () => {
    const broken = { ...ran("1", "2026-01-02T10", "x", "c1"), parent: "lost" };
    assert.deepEqual(map([["c1", "x"]], [broken]), {});
  });
});
