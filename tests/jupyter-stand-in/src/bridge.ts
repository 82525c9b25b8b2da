import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { randomUUID } from "node:crypto";
import type * as vscode from "vscode";
import { parseEvent, type BridgeEvent, type IopubMessage, type JsonObject, type Reply } from "./message";
import { SHUTDOWN } from "./timings";

export interface Request {
  readonly code: string;
  readonly storeHistory: boolean;
  readonly allowStdin: boolean;
  readonly metadata: JsonObject;
}

/** What is not part of one request's outputs. */
export interface BridgeListener {
  ready(): void;
  failed(message: string): void;
  died(): void;
  status(state: string): void;
  inputRequested(prompt: string, password: boolean): void;
}

interface Pending {
  readonly onMessage: (message: IopubMessage) => void;
  readonly resolve: (reply: Reply) => void;
  reply: Reply | undefined;
  idle: boolean;
}

/** One process of bridge.py, which has one kernel. */
export class Bridge {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #listener: BridgeListener;
  readonly #log: vscode.LogOutputChannel;
  readonly #pending = new Map<string, Pending>();
  #line: Buffer[] = [];
  #gone = false;

  constructor(
    python: string,
    script: string,
    cwd: string,
    listener: BridgeListener,
    log: vscode.LogOutputChannel,
  ) {
    this.#listener = listener;
    this.#log = log;
    this.#process = spawn(python, [script, "--cwd", cwd], { stdio: "pipe" });
    this.#process.stdout.on("data", (chunk: Buffer) => {
      this.#read(chunk);
    });
    this.#process.stderr.on("data", (chunk: Buffer) => {
      log.info(chunk.toString().trimEnd());
    });
    // A write to a process that has ended must not take the extension host down.
    this.#process.stdin.on("error", (error) => {
      log.debug(`bridge: ${error.message}`);
    });
    this.#process.on("error", (error) => {
      this.#end(() => {
        listener.failed(`${python}: ${error.message}`);
      });
    });
    this.#process.on("exit", () => {
      this.#end(() => {
        listener.died();
      });
    });
  }

  get isGone(): boolean {
    return this.#gone;
  }

  /** Sends at once. The promise stays open if the kernel dies or is restarted first. */
  execute(request: Request, onMessage: (message: IopubMessage) => void): Promise<Reply> {
    const id = randomUUID();
    const done = new Promise<Reply>((resolve) => {
      this.#pending.set(id, { onMessage, resolve, reply: undefined, idle: false });
    });
    this.#send({
      op: "execute",
      id,
      code: request.code,
      silent: false,
      store_history: request.storeHistory,
      stop_on_error: false,
      allow_stdin: request.allowStdin,
      metadata: request.metadata,
    });
    return done;
  }

  interrupt(): void {
    this.#send({ op: "interrupt" });
  }

  restart(): void {
    this.#pending.clear();
    this.#send({ op: "restart" });
  }

  answerInput(value: string): void {
    this.#send({ op: "input", value });
  }

  dispose(): void {
    if (this.#gone) {
      return;
    }
    this.#gone = true;
    this.#pending.clear();
    this.#process.stdin.end();
    const kill = setTimeout(() => this.#process.kill("SIGKILL"), SHUTDOWN);
    this.#process.once("exit", () => {
      clearTimeout(kill);
    });
  }

  #send(command: JsonObject): void {
    if (!this.#gone) {
      this.#process.stdin.write(`${JSON.stringify(command)}\n`);
    }
  }

  #end(tell: () => void): void {
    if (!this.#gone) {
      this.#gone = true;
      this.#pending.clear();
      tell();
    }
  }

  #read(chunk: Buffer): void {
    let rest = chunk;
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      // Lines are joined only when whole: a display of 50 MB comes in a thousand chunks.
      const line = Buffer.concat([...this.#line, rest.subarray(0, end)]).toString("utf8");
      this.#line = [];
      rest = rest.subarray(end + 1);
      if (!this.#gone) {
        this.#handle(parseEvent(line));
      }
    }
    if (rest.length > 0) {
      this.#line.push(rest);
    }
  }

  #handle(event: BridgeEvent): void {
    switch (event.kind) {
      case "ready":
        this.#listener.ready();
        break;
      case "failed":
        this.#listener.failed(event.message);
        break;
      case "died":
        this.#pending.clear();
        this.#listener.died();
        break;
      case "inputRequest":
        this.#listener.inputRequested(event.prompt, event.password);
        break;
      case "iopub":
        this.#handleIopub(event.request, event.message);
        break;
      case "reply": {
        const pending = this.#pending.get(event.request);
        if (pending !== undefined) {
          pending.reply = event.reply;
          this.#settle(event.request, pending);
        }
        break;
      }
    }
  }

  #handleIopub(request: string | undefined, message: IopubMessage): void {
    if (message.kind === "status") {
      this.#listener.status(message.state);
    }
    const pending = request === undefined ? undefined : this.#pending.get(request);
    if (request === undefined || pending === undefined) {
      // What a background thread prints after the end of its request is lost.
      this.#log.trace(`no request for a message of kind ${message.kind}`);
      return;
    }
    if (message.kind === "status") {
      pending.idle ||= message.state === "idle";
      this.#settle(request, pending);
    } else {
      pending.onMessage(message);
    }
  }

  /** A request is over when the reply and the last of its messages have come, in either order. */
  #settle(request: string, pending: Pending): void {
    if (pending.reply !== undefined && pending.idle) {
      this.#pending.delete(request);
      pending.resolve(pending.reply);
    }
  }
}
