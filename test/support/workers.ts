/** Test files of the built program that run side by side: they wait more than they work, so two more than cores in CI. */
export const WORKERS = 4;
