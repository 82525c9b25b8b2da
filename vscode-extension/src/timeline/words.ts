import type { Checkpoint, How } from "../protocol.generated.ts";

/** Short texts about checkpoints; nothing here needs VS Code. */

/**
 * The line that tells most about a cell: its first one that is no comment and no magic, or else its first one.
 * Empty for an empty cell.
 */
export function firstLine(code: string, longest: number): string {
  const lines = code
    .split(/\r\n|\r|\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const line = lines.find((candidate) => !/^[#%!]/.test(candidate)) ?? lines[0] ?? "";
  return line.length > longest ? `${line.slice(0, longest - 1).trimEnd()}…` : line;
}

/** What a cell did to the names: `+created ~changed -deleted`, the first few. */
export function changesText(checkpoint: Checkpoint, most: number): string {
  const all = [
    ...checkpoint.created.map((name) => `+${name}`),
    ...checkpoint.changed.map((name) => `~${name}`),
    ...checkpoint.deleted.map((name) => `−${name}`),
  ];
  const more = all.length - most;
  return more > 1 ? [...all.slice(0, most), `… ${String(more)}`].join(" ") : all.join(" ");
}

/** How a checkpoint stored a variable; undefined when it did not change there. */
export function wayOf(checkpoint: Checkpoint, name: string): How | undefined {
  return checkpoint.added.find((covariable) => covariable.roots.includes(name))?.how;
}

export function durationText(seconds: number): string {
  if (seconds < 0.0995) {
    return `${String(Math.round(seconds * 1000))} ms`;
  }
  if (seconds < 9.95) {
    return `${seconds.toFixed(1)} s`;
  }
  const whole = Math.round(seconds);
  if (whole < 60) {
    return `${String(whole)} s`;
  }
  return whole < 3600
    ? `${String(Math.floor(whole / 60))} min ${String(whole % 60)} s`
    : `${String(Math.floor(whole / 3600))} h ${String(Math.floor((whole % 3600) / 60))} min`;
}

const UNITS = ["KB", "MB", "GB", "TB"];

export function bytesText(bytes: number): string {
  if (bytes < 1000) {
    return `${String(bytes)} B`;
  }
  let value = bytes / 1024;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value < 9.95 ? value.toFixed(1) : String(Math.round(value))} ${UNITS[unit] ?? ""}`;
}

/** The time of day; before today with the date. */
export function timeText(started: string, now: Date, locale: string): string {
  const date = new Date(started);
  if (Number.isNaN(date.getTime())) {
    return started;
  }
  const time: Intl.DateTimeFormatOptions = { hour: "numeric", minute: "2-digit" };
  if (date.toDateString() === now.toDateString()) {
    return date.toLocaleTimeString(locale, time);
  }
  return date.toLocaleString(locale, {
    ...time,
    day: "numeric",
    month: "short",
    ...(date.getFullYear() === now.getFullYear() ? {} : { year: "numeric" }),
  });
}

/** Text as Markdown inline code, whatever is in it. */
export function codeSpan(text: string): string {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  const inner = text.replace(/\s+/g, " ");
  return longest === 0 ? `${fence}${inner}${fence}` : `${fence} ${inner} ${fence}`;
}

/** Text as a Markdown code block, whatever is in it. */
export function codeBlock(text: string, language: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${language}\n${text}\n${fence}`;
}

/** Text in Markdown that stands for itself. */
export function plain(text: string): string {
  return text.replace(/[\\`*_{}[\]()#+\-.!|<>~$&]/g, "\\$&");
}
