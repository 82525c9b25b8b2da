import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { AgentFailureError, AgentMissingError, BadReplyError, PythonError, VersionMismatchError } from "../../src/kernel/errors.ts";
import { pythonErrorIn, replyIn, toStatement, type CallOutput } from "../../src/kernel/request.ts";
import { MIME_TYPE, type Request } from "../../src/protocol.generated.ts";
import { python } from "./python.ts";

const request: Request = { protocol: 1, id: "r1", command: "attach", notebook: "/a/Ünï \"q\" 'x' \\ \u2028 🙂\n.ipynb" };

function output(value: unknown, mime = MIME_TYPE): CallOutput {
  return { items: [{ mime, data: new TextEncoder().encode(JSON.stringify(value)) }] };
}

describe("a request", () => {
  it("is one line of plain ASCII", () => {
    assert.match(toStatement(request), /^[\x20-\x7e]+$/);
    assert.equal(
      toStatement({ protocol: 1, id: "r1", command: "status" }),
      '__import__("kishu_agent.protocol", fromlist=["serve"]).serve("{\\"protocol\\":1,\\"id\\":\\"r1\\",\\"command\\":\\"status\\"}")',
    );
  });

  it("arrives in Python as it was", () => {
    const program = `import json, sys
class Stub:
    @staticmethod
    def serve(text): print(json.dumps(json.loads(text)))
__builtins__.__import__ = lambda *a, **k: Stub
exec(sys.argv[1])`;
    assert.deepEqual(JSON.parse(python(program, toStatement(request))), request);
  });
});

describe("an output", () => {
  it("is the reply only with the same id", () => {
    const reply = { protocol: 1, id: "r1", agent: "0.1.0" };
    assert.equal(replyIn(output(reply), request)?.agent, "0.1.0");
    assert.equal(replyIn(output({ ...reply, id: "other" }), request), undefined);
    assert.equal(replyIn(output(reply, "text/plain"), request), undefined);
  });

  it("that is no reply is reported", () => {
    assert.throws(() => replyIn(output({ protocol: 1, id: "r1", agent: 7 }), request), BadReplyError);
  });

  it("with a failure is an error with the failure's data", () => {
    const failure = { code: "UNKNOWN_REF", message: "No.", action: "Do.", details: { ref: "x" } };
    assert.throws(
      () => replyIn(output({ protocol: 1, id: "r1", agent: "0.1.0", failure }), request),
      (error) => error instanceof AgentFailureError && error.failure.details["ref"] === "x" && error.command === "attach",
    );
  });

  it("of another version names the side to update", () => {
    const failure = { code: "PROTOCOL_VERSION", message: "", action: "", details: { update: "extension" } };
    const mismatch = (update: string) => (error: unknown) =>
      error instanceof VersionMismatchError && error.update === update && error.agent === "9";
    assert.throws(() => replyIn(output({ protocol: 1, id: "r1", agent: "9", failure }), request), mismatch("extension"));
    assert.throws(() => replyIn(output({ protocol: 2, id: "r1", agent: "9", status: 1 }), request), mismatch("extension"));
    assert.throws(() => replyIn(output({ protocol: 0, id: "r1", agent: "9", status: 1 }), request), mismatch("agent"));
  });

  it("may be a Python error", () => {
    const mime = "application/vnd.code.notebook.error";
    assert.ok(pythonErrorIn(output({ name: "ModuleNotFoundError", message: "x" }, mime)) instanceof AgentMissingError);
    const error = pythonErrorIn(output({ name: "ValueError", message: "x" }, mime));
    assert.ok(error instanceof PythonError && error.errorName === "ValueError" && error.errorMessage === "x");
    assert.equal(pythonErrorIn(output({ name: "x" })), undefined);
  });
});
