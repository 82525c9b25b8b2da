/** The exact versions of everything that the set-up installs outside the lock files. */
export const versions = {
  /** Carries the VS Code that the tests and `npm start` run. */
  codeServer: "4.139.1",
  /** code-server refuses to run on another major version of Node. */
  node: "24.21.0",
};

/** The oldest Python that the agent runs on. */
export const minimumPython = [3, 11];
