/** Closes a `switch` over a tagged union: the compiler complains when a case is missing. */
export function unreachable(value: never): never {
  throw new TypeError(`unexpected ${JSON.stringify(value)}`);
}
