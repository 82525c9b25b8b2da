/**
 * Loads the agent when a kernel starts, if its environment has it; the agent then looks for a `.kishu` folder.
 * The extension asks for consent before it adds this line; here, in a VS Code made for the purpose, it is there.
 */
export const startupLine =
  '__import__("importlib.util").util.find_spec("kishu_agent") and __import__("kishu_agent").autostart(globals())';

/**
 * Settings of a VS Code that shows nothing but what it was opened for.
 *
 * @param {string} python the interpreter for notebooks
 * @returns {Record<string, unknown>}
 */
export function settingsFor(python) {
  return {
    "chat.disableAIFeatures": true,
    "extensions.ignoreRecommendations": true,
    // Kernels listen on ports of their own, which nobody wants announced.
    "remote.autoForwardPorts": false,
    "files.simpleDialog.enable": true,
    "jupyter.runStartupCommands": [startupLine],
    "jupyterStandIn.python": python,
    "python.defaultInterpreterPath": python,
    "security.workspace.trust.untrustedFiles": "open",
    "telemetry.telemetryLevel": "off",
    // Without it the first window of a browser opens notebooks as text: their type is not known yet at that moment.
    "workbench.editorAssociations": { "*.ipynb": "jupyter-notebook" },
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "workbench.startupEditor": "none",
    "workbench.tips.enabled": false,
  };
}
