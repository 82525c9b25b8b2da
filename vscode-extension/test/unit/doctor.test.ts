import assert from "node:assert/strict";
import { it } from "node:test";

import { recordingReport } from "../../src/doctor/markdown.ts";
import type { Diagnosis } from "../../src/protocol.generated.ts";

function diagnosis(name: string, given: Partial<Diagnosis> = {}): Diagnosis {
  return {
    name,
    type: "list",
    how: "pickle",
    reason: null,
    stream_bytes: 20,
    buffer_bytes: 0,
    seconds: 0.001,
    joined: [],
    because: [],
    definitions: [],
    ...given,
  };
}

it("a report has a table and says why", () => {
  const joined = { because: ["a[0] is b['x|y']"] };
  const text = recordingReport("my_notebook.ipynb", [
    diagnosis("a", { ...joined, joined: ["b"] }),
    diagnosis("b", { ...joined, joined: ["a"], type: "dict", definitions: ["Box"] }),
    diagnosis("v", { type: "numpy.ndarray", buffer_bytes: 4096, how: "dill", reason: "a <lambda>" }),
    diagnosis("g", { type: "generator", how: "none", reason: "cannot pickle 'generator' object" }),
  ]);
  assert.equal(
    text,
    `# How the variables of my\\_notebook\\.ipynb are recorded

4 variables, each looked at on its own just now: 4.1 KB in 4 ms. What did not change is not stored again.

| Variable | Type | Recorded | Encoded | Memory | Time | Together with |
| --- | --- | --- | ---: | ---: | ---: | --- |
| \`a\` | list | pickle | 20 B |  | 1 ms | \`b\` |
| \`b\` | dict | pickle | 20 B |  | 1 ms | \`a\` |
| \`v\` | numpy\\.ndarray | dill | 20 B | 4.0 KB | 1 ms |  |
| \`g\` | generator | **no** | 20 B |  | 1 ms |  |

## Not recorded

These have no stored form. A restored state lacks them; run the cells that made them again.

- \`g\`: cannot pickle 'generator' object

## Recorded in another way

These are not stored by Python's pickle, for this reason.

- \`v\`, by dill: a \\<lambda\\>

## Recorded together

Variables that share an object or memory are recorded and restored as one, so that they share it again. A change in one of them stores what all of them hold.

- \`a\`, \`b\`
  - \`a[0] is b['x|y']\`

## What they need

Functions and classes of the notebook are stored on their own. When one is loaded, so is what needs it.

- \`b\` needs \`Box\`

`,
  );
});

it("a report without variables says so", () => {
  assert.equal(recordingReport("n", []), "# How the variables of n are recorded\n\nThere are no variables.\n\n");
});

it("a bar in a name does not end the cell of a table", () => {
  assert.match(recordingReport("n", [diagnosis("a|b", { type: "x|y" })]), /\| `a\\\|b` \| x\\\|y \| pickle/);
});
