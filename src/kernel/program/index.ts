export { findProgram } from './find-program.js';
export type { ProgramState, SupervisedOptions, SupervisedProgram } from './supervised-program.js';
export { Supervisor } from './supervisor.js';
