import { window, type Disposable, type LogOutputChannel } from "vscode";

/** What the rest of the extension needs of the output channel. */
export interface Log {
  trace(message: string): void;
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(error: string | Error): void;
}

/** The output channel "Kishu", with levels. */
export class LogChannel implements Log, Disposable {
  readonly #channel: LogOutputChannel = window.createOutputChannel("Kishu", { log: true });

  trace(message: string): void {
    this.#channel.trace(message);
  }

  debug(message: string): void {
    this.#channel.debug(message);
  }

  info(message: string): void {
    this.#channel.info(message);
  }

  warn(message: string): void {
    this.#channel.warn(message);
  }

  error(error: string | Error): void {
    this.#channel.error(error);
  }

  show(): void {
    this.#channel.show(true);
  }

  dispose(): void {
    this.#channel.dispose();
  }
}

/** Runs something whose failure nobody waits for: it goes to the log. */
export function inBackground(log: Log, what: string, work: Promise<unknown>): void {
  work.catch((error: unknown) => {
    log.error(new Error(`${what} failed`, { cause: error }));
    log.error(error instanceof Error ? error : String(error));
  });
}
