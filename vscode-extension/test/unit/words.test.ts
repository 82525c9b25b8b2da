import assert from "node:assert/strict";
import { describe, it } from "node:test";

import {
  bytesText,
  changesText,
  codeBlock,
  codeSpan,
  durationText,
  firstLine,
  timeText,
} from "../../src/timeline/words.ts";
import { checkpoint } from "./checkpoints.ts";

describe("the label of a cell", () => {
  it("is its first line that is code", () => {
    assert.equal(firstLine("\n# load\n%matplotlib inline\n!ls\n  x = 1\ny = 2", 80), "x = 1");
  });

  it("is its first line when there is no code", () => {
    assert.equal(firstLine("\r\n%time\r\n# done", 80), "%time");
    assert.equal(firstLine("   \n\t", 80), "");
  });

  it("is cut", () => {
    assert.equal(firstLine("abcdef", 6), "abcdef");
    assert.equal(firstLine("abcdefg", 6), "abcde…");
    assert.equal(firstLine("abcd efg", 6), "abcd…");
  });
});

it("changes are listed, the first few", () => {
  const some = checkpoint("1", { created: ["a"], changed: ["b"], deleted: ["c"] });
  assert.equal(changesText(some, 3), "+a ~b −c");
  assert.equal(changesText(some, 2), "+a ~b −c", "one more takes no more room than saying so");
  assert.equal(changesText(some, 1), "+a … 2");
  assert.equal(changesText(checkpoint("1"), 3), "");
});

it("durations read well", () => {
  assert.deepEqual(
    [0, 0.0004, 0.0123, 0.0996, 0.25, 9.94, 9.96, 59.4, 59.6, 125, 3599.7, 3725].map(durationText),
    ["0 ms", "0 ms", "12 ms", "0.1 s", "0.3 s", "9.9 s", "10 s", "59 s", "1 min 0 s", "2 min 5 s", "1 h 0 min", "1 h 2 min"],
  );
});

it("sizes read well", () => {
  assert.deepEqual(
    [0, 999, 1000, 10_240, 1_000_000, 1_048_576, 123_456_789, 5 * 2 ** 30, 3 * 2 ** 40].map(bytesText),
    ["0 B", "999 B", "1.0 KB", "10 KB", "977 KB", "1.0 MB", "118 MB", "5.0 GB", "3.0 TB"],
  );
});

it("times before today have a date", () => {
  const now = new Date(2026, 4, 20, 12);
  const at = (...when: [number, number, number, number, number]): string =>
    timeText(new Date(...when).toISOString(), now, "en-GB");
  assert.equal(at(2026, 4, 20, 9, 5), "9:05");
  assert.match(at(2026, 4, 19, 9, 5), /^19 May.* 9:05$/);
  assert.match(at(2025, 4, 19, 9, 5), /^19 May 2025.* 9:05$/);
  assert.equal(timeText("long ago", now, "en"), "long ago");
});

it("Markdown stands for itself", () => {
  assert.equal(codeSpan("a\n b"), "`a b`");
  assert.equal(codeSpan("a `b`` c"), "``` a `b`` c ```");
  assert.equal(codeBlock("x = '```'", "python"), "````python\nx = '```'\n````");
});
