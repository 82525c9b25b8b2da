import { MarkdownString, l10n } from "vscode";

import type { Checkpoint, Preview } from "../protocol.generated.ts";
import { labelOf } from "./label.ts";
import { bytesText, codeBlock, codeSpan, durationText, plain, wayOf } from "./words.ts";

const MOST_LINES = 15;
const MOST_NAMES = 12;

/** Everything worth knowing about a checkpoint, from plain data alone. */
export function tooltipOf(checkpoint: Checkpoint, labels: readonly string[], locale: string): MarkdownString {
  const text = new MarkdownString("", true);
  text.appendMarkdown(`${headline(checkpoint, locale)}\n\n`);
  if (labels.length > 0) {
    text.appendMarkdown(`${labels.map(codeSpan).join(" ")}\n\n`);
  }
  if (checkpoint.error !== null) {
    const { name, message } = checkpoint.error;
    text.appendMarkdown(`$(error) ${plain(name)}${message === "" ? "" : `: ${codeSpan(message)}`}\n\n`);
  } else if (checkpoint.outcome === "interrupted") {
    text.appendMarkdown(`$(circle-slash) ${l10n.t("The cell was interrupted.")}\n\n`);
  }
  if (checkpoint.cell !== null) {
    text.appendMarkdown(`${codeBlock(shorten(checkpoint.cell.code), "python")}\n\n`);
  }
  const changes = changeLines(checkpoint);
  if (changes.length > 0) {
    text.appendMarkdown(`${changes.join("\n")}\n\n`);
  } else if (checkpoint.kind !== "start") {
    text.appendMarkdown(`${l10n.t("No variable changed.")}\n\n`);
  }
  for (const [name, reason] of Object.entries(checkpoint.problems)) {
    const again = wayOf(checkpoint, name) === "replay";
    const icon = again ? "$(refresh)" : "$(warning)";
    const words = again ? l10n.t("{0}. A restore runs the cell again.", reason) : reason;
    text.appendMarkdown(`${icon} ${name === "" ? "" : `${codeSpan(name)} `}${plain(words)}\n\n`);
  }
  return text;
}

function headline(checkpoint: Checkpoint, locale: string): string {
  const count = checkpoint.cell?.execution_count;
  const date = new Date(checkpoint.started);
  const title = typeof count === "number" ? `In [${String(count)}]` : labelOf(checkpoint);
  return [
    `**${plain(title)}**`,
    Number.isNaN(date.getTime()) ? plain(checkpoint.started) : plain(date.toLocaleString(locale)),
    ...(checkpoint.kind === "cell" ? [durationText(checkpoint.duration)] : []),
    l10n.t("{0} stored", bytesText(checkpoint.bytes_added)),
  ].join(" · ");
}

function shorten(code: string): string {
  const lines = code.trimEnd().split("\n");
  return lines.length > MOST_LINES ? [...lines.slice(0, MOST_LINES), "…"].join("\n") : lines.join("\n");
}

function changeLines(checkpoint: Checkpoint): readonly string[] {
  const lines = [
    ...checkpoint.created.map((name) => `- ${plain("+")} ${variable(checkpoint, name)}`),
    ...checkpoint.changed.map((name) => `- ${plain("~")} ${variable(checkpoint, name)}`),
    ...checkpoint.deleted.map((name) => `- − ${codeSpan(name)}`),
  ];
  const more = lines.length - MOST_NAMES;
  return more > 1 ? [...lines.slice(0, MOST_NAMES), `- ${l10n.t("… and {0} more", more)}`] : lines;
}

function variable(checkpoint: Checkpoint, name: string): string {
  const preview = checkpoint.previews[name];
  const way = wayOf(checkpoint, name);
  const told = way === "dill" || way === "replay" ? [way] : [];
  return [codeSpan(name), ...(preview === undefined ? [] : previewParts(preview)), ...told].join(" · ");
}

function previewParts(preview: Preview): readonly string[] {
  return [
    plain(preview.shape === null ? preview.type : `${preview.type} ${preview.shape.join(" × ")}`),
    ...(preview.nbytes === null ? [] : [bytesText(preview.nbytes)]),
    ...(preview.text === "" ? [] : [codeSpan(preview.text)]),
  ];
}
