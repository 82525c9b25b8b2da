import { randomUUID } from "node:crypto";

import { EventEmitter, type Disposable, type Uri } from "vscode";

import type { Log } from "../platform/log.ts";
import {
  PROTOCOL_VERSION,
  type Diagnosis,
  type Reply,
  type Request,
  type RestoreReport,
  type SessionStatus,
} from "../protocol.generated.ts";
import { call } from "./call.ts";
import { BadReplyError, asKernelError } from "./errors.ts";
import type { Kernels, RunningKernel } from "./jupyter.ts";
import { replyIn, toStatement } from "./request.ts";
import { PATIENCE, type Patience } from "./waiting.ts";

type Command = Pick<Request, "command" | "notebook" | "ref" | "name" | "missing_ok" | "replay" | "environment" | "pause">;

export type RestoreCommand = (
  | { readonly command: "restore"; readonly ref: string }
  | { readonly command: "undo" | "redo" }
) &
  Pick<Request, "missing_ok" | "replay" | "environment">;

/**
 * The agent in the kernel of one notebook. Requests are sent at once: the kernel serves them in the order in which the
 * person clicked, between the cells that were started before and after them.
 */
export class Agent implements Disposable {
  readonly #kernels: Kernels;
  readonly #notebook: Uri;
  readonly #client: string;
  readonly #log: Log;
  readonly #patience: Patience;
  readonly #replied = new EventEmitter<Reply>();

  /** Every reply, also one that came after its caller had given up. */
  readonly onDidReply = this.#replied.event;

  constructor(kernels: Kernels, notebook: Uri, client: string, log: Log, patience: Patience = PATIENCE) {
    this.#kernels = kernels;
    this.#notebook = notebook;
    this.#client = client;
    this.#log = log;
    this.#patience = patience;
  }

  status(): Promise<SessionStatus> {
    return this.#status({ command: "status" });
  }

  /** Starts recording, also when it was paused. */
  attach(): Promise<SessionStatus> {
    return this.#status({ command: "attach", notebook: this.#notebook.fsPath });
  }

  /** Stops recording; later kernels of this notebook don't begin by themselves until `attach`. */
  pause(): Promise<SessionStatus> {
    return this.#status({ command: "detach", pause: true });
  }

  async restore(command: RestoreCommand): Promise<RestoreReport> {
    const { restored } = await this.#request(command);
    if (restored === null) {
      throw new BadReplyError("restored is missing");
    }
    return restored;
  }

  /** Gives a branch, named by its id, another name. */
  renameBranch(branch: string, name: string): Promise<SessionStatus> {
    return this.#status({ command: "rename_branch", ref: branch, name });
  }

  /** How each variable is recorded, and why. */
  async doctor(): Promise<readonly Diagnosis[]> {
    const { diagnoses } = await this.#request({ command: "doctor" });
    if (diagnoses === null) {
      throw new BadReplyError("diagnoses is missing");
    }
    return diagnoses;
  }

  /** Runs other code in the kernel; see `call`. */
  async run<T>(what: string, work: (kernel: RunningKernel) => Promise<T>): Promise<T> {
    try {
      return await work(await this.#kernels.kernelOf(this.#notebook));
    } catch (error) {
      const known = asKernelError(error);
      this.#log.debug(`${what}: ${known.message}`);
      throw known;
    }
  }

  async #status(command: Command): Promise<SessionStatus> {
    const { status } = await this.#request(command);
    if (status === null) {
      throw new BadReplyError("status is missing");
    }
    return status;
  }

  #request(command: Command): Promise<Reply> {
    const request: Request = { protocol: PROTOCOL_VERSION, id: randomUUID(), client: this.#client, ...command };
    return this.run(command.command, async (kernel) => {
      this.#log.debug(`asking ${command.command} (${request.id}), kernel is ${kernel.status}`);
      const reply = await call(
        kernel,
        command.command,
        toStatement(request),
        (output) => replyIn(output, request),
        this.#patience,
        (late) => {
          this.#log.info(`late answer to ${command.command}`);
          this.#replied.fire(late);
        },
      );
      this.#log.trace(`answer ${JSON.stringify(reply)}`);
      this.#replied.fire(reply);
      return reply;
    });
  }

  dispose(): void {
    this.#replied.dispose();
  }
}
