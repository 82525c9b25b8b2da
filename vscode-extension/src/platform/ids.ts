/** Every id that package.json knows too; a test compares the two. */

export const COMMANDS = {
  startRecording: "kishu.startRecording",
  stopRecording: "kishu.stopRecording",
  restoreState: "kishu.restoreState",
  restoreStateHere: "kishu.restoreStateHere",
  undoLastCell: "kishu.undoLastCell",
  redo: "kishu.redo",
  showTimeline: "kishu.showTimeline",
  renameBranch: "kishu.renameBranch",
  explainRecording: "kishu.explainRecording",
  recordFromKernelStart: "kishu.recordFromKernelStart",
  installAgent: "kishu.installAgent",
  manageAccess: "kishu.manageAccess",
  showLog: "kishu.showLog",
} as const;

/** Commands of others that are offered in messages. */
export const FOREIGN_COMMANDS = {
  manageAccess: "jupyter.manageAccessToKernels",
  manageTrust: "workbench.trust.manage",
  saveFile: "workbench.action.files.save",
  restartKernel: "jupyter.restartkernel",
} as const;

export const TIMELINE_VIEW = "kishu.timeline";

export const CONTEXT_KEYS = {
  /** Which welcome text the empty timeline shows. */
  welcome: "kishu.welcome",
  /** `on`, `blocked` (switched on, but the kernel does not let Kishu record), `paused` or `off`. */
  recording: "kishu.recording",
  canUndo: "kishu.canUndo",
  canRedo: "kishu.canRedo",
} as const;

/** Values of the context key `kishu.welcome`. */
export const WELCOMES = [
  "noNotebook",
  "untitled",
  "notAFile",
  "notRecording",
  "paused",
  "noKernel",
  "waiting",
  "nothingYet",
  "noAgent",
  "agentMismatch",
  "extensionMismatch",
  "accessDenied",
  "recordingWithoutAccess",
  "untrusted",
  "otherLanguage",
  "notAFolder",
  "foreignFormat",
  "unreadable",
  "failed",
] as const;

export type Welcome = (typeof WELCOMES)[number];

export const SETTINGS = {
  codeLens: "kishu.cells.codeLens",
  restoreEnvironment: "kishu.restoreEnvironment",
} as const;

/** `contextValue` of the timeline's rows. */
export const ROWS = {
  checkpoint: "checkpoint",
  current: "currentCheckpoint",
  damaged: "damaged",
} as const;

export const NOTEBOOK_TYPE = "jupyter-notebook";
