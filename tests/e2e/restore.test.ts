import assert from "node:assert/strict";

import { until } from "../workbench/until.ts";
import { scenario } from "../workbench/scenario.ts";
import { Probe, Timeline, allowed } from "./kishu.ts";

/** Positions in the demo notebook, Markdown included. */
const CLEAN = 4;
const LAST = 16;

/** What holds after the third code cell, and not later. */
const AFTER_CLEAN =
  '"proline" in wine.columns, safe is wine, selection is columns, len(columns), wine.shape, "model" in globals(), "Report" in globals()';
const AFTER_CLEAN_IS = "True True True 13 (173, 14) False False";

/** What holds after the last cell. */
const AFTER_LAST =
  '"proline" in wine.columns, selection is columns, np.shares_memory(top, values), report.scores, type(report) is Report, evaluate.__globals__ is globals(), "safe" in globals(), len(guess)';
const AFTER_LAST_IS = "False True True {'logistic': 0.957, 'stump': 0.671} True True False 70";

scenario(
  "a recorded notebook goes back and forth, into a fresh kernel, and after the window was closed",
  async ({ workbench }) => {
    const timeline = new Timeline(workbench);
    const notebook = await workbench.openNotebook("demo.ipynb");
    await timeline.open();
    await until("the offer to record", () => timeline.welcome(), (text) => text.includes("Start Recording"));
    await workbench.runCommand("Kishu: Start Recording");
    await workbench.waitForNotification(/Recording begins with the next cell/);
    await workbench.clearNotifications();

    // Every cell of the very first Run All is there.
    await notebook.runAll(LAST);
    await timeline.waitForHead("guess = names");
    const recorded = await timeline.rows();
    assert.deepEqual(
      recorded.map(({ label }) => label.slice(0, 14)),
      [
        "guess = names[",
        "model = Decisi",
        "model = make_p",
        "train_x, test_",
        "class Report:",
        "values = np.ar",
        'wine["colour_p',
        'del wine["prol',
        "wine = wine[wi",
        "raw = load_win",
        "import numpy a",
        "Recording bega",
      ],
    );
    assert.match(recorded[7]?.description ?? "", /~columns ~safe ~selection/);
    assert.match(recorded[8]?.description ?? "", /\+columns \+safe \+selection/);

    for (const theme of ["light", "dark"] as const) {
      await workbench.setTheme(theme);
      await notebook.reveal(CLEAN);
      assert.deepEqual((await notebook.codeLenses(CLEAN)).map((text) => text.trim()), ["Restore state here"]);
      await workbench.screenshot(`timeline-${theme}`);
    }

    // The third code cell.
    await notebook.clickCodeLens(CLEAN, "Restore state here");
    await timeline.waitForHead("wine = wine[wine");
    const here = (await notebook.reveal(CLEAN)).locator(".codelens-decoration", { hasText: "Current state" });
    await here.waitFor();
    await workbench.screenshot("restored");
    const probe = await Probe.addTo(notebook);
    assert.equal(await probe.print(AFTER_CLEAN), AFTER_CLEAN_IS);
    await timeline.waitForHead("print(");

    // Undo takes back the probe, then the cell; redo brings the cell again.
    await workbench.runCommand("Kishu: Undo Last Cell");
    await timeline.waitForHead("wine = wine[wine");
    await workbench.runCommand("Kishu: Undo Last Cell");
    await timeline.waitForHead("raw = load_wine");
    await workbench.runCommand("Kishu: Redo");
    await timeline.waitForHead("wine = wine[wine");
    assert.equal(await probe.print(AFTER_CLEAN), AFTER_CLEAN_IS);
    await workbench.runCommand("Kishu: Undo Last Cell");
    await timeline.waitForHead("wine = wine[wine");
    await workbench.runCommand("Kishu: Undo Last Cell");
    await timeline.waitForHead("raw = load_wine");
    assert.equal(await probe.print('"safe" in globals(), "columns" in globals(), wine.shape'), "False False (178, 14)");

    // The last state, into a fresh kernel.
    await workbench.runCommand("Jupyter: Restart Kernel");
    await timeline.waitFor((rows) => !rows.some(({ description }) => description.startsWith("current")));
    await timeline.restore("guess = names");
    await timeline.waitForHead("guess = names");
    assert.equal(await probe.print(AFTER_LAST), AFTER_LAST_IS);

    // The window is closed and opened again: there is a timeline, and a kernel after the first cell.
    await workbench.reload();
    await timeline.open();
    await until("the line above the entries", () => timeline.message(), (text) => text.includes("Run a cell"));
    await until("the lenses", () => notebook.codeLenses(CLEAN), (lenses) => lenses.length === 1);
    await notebook.clickCodeLens(CLEAN, "Restore state here");
    await workbench.waitForNotification(/has no kernel yet. Run a cell first/);
    await workbench.clearNotifications();
    assert.equal(await probe.print('"wine" in globals()'), "False");
    await notebook.clickCodeLens(CLEAN, "Restore state here");
    await timeline.waitForHead("wine = wine[wine");
    assert.equal(await probe.print(AFTER_CLEAN), AFTER_CLEAN_IS);
    await timeline.restore("guess = names");
    await timeline.waitForHead("guess = names");
    assert.equal(await probe.print(AFTER_LAST), AFTER_LAST_IS);

    await workbench.runCommand("Preferences: Color Theme");
    await workbench.pick("Dark High Contrast");
    await workbench.page.locator(".monaco-workbench.hc-black").waitFor();
    await workbench.screenshot("timeline-high-contrast");
  },
  { userSettings: allowed },
);
