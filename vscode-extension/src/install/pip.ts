import { spawn } from "node:child_process";

/** pip did not install the package. */
export class InstallError extends Error {
  override readonly name = "InstallError";
  /** What a person can run by hand instead. */
  readonly command: string;
  /** The last line that says something, or why the program did not start. */
  readonly reason: string;

  constructor(command: string, reason: string) {
    super(`${command}: ${reason}`);
    this.command = command;
    this.reason = reason;
  }
}

/** The command as one types it into a terminal. */
export function commandText(program: string, args: readonly string[]): string {
  return [program, ...args].map((part) => (/^[\w@%+=:,./\\-]+$/.test(part) ? part : `"${part}"`)).join(" ");
}

/** Installs a wheel with the pip of a Python. Throws InstallError, also when it was aborted. */
export function pipInstall(
  python: string,
  wheel: string,
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const args = ["-m", "pip", "install", "--upgrade", wheel];
  const command = commandText(python, args);
  return new Promise((resolve, reject) => {
    let last = "";
    let rest = "";
    const child = spawn(python, ["-m", "pip", "--disable-pip-version-check", "--no-input", ...args.slice(2)], {
      stdio: ["ignore", "pipe", "pipe"],
      signal,
    });
    const read = (chunk: Buffer): void => {
      const lines = (rest + chunk.toString()).split(/\r?\n|\r/);
      rest = lines.pop() ?? "";
      for (const line of lines.filter((candidate) => candidate.trim() !== "")) {
        last = line.trim();
        onLine(last);
      }
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.once("error", (error) => {
      reject(new InstallError(command, error.message));
    });
    child.once("close", (code) => {
      if (code === 0) {
        resolve();
      } else {
        reject(new InstallError(command, rest.trim() || last || `exit code ${String(code)}`));
      }
    });
  });
}
