import { homedir } from "node:os";
import { dirname } from "node:path";
import type { KernelStatus } from "@vscode/jupyter-extension";
import * as vscode from "vscode";
import { Bridge } from "./bridge";
import type { CallTarget, CodeCall } from "./codeCall";
import { Displays } from "./displays";
import type { IopubMessage } from "./message";
import * as settings from "./settings";
import { startupSteps } from "./startup";
import { DEAD_IN_RESTART, KERNEL_APPEARS, STARTING, STRAY_INTERRUPT, delay } from "./timings";
import type { Work } from "./work";

/** What the kernel's process is doing, apart from being idle or busy. */
type Phase = "starting" | "startup code" | "serving" | "restarting" | "dead" | "disposed";

/** The kernel of one notebook, over restarts and deaths until the notebook is closed. */
export class NotebookKernel implements CallTarget {
  readonly label = "Python 3 (ipykernel)";
  readonly displays = new Displays();
  readonly notebook: vscode.NotebookDocument;
  readonly #script: string;
  readonly #log: vscode.LogOutputChannel;
  // Taken once: a change of the setting reaches new kernels only, not a restart of this one.
  readonly #startupCommands = settings.startupCommands();
  readonly #statusChange = new vscode.EventEmitter<KernelStatus>();
  readonly onDidChangeStatus = this.#statusChange.event;
  readonly #born = Date.now();
  readonly #queue: Work[] = [];
  #running: Work | undefined;
  #bridge: Bridge;
  #phase: Phase = "starting";
  #status: KernelStatus = "starting";
  #notBefore: Promise<void> = delay(STARTING);
  /** Counts starts, so that what was begun for an earlier process stops. */
  #start = 0;
  /** An interrupt that is on its way without aim. */
  #stray: { readonly call: CodeCall; readonly due: boolean } | undefined;

  constructor(notebook: vscode.NotebookDocument, script: string, log: vscode.LogOutputChannel) {
    this.notebook = notebook;
    this.#script = script;
    this.#log = log;
    this.#bridge = this.#spawn();
  }

  get status(): KernelStatus {
    return this.#status;
  }

  get python(): string {
    return settings.python(this.notebook.uri);
  }

  /** Other extensions find the kernel a moment after the run began. */
  get isVisible(): boolean {
    return this.#phase !== "disposed" && Date.now() - this.#born >= KERNEL_APPEARS;
  }

  /** Queue a cell of the person. On a dead kernel this starts a new process. */
  enqueue(work: Work): void {
    if (this.#phase === "disposed") {
      work.drop();
      return;
    }
    this.#queue.push(work);
    if (this.#phase === "dead") {
      this.#phase = "starting";
      this.#notBefore = delay(STARTING);
      this.#setStatus("starting");
      this.#start += 1;
      this.#bridge.dispose();
      this.#bridge = this.#spawn();
    }
    this.#next();
  }

  submit(call: CodeCall): void {
    switch (this.#phase) {
      case "disposed":
        throw new Error("Kernel is disposed");
      case "starting":
        throw new Error("Kernel connection not available to execute 3rd party code");
      case "restarting":
        call.drop();
        break;
      case "dead":
        // Never ends.
        break;
      case "startup code":
      case "serving":
        this.#queue.push(call);
        this.#next();
        break;
    }
  }

  /** What the person's interrupt does: what is queued loses its turn. */
  interruptAll(): void {
    this.#dropQueued(() => true);
    if (this.#running?.kind === "call") {
      this.#running.drop();
    }
    this.interrupt();
  }

  /** Interrupts whatever runs now. */
  interrupt(): void {
    if (this.#phase === "serving") {
      this.#bridge.interrupt();
    }
  }

  /** Interrupts the request that runs after this call. */
  interruptAfter(call: CodeCall): void {
    this.#stray = { call, due: false };
  }

  /** Returns before the new process is there. */
  restart(): void {
    if (this.#phase === "disposed") {
      return;
    }
    this.#running?.drop();
    this.#running = undefined;
    this.#dropQueued(() => true);
    this.#stray = undefined;
    this.#phase = "restarting";
    this.#setStatus("restarting");
    // The property changes without an event.
    this.#status = "dead";
    this.#notBefore = delay(DEAD_IN_RESTART);
    this.#start += 1;
    if (this.#bridge.isGone) {
      this.#bridge = this.#spawn();
    } else {
      this.#bridge.restart();
    }
  }

  dispose(): void {
    if (this.#phase === "disposed") {
      return;
    }
    this.#phase = "disposed";
    this.#start += 1;
    this.#running?.drop();
    this.#running = undefined;
    this.#dropQueued(() => true);
    this.#setStatus("terminating");
    this.#bridge.dispose();
    this.#setStatus("unknown");
    this.#statusChange.dispose();
  }

  /** Run code that nobody sees, beside the queue, as the Variables panel does. */
  runHidden(code: string): void {
    void this.#bridge.execute(
      { code, storeHistory: false, allowStdin: false, metadata: {} },
      () => undefined,
    );
  }

  get #name(): string {
    return this.notebook.uri.path.split("/").at(-1) ?? "";
  }

  get #folder(): string {
    return this.notebook.isUntitled
      ? (vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? homedir())
      : dirname(this.notebook.uri.fsPath);
  }

  #spawn(): Bridge {
    const listener = {
      ready: () => {
        void this.#serve();
      },
      failed: (reason: string) => {
        this.#die(`The kernel of ${this.#name} did not start: ${reason}`);
      },
      died: () => {
        this.#processEnded();
      },
      status: (state: string) => {
        this.#report(state);
      },
      inputRequested: (prompt: string, password: boolean) => {
        this.#askPerson(prompt, password);
      },
    };
    return new Bridge(this.python, this.#script, this.#folder, listener, this.#log);
  }

  #processEnded(): void {
    if (this.#phase === "starting") {
      this.#die(`The kernel of ${this.#name} did not start. Does ${this.python} have ipykernel?`);
    } else if (this.#phase !== "restarting" || this.#bridge.isGone) {
      // In a restart the end of the old process may be told late.
      this.#die(`The kernel of ${this.#name} died. Run a cell to start a new one.`);
    }
  }

  /** The kernel's own word on its status does not count while it starts. */
  #report(state: string): void {
    if (
      (this.#phase === "serving" || this.#phase === "startup code") &&
      (state === "idle" || state === "busy")
    ) {
      this.#setStatus(state);
    }
  }

  #askPerson(prompt: string, password: boolean): void {
    const start = this.#start;
    void vscode.window.showInputBox({ prompt, password, ignoreFocusOut: true }).then((value) => {
      if (start === this.#start) {
        this.#bridge.answerInput(value ?? "");
      }
    });
  }

  async #serve(): Promise<void> {
    // A restart during a start makes two processes ready; the later one counts.
    this.#start += 1;
    const start = this.#start;
    await this.#notBefore;
    if (start !== this.#start) {
      return;
    }
    this.#phase = "startup code";
    this.#setStatus("idle");
    for (const step of startupSteps(this.notebook, this.#startupCommands)) {
      const request = { code: step.code, storeHistory: false, allowStdin: false, metadata: {} };
      await this.#bridge.execute(request, (message) => {
        this.#logProblem(step.title, message);
      });
      if (start !== this.#start) {
        return;
      }
    }
    this.#phase = "serving";
    this.#next();
  }

  #logProblem(title: string, message: IopubMessage): void {
    if (message.kind === "error") {
      this.#log.error(`Start-up code (${title}): ${message.name}: ${message.message}\n${message.traceback}`);
    }
  }

  #next(): void {
    if (this.#phase !== "serving" || this.#running !== undefined) {
      return;
    }
    const work = this.#queue.shift();
    if (work === undefined) {
      return;
    }
    this.#running = work;
    if (this.#stray?.due === true) {
      this.#stray = undefined;
      setTimeout(() => {
        this.interrupt();
      }, STRAY_INTERRUPT);
    }
    void work.run(this.#bridge).then((how) => {
      if (this.#running !== work) {
        return;
      }
      this.#running = undefined;
      if (this.#stray?.call === work) {
        this.#stray = { call: this.#stray.call, due: true };
      }
      if (work.kind === "cell" && how === "error") {
        this.#dropQueued((queued) => queued.kind === "cell");
      }
      this.#next();
    });
  }

  #dropQueued(which: (work: Work) => boolean): void {
    const all = this.#queue.splice(0);
    this.#queue.push(...all.filter((work) => !which(work)));
    all.filter(which).forEach((work) => {
      work.drop();
    });
  }

  #die(notice: string): void {
    if (this.#phase === "disposed") {
      return;
    }
    this.#start += 1;
    this.#phase = "dead";
    this.#stray = undefined;
    const lost = [...(this.#running === undefined ? [] : [this.#running]), ...this.#queue.splice(0)];
    this.#running = undefined;
    lost.forEach((work) => {
      work.kernelDied();
    });
    this.#setStatus("dead");
    this.#log.error(notice);
    void vscode.window.showErrorMessage(notice);
  }

  #setStatus(status: KernelStatus): void {
    if (status !== this.#status) {
      this.#status = status;
      this.#statusChange.fire(status);
    }
  }
}
