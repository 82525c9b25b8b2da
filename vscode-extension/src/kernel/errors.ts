import type { CommandName, Failure } from "../protocol.generated.ts";

/**
 * Why a kernel did not do what it was asked.
 *
 * The messages are for the log; what a person reads is made in kernel/explain.ts from `kind` and the data.
 */
abstract class BaseError extends Error {
  override get name(): string {
    return this.constructor.name;
  }
}

/** The notebook has no kernel that could be reached: none of its cells was run in this window yet. */
export class NoKernelError extends BaseError {
  readonly kind = "noKernel";
  constructor() {
    super("the notebook has no kernel yet");
  }
}

/** The kernel did not come up. */
export class KernelStartingError extends BaseError {
  readonly kind = "starting";
  readonly seconds: number;
  constructor(seconds: number) {
    super(`the kernel was still starting after ${String(seconds)} s`);
    this.seconds = seconds;
  }
}

/** The kernel died, was restarted, switched or closed before or during the call. */
export class KernelGoneError extends BaseError {
  readonly kind = "gone";
  readonly status: string;
  constructor(status: string) {
    super(`the kernel is gone (${status})`);
    this.status = status;
  }
}

/** The person has not granted access to the kernel. */
export class AccessDeniedError extends BaseError {
  readonly kind = "accessDenied";
  constructor() {
    super("access to the kernel was denied");
  }
}

/** The kernel runs another language than Python. */
export class OtherLanguageError extends BaseError {
  readonly kind = "otherLanguage";
  readonly language: string;
  constructor(language: string) {
    super(`the kernel runs ${language}`);
    this.language = language;
  }
}

/** The kernel's Python has no package `kishu_agent`. */
export class AgentMissingError extends BaseError {
  readonly kind = "noAgent";
  constructor() {
    super("kishu-agent is not installed in the kernel's environment");
  }
}

/** The call ended without an answer: an interrupt or a restart took it. */
export class DroppedError extends BaseError {
  readonly kind = "dropped";
  readonly command: string;
  constructor(command: string) {
    super(`the kernel dropped the request ${command}`);
    this.command = command;
  }
}

/** The kernel had nothing else to do and did not answer. */
export class NoAnswerError extends BaseError {
  readonly kind = "noAnswer";
  readonly command: string;
  readonly seconds: number;
  constructor(command: string, seconds: number) {
    super(`no answer to ${command} in ${String(seconds)} s of an idle kernel`);
    this.command = command;
    this.seconds = seconds;
  }
}

/** The agent answered with something that is no reply. */
export class BadReplyError extends BaseError {
  readonly kind = "badReply";
  readonly problem: string;
  constructor(problem: string) {
    super(`unexpected answer: ${problem}`);
    this.problem = problem;
  }
}

/** Extension and agent speak different versions of the protocol. `update` is the older side. */
export class VersionMismatchError extends BaseError {
  readonly kind = "versionMismatch";
  readonly update: "agent" | "extension";
  readonly agent: string;
  constructor(update: "agent" | "extension", agent: string) {
    super(`the agent ${agent} speaks another version of the protocol; update the ${update}`);
    this.update = update;
    this.agent = agent;
  }
}

/** The agent could not do it and says why. */
export class AgentFailureError extends BaseError {
  readonly kind = "failure";
  readonly command: CommandName;
  readonly failure: Failure;
  constructor(command: CommandName, failure: Failure) {
    super(`${command}: ${failure.code}: ${failure.message}`);
    this.command = command;
    this.failure = failure;
  }
}

/** The call raised something else in Python. */
export class PythonError extends BaseError {
  readonly kind = "python";
  readonly errorName: string;
  readonly errorMessage: string;
  constructor(errorName: string, errorMessage: string) {
    super(`${errorName}: ${errorMessage}`);
    this.errorName = errorName;
    this.errorMessage = errorMessage;
  }
}

/** The Jupyter extension refused the call for a reason of its own. */
export class CallError extends BaseError {
  readonly kind = "call";
  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

export type KernelError =
  | NoKernelError
  | KernelStartingError
  | KernelGoneError
  | AccessDeniedError
  | OtherLanguageError
  | AgentMissingError
  | DroppedError
  | NoAnswerError
  | BadReplyError
  | VersionMismatchError
  | AgentFailureError
  | PythonError
  | CallError;

/** Any error as one of the above. */
export function asKernelError(error: unknown): KernelError {
  return error instanceof BaseError
    ? // SAFETY: only the classes above extend BaseError, and the union lists them all.
      (error as KernelError)
    : new CallError(error);
}
