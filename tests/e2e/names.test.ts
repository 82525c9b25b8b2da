import assert from "node:assert/strict";

import { until } from "../workbench/until.ts";
import { scenario } from "../workbench/scenario.ts";
import { Probe, Timeline, allowed, writeNotebook } from "./kishu.ts";

scenario(
  "the environment comes back, a branch gets a name, and the recording is explained",
  async ({ server, workbench }) => {
    const cells = ["x = [1]\na = [x]\nimport os", "os.mkdir('below'); os.chdir('below'); os.environ['MODE'] = 'b'"];
    writeNotebook(server.workspace, "names.ipynb", ...cells);
    const timeline = new Timeline(workbench);
    const notebook = await workbench.openNotebook("names.ipynb");
    await timeline.open();
    await workbench.runCommand("Kishu: Explain How Variables Are Recorded");
    await workbench.waitForNotification(/is not being recorded/);
    await workbench.clearNotifications();
    await workbench.runCommand("Kishu: Start Recording");
    await workbench.waitForNotification(/Recording begins/);
    await workbench.clearNotifications();
    await notebook.runAll(1);
    await timeline.waitForHead("os.mkdir");

    await workbench.runCommand("Kishu: Undo Last Cell");
    await workbench.page.getByText("environment put back").first().waitFor();
    await timeline.waitForHead("x = [1]");
    const probe = await Probe.addTo(notebook);
    assert.equal(await probe.print('os.path.basename(os.getcwd()) != "below", "MODE" in os.environ'), "True False");

    // The probe began a branch.
    await timeline.waitFor((rows) => rows.some(({ description }) => description.includes("[branch-2]")));
    await workbench.runCommand("Kishu: Rename Branch...");
    await until("the branches", () => workbench.pickRows(), ([first]) => /branch-2.*current/s.test(first ?? ""));
    await workbench.pick("branch-2");
    const input = workbench.page.locator(".quick-input-widget .quick-input-filter input");
    await input.fill("HEAD~1");
    await workbench.page.getByText("means steps back").waitFor();
    await workbench.answerInput("try it");
    await timeline.waitFor((rows) => rows.some(({ description }) => description.includes("[try it]")));

    await workbench.runCommand("Kishu: Explain How Variables Are Recorded");
    await until(
      "the report",
      async () => {
        const texts = workbench.page.frames().map((frame) => frame.locator("body").innerText().catch(() => ""));
        return (await Promise.all(texts)).join("\n");
      },
      (text) => text.includes("a[0] is x"),
    );
    await workbench.screenshot("explained");
  },
  { userSettings: { ...allowed, "kishu.restoreEnvironment": true } },
);
