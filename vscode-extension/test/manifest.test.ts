import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";

import { suite, test } from "mocha";
import { commands, extensions, workspace } from "vscode";

import { STARTUP_LINE } from "../src/notebook/startupLine.ts";
import { COMMANDS, CONTEXT_KEYS, FOREIGN_COMMANDS, ROWS, SETTINGS, TIMELINE_VIEW, WELCOMES } from "../src/platform/ids.ts";

interface Manifest {
  readonly contributes: {
    readonly commands: readonly { readonly command: string; readonly category: string; readonly enablement?: string }[];
    readonly configuration: { readonly properties: Readonly<Record<string, unknown>> };
    readonly views: Readonly<Record<string, readonly { readonly id: string }[]>>;
    readonly viewsWelcome: readonly { readonly view: string; readonly contents: string; readonly when: string }[];
    readonly menus: Readonly<Record<string, readonly { readonly command: string; readonly when: string }[]>>;
  };
}

const extension = extensions.getExtension("kishu.kishu-vscode");
assert.ok(extension);
// SAFETY: the parts that are read here are checked by VS Code when it loads the extension.
const { contributes } = extension.packageJSON as Manifest;
const home = extension.extensionPath;
const whens = [
  ...contributes.viewsWelcome.map(({ when }) => when),
  ...Object.values(contributes.menus).flatMap((menu) => menu.map(({ when }) => when)),
  ...contributes.commands.flatMap(({ enablement }) => (enablement === undefined ? [] : [enablement])),
];

suite("package.json", () => {
  test("has the commands of the code, and all are registered", async () => {
    assert.deepEqual(contributes.commands.map(({ command }) => command).sort(), Object.values(COMMANDS).sort());
    assert.ok(contributes.commands.every(({ category }) => category === "Kishu"));
    await extension.activate();
    const registered = await commands.getCommands(true);
    assert.deepEqual(
      [...Object.values(COMMANDS), ...Object.values(FOREIGN_COMMANDS)].filter((id) => !registered.includes(id)),
      [],
    );
  });

  test("uses commands in menus and welcome texts that exist", () => {
    const used = [
      ...Object.values(contributes.menus).flatMap((menu) => menu.map(({ command }) => command)),
      ...contributes.viewsWelcome.flatMap(({ contents }) =>
        [...contents.matchAll(/\(command:([\w.]+)\)/g)].map(([, id]) => id ?? ""),
      ),
    ];
    const known: readonly string[] = [...Object.values(COMMANDS), ...Object.values(FOREIGN_COMMANDS)];
    assert.deepEqual(used.filter((id) => !known.includes(id)), []);
  });

  test("uses context keys that the code sets", () => {
    const used = new Set(whens.flatMap((when) => [...when.matchAll(/\bkishu\.\w+/g)].map(([key]) => key)));
    const known: readonly string[] = [...Object.values(CONTEXT_KEYS), TIMELINE_VIEW];
    assert.deepEqual([...used].filter((key) => !known.includes(key)), []);
    const rows = new Set(whens.flatMap((when) => [...when.matchAll(/viewItem == (\w+)/g)].map(([, row]) => row)));
    const knownRows: readonly (string | undefined)[] = Object.values(ROWS);
    assert.deepEqual([...rows].filter((row) => !knownRows.includes(row)), []);
  });

  test("has one welcome text for each state", () => {
    const states = contributes.viewsWelcome.map(({ when }) => /kishu\.welcome == (\w+)/.exec(when)?.[1]);
    assert.deepEqual(states.sort(), [...WELCOMES].sort());
  });

  test("keeps the history out of searches, along with what was kept out before", () => {
    const excluded = workspace.getConfiguration("search").get<Readonly<Record<string, boolean>>>("exclude");
    assert.equal(excluded?.["**/.kishu"], true);
    assert.equal(excluded["**/node_modules"], true);
  });

  test("has the settings and views of the code", () => {
    assert.deepEqual(Object.keys(contributes.configuration.properties), Object.values(SETTINGS));
    assert.deepEqual(Object.values(contributes.views).flatMap((views) => views.map(({ id }) => id)), [TIMELINE_VIEW]);
  });
});

suite("the sources", () => {
  const sources = readdirSync(path.join(home, "src"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => ({ name, text: readFileSync(path.join(home, "src", name), "utf8") }));
  const mentioning = (word: string): string[] =>
    sources.filter(({ text }) => text.includes(word)).map(({ name }) => name.replaceAll(path.sep, "/"));

  test("read settings in one module", () => {
    assert.deepEqual(mentioning("getConfiguration"), ["platform/settings.ts"]);
  });

  test("touch the Jupyter extension in one module", () => {
    assert.deepEqual(mentioning('from "@vscode/jupyter-extension"'), ["kernel/jupyter.ts"]);
    assert.deepEqual(mentioning("CancellationTokenSource"), ["kernel/jupyter.ts"]);
    assert.deepEqual(mentioning(".cancel("), []);
  });

  test("have the start-up line of the protocol's document", () => {
    const document = readFileSync(path.join(home, "..", "docs", "protocol.md"), "utf8");
    assert.ok(document.split("\n").some((line) => line.trim() === STARTUP_LINE));
    assert.ok(!STARTUP_LINE.includes("\n") && !STARTUP_LINE.includes("\\n"));
  });
});
