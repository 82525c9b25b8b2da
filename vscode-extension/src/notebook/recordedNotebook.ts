import { EventEmitter, workspace, type NotebookDocument } from "vscode";

import type { History } from "../folder/history.ts";
import { WatchedHistory } from "../folder/watcher.ts";
import type { RestoreCommand } from "../kernel/agent.ts";
import { asKernelError, type KernelError } from "../kernel/errors.ts";
import type { KernelSession } from "../kernel/session.ts";
import { Disposables } from "../platform/disposables.ts";
import { inBackground, type Log } from "../platform/log.ts";
import type { RestoreReport, SessionStatus } from "../protocol.generated.ts";
import { headOf } from "./head.ts";

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
        inBackground(log, "recording after a restart", this.#recordAgain());
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
    const { kind } = this.session.state;
    const hasKernel = kind !== "noKernel" && kind !== "down";
    return headOf(this.history, this.session.place, this.openedAt, hasKernel);
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
      await this.#recordAgain();
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

  /** Brings a state back; starts recording first where it is off. Throws KernelError. */
  async restore(command: RestoreCommand): Promise<RestoreReport> {
    await this.attach();
    const report = await this.session.restore(command);
    this.expectChanges();
    // Says what can be undone and redone from here.
    await this.#ask();
    return report;
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

  /** Attaches where the folder says so. The folder's presence is the switch. */
  async #recordAgain(): Promise<void> {
    const { folder } = await this.refresh();
    const { state } = this.session;
    if (!workspace.isTrusted || folder.kind !== "ready" || folder.paused || state.kind === "attached") {
      return;
    }
    if (state.kind === "unusable" && state.error.kind === "accessDenied") {
      // Asking again would be refused without a question; the kernel object keeps the answer.
      return;
    }
    try {
      await this.attach();
    } catch (error) {
      const known = asKernelError(error);
      this.#log.warn(`not recording ${this.layout.notebookName}: ${known.message}`);
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
