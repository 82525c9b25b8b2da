import { DroppedError, KernelGoneError, NoAnswerError, OtherLanguageError } from "./errors.ts";
import type { RunningKernel } from "./jupyter.ts";
import { pythonErrorIn, type CallOutput } from "./request.ts";
import { untilUsable, watchCall, type Patience } from "./waiting.ts";

/**
 * Runs code in a kernel and waits for the output that `find` recognises.
 *
 * The call ends when the answer is there, when the kernel is lost, or when it has been idle for too long. An answer
 * that comes after that is given to `onLate`: nothing can be cancelled, so it may still have been carried out.
 */
export async function call<T>(
  kernel: RunningKernel,
  what: string,
  code: string,
  find: (output: CallOutput) => T | undefined,
  patience: Patience,
  onLate: (answer: T) => void = () => undefined,
): Promise<T> {
  await untilUsable(kernel, patience);
  if (kernel.language.toLowerCase() !== "python") {
    throw new OtherLanguageError(kernel.language);
  }
  return new Promise<T>((resolve, reject) => {
    let over = false;
    const watching = watchCall(kernel, patience, (why) => {
      end(() => {
        reject("gone" in why ? new KernelGoneError(why.gone) : new NoAnswerError(what, why.idle));
      });
    });
    function end(how: () => void): void {
      if (!over) {
        over = true;
        watching.dispose();
        how();
      }
    }
    // The iteration is never left early: that could make the other side cancel the call.
    async function read(): Promise<T> {
      let answer: T | undefined;
      let failure: Error | undefined;
      try {
        for await (const output of kernel.execute(code)) {
          try {
            failure ??= pythonErrorIn(output);
            answer ??= find(output);
          } catch (error) {
            failure ??= asError(error);
          }
        }
      } catch (error) {
        failure ??= asError(error);
      }
      if (answer !== undefined) {
        return answer;
      }
      throw failure ?? new DroppedError(what);
    }
    read().then(
      (answer) => {
        if (over) {
          onLate(answer);
        }
        end(() => {
          resolve(answer);
        });
      },
      (error: unknown) => {
        end(() => {
          reject(asError(error));
        });
      },
    );
  });
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
