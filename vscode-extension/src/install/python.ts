import { call } from "../kernel/call.ts";
import type { KernelSession } from "../kernel/session.ts";
import { jsonIn } from "../kernel/request.ts";
import { PATIENCE } from "../kernel/waiting.ts";

const MIME = "application/vnd.kishu.python.v1+json";

const STATEMENT =
  '__import__("IPython.display", fromlist=["display"]).display(' +
  `{"${MIME}": {"executable": __import__("sys").executable or ""}}, raw=True)`;

/** Lets the running kernel see a package that was installed since it started. */
const LOOK_AGAIN =
  '__import__("importlib").invalidate_caches() or __import__("IPython.display", fromlist=["display"]).display(' +
  `{"${MIME}": {"executable": ""}}, raw=True)`;

/** The Python program that the kernel runs in. Throws KernelError. */
export function pythonOf(session: KernelSession): Promise<string> {
  return ask(session, STATEMENT);
}

export async function lookForPackagesAgain(session: KernelSession): Promise<void> {
  await ask(session, LOOK_AGAIN);
}

function ask(session: KernelSession, statement: string): Promise<string> {
  return session.run("python", (kernel) =>
    call(
      kernel,
      "python",
      statement,
      (output) => {
        const value = jsonIn(output, MIME);
        const known = typeof value === "object" && value !== null && "executable" in value;
        return known && typeof value.executable === "string" ? value.executable : undefined;
      },
      PATIENCE,
    ),
  );
}
