import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";

import { setup, suite, teardown, test } from "mocha";
import { Uri } from "vscode";

import { Agent } from "../src/kernel/agent.ts";
import { AgentFailureError, NoKernelError } from "../src/kernel/errors.ts";
import { KernelSession } from "../src/kernel/session.ts";
import { FakeKernels, replyTo, requestIn, silent, status } from "./fakes.ts";
import { FakeKernel } from "./unit/fakeKernel.ts";

const notebook = Uri.file("/somewhere/n.ipynb");
const patience = { start: 1, restart: 0.5, idle: 0.5 };

suite("a kernel session", () => {
  let kernels: FakeKernels;
  let session: KernelSession;
  let asked: string[];

  setup(() => {
    kernels = new FakeKernels();
    asked = [];
    session = new KernelSession(kernels, new Agent(kernels, notebook, "1.0", silent, patience), notebook, silent);
  });

  teardown(() => {
    session.dispose();
  });

  /** A kernel whose agent is recording. */
  function recording(pause = 0): FakeKernel {
    return new FakeKernel(async function* (code) {
      const request = requestIn(code);
      asked.push(`begin ${request.command}`);
      await delay(pause);
      asked.push(`end ${request.command}`);
      if (request.command === "restore") {
        yield replyTo(request, {
          restored: { checkpoint: "1", previous: "2", restored: [], removed: [], kept: [], missing: {}, replayed: [], environment: [], seconds: 0 },
        });
      } else if (request.command === "undo") {
        yield replyTo(request, {
          failure: { code: "NOTHING_TO_UNDO", message: "No.", action: "", details: { ref: "" } },
        });
      } else {
        yield replyTo(request, { status: status({ head: "2" }) });
      }
    });
  }

  test("has no kernel until a cell was run", async () => {
    assert.equal(await session.connect(), false);
    await assert.rejects(session.status(), NoKernelError);
    assert.deepEqual(session.state, { kind: "noKernel" });
    kernels.kernel = recording();
    assert.equal(await session.connect(), true);
    assert.deepEqual(session.state, { kind: "asking" });
  });

  test("sends what it is asked at once and in order, since the kernel has a queue", async () => {
    kernels.kernel = recording(30);
    const all = Promise.all([session.status(), session.restore({ command: "restore", ref: "1" }), session.status()]);
    await delay(10);
    assert.deepEqual(asked, ["begin status", "begin restore", "begin status"]);
    await all;
  });

  test("knows the place after a restore that came first", async () => {
    kernels.kernel = recording();
    await session.restore({ command: "restore", ref: "1" });
    assert.deepEqual([session.place?.head, session.place?.left], ["1", ["2"]]);
    await session.status();
    assert.deepEqual([session.place?.session, session.place?.left], ["s", ["2"]]);
  });

  test("goes on after a request that failed", async () => {
    kernels.kernel = recording();
    await session.status();
    await assert.rejects(session.restore({ command: "undo" }), AgentFailureError);
    assert.equal(session.state.kind, "attached", "a failed undo says nothing about the kernel");
    await session.status();
  });

  test("knows its place from replies", async () => {
    kernels.kernel = recording();
    await session.status();
    assert.equal(session.place?.head, "2");
    await session.restore({ command: "restore", ref: "1" });
    assert.equal(session.place.head, "1");
    assert.deepEqual(session.place.left, ["2"]);
  });

  test("forgets its place when the kernel restarts, and says when it is up again", async () => {
    const kernel = recording();
    kernels.kernel = kernel;
    await session.status();
    let restarts = 0;
    const subscription = session.onDidRestart(() => (restarts += 1));
    for (const next of ["restarting", "dead", "starting"] as const) {
      kernel.turn(next);
      assert.deepEqual([session.state.kind, session.place], ["down", undefined]);
    }
    assert.ok(session.since !== undefined && session.since <= new Date().toISOString());
    kernel.turn("idle");
    kernel.turn("busy");
    assert.deepEqual([session.state.kind, restarts], ["asking", 1]);
    subscription.dispose();
  });

  test("lets go of a kernel that was closed, and takes the next", async () => {
    const kernel = recording();
    kernels.kernel = kernel;
    await session.status();
    kernel.turn("terminating");
    assert.deepEqual(session.state, { kind: "noKernel" });
    assert.equal(kernel.listeners, 0);
    kernels.kernel = recording();
    await session.status();
    assert.equal(session.state.kind, "attached");
  });

  test("listens to nothing once it is disposed of", async () => {
    const kernel = recording();
    kernels.kernel = kernel;
    await session.status();
    session.dispose();
    assert.equal(kernel.listeners, 0);
  });
});
