import type { Output } from "@vscode/jupyter-extension";
import * as vscode from "vscode";
import type { Bridge } from "./bridge";
import type { IopubMessage } from "./message";
import { toOutput } from "./outputs";
import { LONG_CALL } from "./timings";
import type { Outcome, Work } from "./work";

type Result = IteratorResult<Output, undefined>;

interface Waiting {
  readonly resolve: (result: Result) => void;
  readonly reject: (error: Error) => void;
}

const DONE: Result = { done: true, value: undefined };

/** What a call needs of the kernel that it is made on. */
export interface CallTarget {
  readonly label: string;
  /** Throws where calls are not possible now. */
  submit(call: CodeCall): void;
  interrupt(): void;
  interruptAfter(call: CodeCall): void;
}

/**
 * One `executeCode` of another extension. Nothing happens before the first `next()`.
 *
 * Calls that lost their turn end normally without an output; calls on a dead kernel never end; a Python error
 * is an output, and an exception only for a consumer that is already waiting for the next one.
 */
export class CodeCall implements Work, AsyncIterableIterator<Output, undefined> {
  readonly kind = "call";
  readonly #code: string;
  readonly #token: vscode.CancellationToken;
  readonly #target: CallTarget;
  readonly #caller: string;
  readonly #checkAccess: () => Promise<void>;
  readonly #ready: Output[] = [];
  readonly #waiting: Waiting[] = [];
  #begun = false;
  #ended = false;
  /** The kernel is gone, and with it the end of this call. */
  #lost = false;
  #runsAnyway = false;
  #cancellation: vscode.Disposable | undefined;

  constructor(
    code: string,
    token: vscode.CancellationToken,
    target: CallTarget,
    caller: string,
    checkAccess: () => Promise<void>,
  ) {
    this.#code = code;
    this.#token = token;
    this.#target = target;
    this.#caller = caller;
    this.#checkAccess = checkAccess;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Result> {
    const result = new Promise<Result>((resolve, reject) => {
      const output = this.#ready.shift();
      if (output !== undefined) {
        resolve({ done: false, value: output });
      } else if (this.#ended) {
        resolve(DONE);
      } else {
        this.#waiting.push({ resolve, reject });
      }
    });
    if (!this.#begun) {
      this.#begun = true;
      void this.#begin();
    }
    return result;
  }

  return(): Promise<Result> {
    this.#begun = true;
    this.drop();
    return Promise.resolve(DONE);
  }

  async run(bridge: Bridge): Promise<Outcome> {
    if (this.#ended && !this.#runsAnyway) {
      return "ok";
    }
    const toast = setTimeout(() => {
      this.#tellPerson();
    }, LONG_CALL);
    try {
      const reply = await bridge.execute(
        { code: this.#code, storeHistory: false, allowStdin: false, metadata: {} },
        (message) => {
          this.#receive(message);
        },
      );
      // A consumer that is quick gets to ask for the next output before the end comes.
      await new Promise((resolve) => setImmediate(resolve));
      this.#end(reply.kind === "error" ? pythonError(reply.name, reply.message, reply.traceback) : undefined);
      return reply.kind;
    } finally {
      clearTimeout(toast);
    }
  }

  drop(): void {
    this.#end(undefined);
  }

  kernelDied(): void {
    // The iteration never ends; the consumer has to watch the kernel's status.
    this.#lost = true;
    this.#cancellation?.dispose();
  }

  async #begin(): Promise<void> {
    try {
      await this.#checkAccess();
      if (this.#ended) {
        return;
      }
      this.#target.submit(this);
    } catch (error) {
      this.#end(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    if (this.#token.isCancellationRequested) {
      // The code runs all the same, and the interrupt meets whoever comes next.
      this.#target.interruptAfter(this);
      this.#runsAnyway = true;
      this.drop();
    } else {
      this.#cancellation = this.#token.onCancellationRequested(() => {
        this.drop();
        this.#target.interrupt();
      });
    }
  }

  #receive(message: IopubMessage): void {
    if (this.#ended) {
      return;
    }
    if (message.kind !== "stream" && message.kind !== "display" && message.kind !== "error") {
      return;
    }
    const output = toOutput(message);
    const value: Output = {
      items: output.items.map((item) => ({ mime: item.mime, data: item.data })),
      metadata: output.metadata ?? {},
    };
    const waiting = this.#waiting.shift();
    if (waiting === undefined) {
      this.#ready.push(value);
    } else {
      waiting.resolve({ done: false, value });
    }
  }

  #end(error: Error | undefined): void {
    if (this.#ended) {
      return;
    }
    this.#ended = true;
    this.#cancellation?.dispose();
    for (const waiting of this.#waiting.splice(0)) {
      if (error === undefined) {
        waiting.resolve(DONE);
      } else {
        waiting.reject(error);
      }
    }
  }

  #tellPerson(): void {
    const isOver = (): boolean => this.#ended || this.#lost;
    if (isOver()) {
      return;
    }
    void vscode.window.withProgress(
      {
        location: vscode.ProgressLocation.Notification,
        title: `Executing code in ${this.#target.label} from ${this.#caller}`,
      },
      async () => {
        while (!isOver()) {
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
      },
    );
  }
}

function pythonError(name: string, message: string, traceback: string): Error {
  const error = new Error(message);
  error.name = name;
  error.stack = traceback;
  return error;
}
