import type { SessionStatus } from "../protocol.generated.ts";
import type { KernelError } from "./errors.ts";

/** What is known of the kernel of a notebook and of the recording in it. */
export type SessionState =
  /** No cell was run in this window yet, or the kernel was closed. */
  | { readonly kind: "noKernel" }
  /** There is a kernel, which has not answered yet. */
  | { readonly kind: "asking" }
  /** It is being restarted, or it died. */
  | { readonly kind: "down" }
  /** The agent is there and records nothing. */
  | { readonly kind: "detached"; readonly status: SessionStatus }
  | { readonly kind: "attached"; readonly status: SessionStatus }
  /** The last request failed for a reason that the next one will meet too. */
  | { readonly kind: "unusable"; readonly error: KernelError };

/** The state after a request failed; undefined when the failure says nothing about the next request. */
export function stateAfter(error: KernelError): SessionState | undefined {
  switch (error.kind) {
    case "noKernel":
      return { kind: "noKernel" };
    case "gone":
      return { kind: "down" };
    case "failure":
      return error.command === "attach" ? { kind: "unusable", error } : undefined;
    case "dropped":
      return undefined;
    case "starting":
    case "accessDenied":
    case "otherLanguage":
    case "noAgent":
    case "noAnswer":
    case "badReply":
    case "versionMismatch":
    case "python":
    case "call":
      return { kind: "unusable", error };
  }
}
