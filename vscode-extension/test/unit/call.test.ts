import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";

import { call } from "../../src/kernel/call.ts";
import {
  AccessDeniedError,
  AgentMissingError,
  DroppedError,
  KernelGoneError,
  KernelStartingError,
  NoAnswerError,
  OtherLanguageError,
} from "../../src/kernel/errors.ts";
import type { CallOutput } from "../../src/kernel/request.ts";
import { FakeKernel, text } from "./fakeKernel.ts";

const patience = { start: 1, restart: 0.5, idle: 0.5 };

function ask(kernel: FakeKernel, onLate?: (answer: string) => void): Promise<string> {
  return call(kernel, "question", "code", answerIn, patience, onLate);
}

function answerIn({ items: [item] }: CallOutput): string | undefined {
  const value = new TextDecoder().decode(item?.data);
  return item?.mime === "text/plain" && value.startsWith("answer") ? value : undefined;
}

// eslint-disable-next-line @typescript-eslint/require-await -- an async iterable from plain values
async function* outputs(...values: readonly CallOutput[]): AsyncIterable<CallOutput> {
  yield* values;
}

describe("a call", () => {
  it("finds the answer among other outputs", async () => {
    const kernel = new FakeKernel(() => outputs(text("noise"), text("answer 1"), text("answer 2")));
    assert.equal(await ask(kernel), "answer 1");
    assert.equal(kernel.listeners, 0);
  });

  it("that ends without the answer was dropped", async () => {
    await assert.rejects(ask(new FakeKernel(() => outputs(text("noise")))), DroppedError);
  });

  it("tells a missing agent from other errors", async () => {
    const error = text('{"name":"ModuleNotFoundError","message":"x"}', "application/vnd.code.notebook.error");
    await assert.rejects(ask(new FakeKernel(() => outputs(error))), AgentMissingError);
  });

  it("passes on why the other side refuses", async () => {
    // eslint-disable-next-line require-yield, @typescript-eslint/require-await -- it throws before any output
    const denied = new FakeKernel(async function* () {
      throw new AccessDeniedError();
    });
    await assert.rejects(ask(denied), AccessDeniedError);
  });

  it("waits for a kernel that is starting, even when no event says that it is up", async () => {
    const kernel = new FakeKernel(() => outputs(text("answer")), "starting");
    const asked = ask(kernel);
    await delay(50);
    assert.deepEqual(kernel.ran, []);
    kernel.status = "idle";
    assert.equal(await asked, "answer");
  });

  it("does not wait for ever", async () => {
    await assert.rejects(ask(new FakeKernel(() => outputs(), "starting")), KernelStartingError);
    await assert.rejects(ask(new FakeKernel(() => outputs(), "dead")), KernelGoneError);
  });

  it("survives the moment in which a restarted kernel reads dead", async () => {
    const kernel = new FakeKernel(() => outputs(text("answer")), "dead");
    setTimeout(() => {
      kernel.turn("idle");
    }, 100);
    assert.equal(await ask(kernel), "answer");
  });

  it("ends when the kernel dies, although its outputs never end", async () => {
    const kernel = new FakeKernel(never);
    const asked = ask(kernel);
    await delay(10);
    kernel.turn("dead");
    await assert.rejects(asked, (error) => error instanceof KernelGoneError && error.status === "dead");
    assert.equal(kernel.listeners, 0);
  });

  it("waits as long as the kernel is busy, and gives up when it has been idle for long", async () => {
    const kernel = new FakeKernel(never);
    kernel.turn("busy");
    const asked = ask(kernel);
    await delay(900);
    kernel.turn("idle");
    const began = performance.now();
    await assert.rejects(asked, NoAnswerError);
    assert.ok(performance.now() - began > 300);
  });

  it("hands on an answer that comes late", async () => {
    const late: string[] = [];
    const kernel = new FakeKernel(async function* () {
      await delay(900);
      yield text("answer");
    });
    await assert.rejects(
      ask(kernel, (answer) => late.push(answer)),
      NoAnswerError,
    );
    await delay(600);
    assert.deepEqual(late, ["answer"]);
  });

  it("is not made in another language", async () => {
    const kernel = new FakeKernel(() => outputs());
    kernel.language = "julia";
    await assert.rejects(ask(kernel), (error) => error instanceof OtherLanguageError && error.language === "julia");
    assert.deepEqual(kernel.ran, []);
  });
});

// eslint-disable-next-line require-yield -- it never gets to an output
async function* never(): AsyncIterable<CallOutput> {
  await new Promise(() => undefined);
}
