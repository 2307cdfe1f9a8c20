export * from './bytes.js';
export * from './frame.js';
export * from './units.js';
