import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";

import { scenario } from "../workbench/scenario.ts";

scenario(
  "the workbench opens the demo folder and shows the notebook's cells",
  async ({ server, workbench }) => {
    const notebook = await workbench.openNotebook("demo.ipynb");

    assert.equal((await notebook.cell(0)).kind, "markdown");
    assert.deepEqual(await notebook.cell(1), { index: 1, kind: "code", executionCount: undefined, outcome: "none" });
    // The last cell is out of sight at first.
    assert.equal((await notebook.cell(16)).kind, "code");
    await notebook.reveal(0);

    for (const theme of ["light", "dark"] as const) {
      await workbench.setTheme(theme);
      assert.ok(existsSync(await workbench.screenshot(`workbench-${theme}`)));
    }
    const saved = readFileSync(path.join(server.workspace, "demo.ipynb"), "utf8");
    assert.match(saved, /Which wine is it/);
  },
  { extensions: [] },
);
