export * from './address.js';
export * from './bytes.js';
export * from './file-times.js';
export * from './frame.js';
export * from './units.js';
