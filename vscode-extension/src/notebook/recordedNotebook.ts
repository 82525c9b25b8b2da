import { EventEmitter, workspace, type NotebookDocument } from "vscode";

import type { History } from "../folder/history.ts";
import { WatchedHistory } from "../folder/watcher.ts";
import type { RestoreCommand } from "../kernel/agent.ts";
import { AgentFailureError, asKernelError, type KernelError } from "../kernel/errors.ts";
import type { KernelSession } from "../kernel/session.ts";
import type { SessionState } from "../kernel/state.ts";
import { Disposables } from "../platform/disposables.ts";
import { inBackground, type Log } from "../platform/log.ts";
import type { RestoreReport, SessionStatus } from "../protocol.generated.ts";
import { headOf, writtenHead } from "./head.ts";

/** Once the person pauses, the agent is asked how it went; shorter would ask between the cells of a Run All. */
const ASK_AFTER_MS = 1000;

/** An open notebook: its history and its kernel, and when the one is recorded into the other. */
export class RecordedNotebook extends Disposables {
  readonly document: NotebookDocument;
  readonly session: KernelSession;
  /** When it was opened in this window; older cell ids mean nothing. */
  readonly openedAt = new Date().toISOString();
  readonly #history: WatchedHistory;
  readonly #log: Log;
  readonly #changed = this.add(new EventEmitter<void>());
  readonly #failed = this.add(new EventEmitter<KernelError>());
  #question: NodeJS.Timeout | undefined;
  #attaching: Promise<SessionStatus> | undefined;
  #stopping: Promise<void> | undefined;

  readonly onDidChange = this.#changed.event;

  /** Recording that should have begun by itself did not. */
  readonly onDidFailToRecord = this.#failed.event;

  constructor(document: NotebookDocument, session: KernelSession, log: Log) {
    super();
    this.document = document;
    this.#log = log;
    this.session = this.add(session);
    this.#history = this.add(new WatchedHistory(document.uri.fsPath));
    const changed = (): void => {
      this.#changed.fire();
    };
    this.add(this.#history.onDidChange(changed));
    this.add(session.onDidChange(changed));
    this.add(
      session.onDidRestart(() => {
        inBackground(log, "recording after a restart", this.#followFolder());
      }),
    );
    this.add({
      dispose: () => {
        clearTimeout(this.#question);
      },
    });
    void this.#history.refresh();
  }

  get history(): History {
    return this.#history.current;
  }

  get layout() {
    return this.#history.layout;
  }

  /** Whether `history` is what is on disk, and not just nothing yet. */
  get wasRead(): boolean {
    return this.#history.wasRead;
  }

  /** The checkpoint at which the kernel is, if it is known. */
  get head(): string | null {
    return headOf(this.history, this.session.place, this.#kernelSince, this.#hasKernel);
  }

  /** Whether the agent in the kernel records, although it can't be asked. */
  get recordsUnasked(): boolean {
    const { state, place } = this.session;
    const isUnasked = state.kind === "asking" || (state.kind === "unusable" && state.error.kind === "accessDenied");
    return isUnasked && writtenHead(this.history, place, this.#kernelSince) !== undefined;
  }

  get #hasKernel(): boolean {
    const { kind } = this.session.state;
    return kind !== "noKernel" && kind !== "down";
  }

  get #kernelSince(): string {
    return this.session.since ?? this.openedAt;
  }

  /** Looks at the folder now. */
  refresh(): Promise<History> {
    return this.#history.refresh();
  }

  /** Looks at the folder now and for some seconds more. */
  expectChanges(): void {
    this.#history.expectChanges();
  }

  /** A cell of it has ended. */
  async cellEnded(): Promise<void> {
    this.expectChanges();
    clearTimeout(this.#question);
    this.#question = setTimeout(() => {
      inBackground(this.#log, "asking for the status", this.#askWhenQuiet());
    }, ASK_AFTER_MS);
    if (await this.session.connect()) {
      await this.#followFolder();
    }
  }

  /** Starts recording in the kernel, unless it is on. One attempt at a time. Throws KernelError. */
  attach(): Promise<SessionStatus> {
    this.#attaching ??= this.#attach().finally(() => {
      this.#attaching = undefined;
    });
    return this.#attaching;
  }

  async #attach(): Promise<SessionStatus> {
    const wasOn = this.session.state.kind === "attached";
    const before = await this.session.status();
    const status = before.attached ? before : await this.session.attach();
    if (!wasOn) {
      this.#log.info(`recording ${this.layout.notebookName} (agent ${status.agent}, Python ${status.python})`);
    }
    this.expectChanges();
    return status;
  }

  /**
   * Brings a state back; starts recording first where it is off. Throws KernelError.
   *
   * The request is sent at once, with no other before it: behind the cells that were started already, and before those
   * that are started from now on.
   */
  async restore(command: RestoreCommand): Promise<RestoreReport> {
    const report = await this.#restoreOrAttach(command);
    this.expectChanges();
    // Says what can be undone and redone from here. Cells may wait before it, so the person does not.
    inBackground(this.#log, "asking for the status", this.#ask());
    return report;
  }

  async #restoreOrAttach(command: RestoreCommand): Promise<RestoreReport> {
    try {
      return await this.session.restore(command);
    } catch (error) {
      if (!isNotAttached(error)) {
        throw error;
      }
    }
    await this.attach();
    return this.session.restore(command);
  }

  /** Gives a branch another name. Throws KernelError. */
  async renameBranch(branch: string, name: string): Promise<void> {
    await this.session.renameBranch(branch, name);
    await this.refresh();
  }

  /** Stops recording in the kernel once it is free. One attempt at a time. Throws KernelError. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop().finally(() => {
      this.#stopping = undefined;
    });
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    try {
      await this.session.pause();
    } catch (error) {
      if (!isNotAttached(error)) {
        throw error;
      }
    }
  }

  /** The person may have given access to the kernel, or taken it. */
  async accessChanged(): Promise<void> {
    if (this.#hasKernel) {
      await this.#ask();
      await this.#followFolder();
    }
  }

  /** Whether the session can go one cell back or forward, as far as is known. */
  get moves(): { readonly undo: boolean; readonly redo: boolean } {
    const { state, place } = this.session;
    if (state.kind !== "attached" || !workspace.isTrusted) {
      return { undo: false, redo: false };
    }
    const movedOn = this.head !== place?.head;
    return { undo: movedOn || state.status.can_undo, redo: !movedOn && state.status.can_redo };
  }

  /** Records where the folder says so: its presence is the switch. */
  async #followFolder(): Promise<void> {
    const { folder } = await this.refresh();
    const { state } = this.session;
    if (!workspace.isTrusted || folder.kind !== "ready" || folder.paused !== (state.kind === "attached")) {
      return;
    }
    if (folder.paused) {
      await this.#stopAgain();
    } else {
      await this.#recordAgain(state);
    }
  }

  /** An interrupt may have taken the request to stop. */
  async #stopAgain(): Promise<void> {
    if (this.#attaching === undefined && this.#stopping === undefined) {
      await this.stop();
    }
  }

  async #recordAgain(state: SessionState): Promise<void> {
    try {
      // Also when access was denied: no question is asked again, and access may have been given since.
      await this.attach();
    } catch (error) {
      const known = asKernelError(error);
      const isNews = state.kind !== "unusable" || state.error.kind !== known.kind;
      this.#log[isNews ? "warn" : "debug"](`not recording ${this.layout.notebookName}: ${known.message}`);
      this.#failed.fire(known);
    }
  }

  async #askWhenQuiet(): Promise<void> {
    if (this.session.state.kind === "attached" && !this.session.isBusy) {
      await this.#ask();
    }
  }

  async #ask(): Promise<void> {
    try {
      await this.session.status();
    } catch (error) {
      this.#log.debug(`no status: ${asKernelError(error).message}`);
    }
  }
}

export function isNotAttached(error: unknown): boolean {
  return error instanceof AgentFailureError && error.failure.code === "NOT_ATTACHED";
}
