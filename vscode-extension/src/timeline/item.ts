import { ThemeColor, ThemeIcon, TreeItem, TreeItemCollapsibleState, l10n } from "vscode";

import type { History } from "../folder/history.ts";
import type { DamagedFile } from "../folder/records.ts";
import path from "node:path";
import { ROWS } from "../platform/ids.ts";
import type { Checkpoint } from "../protocol.generated.ts";
import { labelOf } from "./label.ts";
import { bytesText, changesText, durationText, timeText, wayOf } from "./words.ts";

const MOST_NAMES = 3;

/** VS Code cuts the description first; in a side bar of the usual width some of it is to be seen. */
const LONGEST_LABEL = 23;

/** What the rows of one timeline have in common. */
export interface Surroundings {
  readonly history: History;
  readonly head: string | null;
  readonly now: Date;
  readonly locale: string;
}

export function checkpointItem(checkpoint: Checkpoint, around: Surroundings): TreeItem {
  const isHead = checkpoint.id === around.head;
  const complete = around.history.isComplete(checkpoint.id);
  const item = new TreeItem(labelOf(checkpoint, LONGEST_LABEL));
  item.id = checkpoint.id;
  item.description = descriptionOf(checkpoint, around, isHead);
  item.iconPath = iconOf(checkpoint, isHead, complete);
  item.accessibilityInformation = { label: spoken(checkpoint, around, isHead) };
  if (isHead) {
    item.contextValue = ROWS.current;
  } else if (complete) {
    item.contextValue = ROWS.checkpoint;
  }
  return item;
}

/** The branches (`[name]`) and tags (`#name`) that are at this checkpoint. A lone branch is not worth a label. */
export function labelsOf(checkpoint: Checkpoint, history: History): readonly string[] {
  const { branches } = history.names;
  const newest = history.branchHeads().get(checkpoint.branch);
  return [
    ...(history.branchHeads().size > 1 && newest?.id === checkpoint.id
      ? [`[${branches.get(checkpoint.branch) ?? checkpoint.branch.slice(0, 8)}]`]
      : []),
    ...history.tagsOf(checkpoint.id).map((tag) => `#${tag}`),
  ];
}

function descriptionOf(checkpoint: Checkpoint, around: Surroundings, isHead: boolean): string {
  return [
    ...(isHead ? [l10n.t("current")] : []),
    ...labelsOf(checkpoint, around.history),
    ...outcomeParts(checkpoint),
    ...(checkpoint.added.some(({ how }) => how === "replay") ? [l10n.t("by replay")] : []),
    changesText(checkpoint, MOST_NAMES),
    timeText(checkpoint.started, around.now, around.locale),
    ...(checkpoint.kind === "cell" ? [durationText(checkpoint.duration)] : []),
    ...(checkpoint.bytes_added > 0 ? [bytesText(checkpoint.bytes_added)] : []),
    ...(around.history.isComplete(checkpoint.id) ? [] : [l10n.t("can't be restored")]),
  ]
    .filter((part) => part !== "")
    .join(" · ");
}

function outcomeParts(checkpoint: Checkpoint): readonly string[] {
  switch (checkpoint.outcome) {
    case "ok":
      return [];
    case "error":
      return [checkpoint.error?.name ?? l10n.t("failed")];
    case "interrupted":
      return [l10n.t("interrupted")];
  }
}

function iconOf(checkpoint: Checkpoint, isHead: boolean, complete: boolean): ThemeIcon {
  if (isHead) {
    return new ThemeIcon("circle-filled", new ThemeColor("list.highlightForeground"));
  }
  if (!complete) {
    return new ThemeIcon("question", new ThemeColor("disabledForeground"));
  }
  if (checkpoint.outcome === "error") {
    return new ThemeIcon("error", new ThemeColor("list.errorForeground"));
  }
  if (checkpoint.outcome === "interrupted") {
    return new ThemeIcon("circle-slash", new ThemeColor("list.warningForeground"));
  }
  if (Object.keys(checkpoint.problems).some((name) => wayOf(checkpoint, name) !== "replay")) {
    return new ThemeIcon("warning", new ThemeColor("list.warningForeground"));
  }
  switch (checkpoint.kind) {
    case "start":
      return new ThemeIcon("record");
    case "between":
      return new ThemeIcon("sync");
    case "cell":
      return new ThemeIcon("circle-outline");
  }
}

function spoken(checkpoint: Checkpoint, around: Surroundings, isHead: boolean): string {
  return [
    labelOf(checkpoint),
    ...(isHead ? [l10n.t("current state")] : []),
    ...outcomeParts(checkpoint),
    ...(checkpoint.created.length > 0 ? [l10n.t("created {0}", checkpoint.created.join(", "))] : []),
    ...(checkpoint.changed.length > 0 ? [l10n.t("changed {0}", checkpoint.changed.join(", "))] : []),
    ...(checkpoint.deleted.length > 0 ? [l10n.t("deleted {0}", checkpoint.deleted.join(", "))] : []),
    timeText(checkpoint.started, around.now, around.locale),
  ].join(", ");
}

export function damageItem(damaged: readonly DamagedFile[]): TreeItem {
  const item = new TreeItem(
    damaged.length === 1 ? l10n.t("1 record is damaged") : l10n.t("{0} records are damaged", damaged.length),
    TreeItemCollapsibleState.Collapsed,
  );
  item.id = "damaged";
  item.iconPath = new ThemeIcon("warning", new ThemeColor("list.warningForeground"));
  item.tooltip = l10n.t("They are left as they are. Bring them back from git or a backup; what builds upon them can't be restored.");
  item.contextValue = ROWS.damaged;
  return item;
}

export function damagedFileItem(damage: DamagedFile): TreeItem {
  const item = new TreeItem(path.basename(damage.file));
  item.id = damage.file;
  item.description = damage.reason;
  item.iconPath = new ThemeIcon("file");
  item.tooltip = `${damage.file}\n${damage.reason}`;
  return item;
}
