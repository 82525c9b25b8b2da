/**
 * What a test runner says of itself at its end.
 *
 * @typedef {object} Counts
 * @property {number} passed
 * @property {number} failed
 * @property {readonly string[]} lines its own closing lines
 */

/**
 * @param {string} text
 * @param {RegExp} pattern with one group, a number
 * @returns {number}
 */
function sumOf(text, pattern) {
  return [...text.matchAll(pattern)].reduce((sum, match) => sum + Number(match[1]), 0);
}

/**
 * @param {string} output of pytest
 * @returns {Counts | undefined}
 */
export function countPytest(output) {
  const last = output.split("\n").findLast((line) => /^=+ .*\b(passed|failed|errors?|no tests ran)\b.* =+$/.test(line));
  return (
    last && {
      passed: sumOf(last, /(\d+) (?:passed|xfailed)/g),
      failed: sumOf(last, /(\d+) (?:failed|errors?|xpassed)/g),
      lines: [last],
    }
  );
}

/**
 * @param {string} output of Node's test runner
 * @returns {Counts | undefined}
 */
export function countNodeTest(output) {
  const lines = output.split("\n").filter((line) => /^[ℹ#] (tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) /.test(line));
  const text = lines.join("\n");
  return lines.length === 0
    ? undefined
    : {
        passed: sumOf(text, /^. pass (\d+)/gm),
        failed: sumOf(text, /^. (?:fail|cancelled) (\d+)/gm),
        lines,
      };
}

/**
 * @param {string} output of mocha
 * @returns {Counts | undefined}
 */
export function countMocha(output) {
  const lines = output.split("\n").filter((line) => /^ +\d+ (passing|failing|pending)\b/.test(line));
  const text = lines.join("\n");
  return lines.length === 0
    ? undefined
    : { passed: sumOf(text, /(\d+) passing/g), failed: sumOf(text, /(\d+) failing/g), lines };
}
