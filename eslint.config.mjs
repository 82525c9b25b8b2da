import js from "@eslint/js";
import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";

export default defineConfig(
  globalIgnores([
    "**/node_modules/",
    "**/dist/",
    "**/out/",
    ".cache/",
    ".venv/",
    "tests/output/",
    // Made by scripts/generate_types.py from the Python models, which have their own checks.
    "**/*.generated.ts",
  ]),
  js.configs.recommended,
  {
    files: ["**/*.ts", "**/*.mjs"],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      // `switch` over a union must name every member or have a default.
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true },
      ],
      // `() => done()` is clear enough without braces.
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      // An empty string often means "not set", where `??` would be wrong.
      "@typescript-eslint/prefer-nullish-coalescing": ["error", { ignorePrimitives: { string: true } }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      // `describe`, `it` and their like return promises that their runner awaits.
      "@typescript-eslint/no-floating-promises": [
        "error",
        {
          allowForKnownSafeCalls: [
            { from: "package", package: "node:test", name: ["describe", "it", "suite", "test"] },
          ],
        },
      ],
      eqeqeq: "error",
      // The type checker knows which globals there are.
      "no-undef": "off",
    },
  },
  {
    // Build scripts and configurations inside the packages belong to no project that the type checker knows.
    files: ["**/*.mjs"],
    ignores: ["scripts/**"],
    extends: [tseslint.configs.disableTypeChecked],
  },
  {
    files: ["vscode-extension/src/**/*.ts"],
    // An extension writes to its output channel.
    rules: { "no-console": "error" },
  },
);
