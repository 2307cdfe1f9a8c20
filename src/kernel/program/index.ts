export type { SupervisedOptions, SupervisedProgram } from './supervised-program.js';
export { Supervisor } from './supervisor.js';
