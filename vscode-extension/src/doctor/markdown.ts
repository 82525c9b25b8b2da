import type { Diagnosis } from "../protocol.generated.ts";
import { bytesText, codeSpan, durationText, plain } from "../timeline/words.ts";

/** How the variables of a notebook are recorded, as a Markdown document. Nothing here needs VS Code. */
export function recordingReport(notebook: string, diagnoses: readonly Diagnosis[]): string {
  return [
    `# How the variables of ${plain(notebook)} are recorded`,
    ...(diagnoses.length === 0 ? ["There are no variables."] : [summary(diagnoses), table(diagnoses)]),
    ...section("Not recorded", NOT_RECORDED, diagnoses.flatMap(missing)),
    ...section("Recorded in another way", ANOTHER_WAY, diagnoses.flatMap(otherWay)),
    ...section("Recorded together", TOGETHER, groupsOf(diagnoses).flatMap(togetherLines)),
    ...section("What they need", NEEDS, diagnoses.flatMap(needs)),
    "",
  ].join("\n\n");
}

const NOT_RECORDED = "These have no stored form. A restored state lacks them; run the cells that made them again.";
const ANOTHER_WAY = "These are not stored by Python's pickle, for this reason.";
const TOGETHER =
  "Variables that share an object or memory are recorded and restored as one, so that they share it again. A change in one of them stores what all of them hold.";
const NEEDS = "Functions and classes of the notebook are stored on their own. When one is loaded, so is what needs it.";

function section(title: string, text: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [`## ${title}`, text, lines.join("\n")];
}

function summary(diagnoses: readonly Diagnosis[]): string {
  const bytes = diagnoses.reduce((sum, { stream_bytes, buffer_bytes }) => sum + stream_bytes + buffer_bytes, 0);
  const seconds = diagnoses.reduce((sum, diagnosis) => sum + diagnosis.seconds, 0);
  const count = diagnoses.length === 1 ? "1 variable" : `${String(diagnoses.length)} variables`;
  return `${count}, each looked at on its own just now: ${bytesText(bytes)} in ${durationText(seconds)}. What did not change is not stored again.`;
}

const HEADS = ["Variable", "Type", "Recorded", "Encoded", "Memory", "Time", "Together with"];

function table(diagnoses: readonly Diagnosis[]): string {
  const rows = diagnoses.map((diagnosis) => [
    codeSpan(diagnosis.name),
    plain(diagnosis.type),
    diagnosis.how === "none" ? "**no**" : diagnosis.how,
    bytesText(diagnosis.stream_bytes),
    diagnosis.buffer_bytes === 0 ? "" : bytesText(diagnosis.buffer_bytes),
    durationText(diagnosis.seconds),
    diagnosis.joined.map(codeSpan).join(", "),
  ]);
  const line = (cells: readonly string[]): string => `| ${cells.map(inTable).join(" | ")} |`;
  return [line(HEADS), line(["---", "---", "---", "---:", "---:", "---:", "---"]), ...rows.map(line)].join("\n");
}

/** Also inside of code, a table ends its cells at a bar. */
function inTable(cell: string): string {
  return cell.replace(/(?<!\\)\|/g, "\\|");
}

function missing({ how, name, reason }: Diagnosis): string[] {
  return how === "none" ? [`- ${codeSpan(name)}${reason === null ? "" : `: ${plain(reason)}`}`] : [];
}

function otherWay({ how, name, reason }: Diagnosis): string[] {
  return how === "dill" || how === "replay"
    ? [`- ${codeSpan(name)}, by ${how}${reason === null ? "" : `: ${plain(reason)}`}`]
    : [];
}

function needs({ name, definitions }: Diagnosis): string[] {
  return definitions.length === 0 ? [] : [`- ${codeSpan(name)} needs ${definitions.map(codeSpan).join(", ")}`];
}

/** The variables that are recorded as one, each group once. */
function groupsOf(diagnoses: readonly Diagnosis[]): readonly (readonly Diagnosis[])[] {
  const groups = new Map<string, Diagnosis[]>();
  for (const diagnosis of diagnoses) {
    if (diagnosis.joined.length > 0) {
      const key = JSON.stringify([diagnosis.name, ...diagnosis.joined].sort());
      groups.set(key, [...(groups.get(key) ?? []), diagnosis]);
    }
  }
  return [...groups.values()];
}

function togetherLines(group: readonly Diagnosis[]): string[] {
  const names = [...new Set(group.flatMap(({ name, joined }) => [name, ...joined]))];
  const sentences = [...new Set(group.flatMap(({ because }) => because))];
  return [`- ${names.map(codeSpan).join(", ")}`, ...sentences.map((sentence) => `  - ${codeSpan(sentence)}`)];
}
