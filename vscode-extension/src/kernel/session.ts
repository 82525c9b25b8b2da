import { EventEmitter, type Uri } from "vscode";

import { Disposables } from "../platform/disposables.ts";
import type { Log } from "../platform/log.ts";
import type { Diagnosis, Reply, RestoreReport, SessionStatus } from "../protocol.generated.ts";
import type { Agent, RestoreCommand } from "./agent.ts";
import { asKernelError } from "./errors.ts";
import type { KernelStatus, Kernels, RunningKernel } from "./jupyter.ts";
import { stateAfter, type SessionState } from "./state.ts";

/** Where the agent said that its kernel is. */
export interface Place {
  readonly session: string | null;
  readonly head: string | null;
  /** Checkpoints that hold states which a restore left. */
  readonly left: readonly string[];
  /** When the answer came, UTC, ISO 8601. */
  readonly time: string;
}

/** The kernel of one notebook as far as recording goes. Knows how it is; decides nothing by itself. */
export class KernelSession extends Disposables {
  readonly #agent: Agent;
  readonly #kernels: Kernels;
  readonly #notebook: Uri;
  readonly #log: Log;
  readonly #changed = this.add(new EventEmitter<void>());
  readonly #restarted = this.add(new EventEmitter<void>());
  #state: SessionState = { kind: "noKernel" };
  #place: Place | undefined;
  #since: string | undefined;
  #watched: { readonly kernel: RunningKernel; readonly subscription: { dispose(): unknown } } | undefined;

  readonly onDidChange = this.#changed.event;

  /** The kernel runs again after a restart, with nothing in it. */
  readonly onDidRestart = this.#restarted.event;

  constructor(kernels: Kernels, agent: Agent, notebook: Uri, log: Log) {
    super();
    this.#kernels = kernels;
    this.#agent = agent;
    this.#notebook = notebook;
    this.#log = log;
    this.add(agent);
    this.add(
      agent.onDidReply((reply) => {
        this.#learn(reply);
      }),
    );
    this.add({
      dispose: () => {
        this.#watched?.subscription.dispose();
      },
    });
  }

  get state(): SessionState {
    return this.#state;
  }

  get place(): Place | undefined {
    return this.#place;
  }

  /** The kernel's process began after this, as far as is known: UTC, ISO 8601. */
  get since(): string | undefined {
    return this.#since;
  }

  /** Whether the kernel is at work, so that a request waits. */
  get isBusy(): boolean {
    return this.#watched?.kernel.status === "busy";
  }

  /** Looks whether there is a kernel now. Never throws. */
  async connect(): Promise<boolean> {
    try {
      this.#watch(await this.#kernels.kernelOf(this.#notebook));
      if (this.#state.kind === "noKernel") {
        this.#set({ kind: "asking" });
      }
      return true;
    } catch (error) {
      const known = asKernelError(error);
      this.#set(stateAfter(known) ?? this.#state);
      return false;
    }
  }

  /** Asks the agent how things are. Throws KernelError. */
  status(): Promise<SessionStatus> {
    return this.#do(() => this.#agent.status());
  }

  attach(): Promise<SessionStatus> {
    return this.#do(() => this.#agent.attach());
  }

  pause(): Promise<SessionStatus> {
    return this.#do(() => this.#agent.pause());
  }

  restore(command: RestoreCommand): Promise<RestoreReport> {
    return this.#do(() => this.#agent.restore(command));
  }

  renameBranch(branch: string, name: string): Promise<SessionStatus> {
    return this.#do(() => this.#agent.renameBranch(branch, name));
  }

  doctor(): Promise<readonly Diagnosis[]> {
    return this.#do(() => this.#agent.doctor());
  }

  /** Other code for the kernel. */
  run<T>(what: string, work: (kernel: RunningKernel) => Promise<T>): Promise<T> {
    return this.#do(() => this.#agent.run(what, work));
  }

  async #do<T>(work: () => Promise<T>): Promise<T> {
    await this.connect();
    try {
      return await work();
    } catch (error) {
      const known = asKernelError(error);
      this.#set(stateAfter(known) ?? this.#state);
      throw known;
    }
  }

  #learn({ status, restored }: Reply): void {
    const time = new Date().toISOString();
    if (status !== null) {
      this.#place = { session: status.session, head: status.head, left: this.#place?.left ?? [], time };
      this.#set({ kind: status.attached ? "attached" : "detached", status });
    } else if (restored !== null) {
      const left = [...(this.#place?.left ?? []), ...(restored.previous === null ? [] : [restored.previous])];
      this.#place = { session: this.#place?.session ?? null, head: restored.checkpoint, left, time };
      if (this.#state.kind === "attached") {
        this.#set({ kind: "attached", status: { ...this.#state.status, head: restored.checkpoint } });
      } else {
        this.#changed.fire();
      }
    }
  }

  #watch(kernel: RunningKernel): void {
    if (this.#watched?.kernel === kernel) {
      return;
    }
    this.#watched?.subscription.dispose();
    this.#place = undefined;
    this.#log.debug(`a ${kernel.language} kernel, ${kernel.status}`);
    this.#watched = {
      kernel,
      subscription: kernel.onDidChangeStatus((status) => {
        this.#follow(status);
      }),
    };
    this.#set({ kind: "asking" });
  }

  #follow(status: KernelStatus): void {
    this.#log.trace(`kernel status ${status}`);
    switch (status) {
      case "restarting":
      case "autorestarting":
      case "dead":
        this.#forget();
        this.#set({ kind: "down" });
        break;
      case "terminating":
      case "unknown":
        this.#forget();
        this.#watched?.subscription.dispose();
        this.#watched = undefined;
        this.#set({ kind: "noKernel" });
        break;
      case "idle":
      case "busy":
        if (this.#state.kind === "down") {
          this.#set({ kind: "asking" });
          this.#restarted.fire();
        }
        break;
      case "starting":
        break;
    }
  }

  /** The process is gone. */
  #forget(): void {
    this.#place = undefined;
    this.#since = new Date().toISOString();
  }

  #set(state: SessionState): void {
    if (!this.isDisposed && state !== this.#state) {
      this.#state = state;
      this.#changed.fire();
    }
  }
}
