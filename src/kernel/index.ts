export * from './clock.js';
export * from './error-codes.js';
export * from './errors.js';
export * from './log.js';
export * from './pid-file.js';
export * from './service.js';
export * from './tcp-queues.js';
export * from './version.js';
