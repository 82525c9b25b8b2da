import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { nameProblem } from "../../src/folder/naming.ts";
import { python } from "./python.ts";

const NAMES = [
  "main", "try 2", "ünï côde", "v1.0", "a~b", "abc", "facade!", "12", "x".repeat(100), "😀".repeat(100),
  "", "  ", " a", "a ", "a\nb", "a\u001b[31m", "a\u00a0b", "a\u200bb", "a\u2028b", "x".repeat(101),
  "HEAD", "head", "HEAD~2", "a~", "a~12", "~", "face", "DEADBEEF", "0".repeat(32), "0".repeat(33),
];

const CHECK = `
import json, sys
from kishu_agent.errors import InvalidNameError
from kishu_agent.history.naming import check
def good(name):
    try: check(name)
    except InvalidNameError: return False
    return True
print(json.dumps([good(name) for name in json.loads(sys.argv[1])]))
`;

describe("the name of a branch", () => {
  it("is refused where the agent refuses it", () => {
    const good: unknown = JSON.parse(python(CHECK, JSON.stringify(NAMES)));
    assert.deepEqual(
      NAMES.map((name) => nameProblem(name) === undefined),
      good,
    );
  });

  it("is not that of another", () => {
    assert.equal(nameProblem("main", ["other", "main"]), "taken");
    assert.equal(nameProblem("main", ["other"]), undefined);
    assert.deepEqual(["", "a ", "HEAD", "HEAD~1", "cafe"].map((name) => nameProblem(name)), [
      "empty",
      "spaces",
      "head",
      "steps",
      "id",
    ]);
  });
});
