import { NoKernelError } from "../src/kernel/errors.ts";
import type { Kernels, RunningKernel } from "../src/kernel/jupyter.ts";
import type { CallOutput } from "../src/kernel/request.ts";
import type { Log } from "../src/platform/log.ts";
import { MIME_TYPE, type Reply, type Request, type SessionStatus } from "../src/protocol.generated.ts";

export const silent: Log = {
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** Kernels that are there when a test says so. */
export class FakeKernels implements Kernels {
  kernel: RunningKernel | undefined;

  kernelOf(): Promise<RunningKernel> {
    return this.kernel === undefined ? Promise.reject(new NoKernelError()) : Promise.resolve(this.kernel);
  }
}

/** The request in a statement. */
export function requestIn(statement: string): Request {
  const [, literal = '""'] = /\.serve\((".*")\)$/.exec(statement) ?? [];
  // SAFETY: the extension made it a moment ago.
  return JSON.parse(JSON.parse(literal) as string) as Request;
}

export function replyTo(request: Request, parts: Partial<Reply>): CallOutput {
  const reply = { protocol: 1, id: request.id, agent: "0.1.0", ...parts };
  return { items: [{ mime: MIME_TYPE, data: new TextEncoder().encode(JSON.stringify(reply)) }] };
}

export function status(given: Partial<SessionStatus> = {}): SessionStatus {
  return {
    attached: true,
    session: "s",
    notebook: "n.ipynb",
    folder: null,
    head: null,
    branch: null,
    pending: 0,
    can_undo: false,
    can_redo: false,
    failure: null,
    agent: "0.1.0",
    python: "3.11.7",
    ...given,
  };
}
