import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, before, beforeEach, describe, it } from "node:test";

import { layoutOf, directoryName, type Layout } from "../../src/folder/layout.ts";
import { switchOff, switchOn } from "../../src/folder/local.ts";
import { FolderReader } from "../../src/folder/reader.ts";
import { python } from "./python.ts";

const RECORD = `
import sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
import kishu_agent
session = kishu_agent.attach(sys.argv[1])
def run(code, cell): shell.run_cell(code, store_history=True, cell_id=cell)
run("x = [1, 2]", "c1")
run("y = x", "c2")
run("1 / 0", "c3")
session.tag("before")
session.undo()
run("del y", "c4")
print(session.head)
session.flush()
session.detach()
`;

let folder = "";
let notebook = "";
let layout: Layout;
let lastHead = "";

describe("a folder that the agent wrote", () => {
  before(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), "kishu-reader-"));
    notebook = path.join(folder, "Ünï 100%.ipynb");
    layout = layoutOf(notebook);
    lastHead = python(RECORD, notebook).trim().split("\n").at(-1) ?? "";
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it("is read as it was meant", async () => {
    const history = await new FolderReader(layout).read();
    assert.deepEqual(history.folder, { kind: "ready", paused: false });
    assert.deepEqual(history.damaged, []);
    assert.deepEqual(
      history.checkpoints.map(({ kind, cell, outcome, created, deleted }) => [kind, cell?.id, outcome, created, deleted]),
      [
        ["start", undefined, "ok", [], []],
        ["cell", "c1", "ok", ["x"], []],
        ["cell", "c2", "ok", ["y"], []],
        ["cell", "c3", "error", [], []],
        ["cell", "c4", "ok", [], ["y"]],
      ],
    );
    assert.deepEqual([...history.line(lastHead)].map(({ cell }) => cell?.id), ["c4", "c2", "c1", undefined]);
    assert.ok(history.checkpoints.every(({ id }) => history.isComplete(id)));
    const failed = history.checkpoints.at(3);
    assert.equal(failed?.error?.name, "ZeroDivisionError");
    assert.deepEqual(history.tagsOf(failed.id), ["before"]);
    assert.deepEqual(
      [...history.branchHeads()].map(([branch, newest]) => [history.names.branches.get(branch), newest.cell?.id]),
      [
        ["main", "c3"],
        ["branch-2", "c4"],
      ],
    );
  });

  it("is the same object until something changes", async () => {
    const reader = new FolderReader(layout);
    const first = await reader.read();
    assert.equal(await reader.read(), first);
    await switchOff(layout);
    const paused = await reader.read();
    assert.deepEqual(paused.folder, { kind: "ready", paused: true });
    assert.equal(paused.checkpoints[0], first.checkpoints[0], "immutable files are read once");
    await switchOn(layout);
    assert.deepEqual((await reader.read()).folder, { kind: "ready", paused: false });
  });

  it("is usable where a record is truncated or altered", async () => {
    const reader = new FolderReader(layout);
    const whole = await reader.read();
    const [start, first, second] = whole.checkpoints;
    assert.ok(start && first && second);
    const file = path.join(layout.checkpoints, `${second.id}.json`);
    const data = readFileSync(file);

    for (const [damage, reason] of [
      [data.subarray(0, 100), /truncated/],
      [Buffer.alloc(0), /truncated/],
      [Buffer.from(data.toString().replace('"y"', '"z"')), /changed/],
    ] as const) {
      writeFileSync(file, damage);
      const { checkpoints, damaged, ...history } = await new FolderReader(layout).read();
      assert.equal(checkpoints.length, 4);
      assert.match(damaged[0]?.reason ?? "", reason);
      assert.equal(damaged[0]?.file, file);
      assert.deepEqual(history.folder, { kind: "ready", paused: false });
    }
    const hurt = await new FolderReader(layout).read();
    assert.deepEqual(
      hurt.checkpoints.map(({ id }) => hurt.isComplete(id)),
      [true, true, false, false],
    );

    const watching = new FolderReader(layout);
    assert.equal((await watching.read()).damaged.length, 1);
    writeFileSync(file, data);
    assert.deepEqual((await watching.read()).damaged, [], "it is read again once it was brought back");
  });

  it("tells where kernels are that live, and not those that were killed", async () => {
    const write = (session: string, pid: number): void => {
      const head = { session, notebook: path.basename(notebook), checkpoint: lastHead, branch: null, time: "2026-01-01", pid };
      mkdirSync(layout.heads, { recursive: true });
      writeFileSync(path.join(layout.heads, `${session}.json`), JSON.stringify(head));
    };
    const { pid: killed } = spawnSync(process.execPath, ["--version"]);
    write("a", process.pid);
    write("b", killed);
    write("c", 0);
    const { heads } = await new FolderReader(layout).read();
    rmSync(layout.heads, { recursive: true });
    assert.deepEqual(heads.map(({ session }) => session), ["a"]);
  });

  it("reports files that a newer version wrote", async () => {
    const id = "f".repeat(32);
    const file = path.join(layout.events, `${id}.json`);
    const write = `import sys, json, hashlib
body = json.dumps({"format": 2, "id": sys.argv[2]})
open(sys.argv[1], "w").write('{"body":%s,"sha256":"%s"}\\n' % (body, hashlib.sha256(body.encode()).hexdigest()))`;
    python(write, file, id);
    const { damaged, checkpoints } = await new FolderReader(layout).read();
    rmSync(file);
    assert.match(damaged[0]?.reason ?? "", /format version 2/);
    assert.equal(checkpoints.length, 5);
  });
});

describe("what stands at the place of the folder", () => {
  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), "kishu-place-"));
    layout = layoutOf(path.join(folder, "n.ipynb"));
  });

  async function state() {
    const history = await new FolderReader(layout).read();
    rmSync(folder, { recursive: true, force: true });
    return history.folder;
  }

  it("may be nothing", async () => {
    assert.deepEqual(await state(), { kind: "absent" });
  });

  it("may be a file", async () => {
    writeFileSync(layout.folder, "");
    assert.deepEqual(await state(), { kind: "notAFolder" });
  });

  it("may be somebody else's folder", async () => {
    mkdirSync(layout.folder);
    writeFileSync(path.join(layout.folder, "notes.txt"), "");
    assert.deepEqual(await state(), { kind: "notAFolder" });
  });

  it("may be a folder whose creation was cut short", async () => {
    mkdirSync(path.join(layout.folder, "packs"), { recursive: true });
    writeFileSync(path.join(layout.folder, "FORMAT.md"), "");
    assert.deepEqual(await state(), { kind: "absent" });
  });

  it("may be of another format version", async () => {
    mkdirSync(layout.folder);
    writeFileSync(layout.format, '{"format":"kishu","version":2}');
    assert.deepEqual(await state(), { kind: "foreignFormat", version: "2" });
  });

  it("may be unreadable", async () => {
    mkdirSync(layout.folder);
    writeFileSync(layout.format, "{");
    assert.equal((await state()).kind, "unreadable");
  });

  it("is a switch that the agent takes up", async () => {
    await switchOn(layout);
    appendFileSync(layout.format, "");
    assert.deepEqual(readdirSync(layout.folder), ["format.json"]);
    python("import sys\nfrom pathlib import Path\nfrom kishu_agent.folder.folder import Folder\nFolder.create(Path(sys.argv[1]))", folder);
    assert.deepEqual(await state(), { kind: "ready", paused: false });
  });
});

it("the directory of a notebook is named as the agent names it", () => {
  const names = ["a.ipynb", "Ünï 100%.ipynb", "u\u0308.ipynb", 'a:b?"<>|*.ipynb', "con.ipynb", "CON", "con_.ipynb", "lpt1.x", "end.", "end ", "a\\b", "🙂.ipynb", "\u0001"];
  const program = "import sys, json\nfrom kishu_agent.folder.names import directory_name\nprint(json.dumps([directory_name(n) for n in json.loads(sys.argv[1])]))";
  assert.deepEqual(names.map(directoryName), JSON.parse(python(program, JSON.stringify(names))));
});
