/** Why something cannot be the name of a branch; the agent's history/naming.py has the same rules. */
export type NameProblem = "empty" | "spaces" | "unprintable" | "long" | "head" | "steps" | "id" | "taken";

export const LONGEST_NAME = 100;

// As Python's str.isprintable.
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u;

/** What is wrong with a name; undefined when nothing is. `taken` are the other names that there are. */
export function nameProblem(name: string, taken: readonly string[] = []): NameProblem | undefined {
  if (name.trim() === "") {
    return "empty";
  }
  if (name !== name.trim()) {
    return "spaces";
  }
  if (UNPRINTABLE.test(name)) {
    return "unprintable";
  }
  if (Array.from(name).length > LONGEST_NAME) {
    return "long";
  }
  if (name.toUpperCase() === "HEAD") {
    return "head";
  }
  if (/~[0-9]*$/.test(name)) {
    return "steps";
  }
  if (/^[0-9a-f]{4,32}$/i.test(name)) {
    return "id";
  }
  return taken.includes(name) ? "taken" : undefined;
}
