/** Supervises the program of its arguments, for tests that kill the supervisor. Prints the number of each process. */
import { pino } from 'pino';
import { ms } from '../../src/core/index.js';
import { Supervisor, systemClock } from '../../src/kernel/index.js';

const [mode, command = '', ...args] = process.argv.slice(2);
const none = mode === 'without-setpriv' ? async () => undefined : undefined;
const supervisor = new Supervisor(systemClock, pino({ level: 'silent' }), none);
const program = supervisor.run({
  fields: {},
  prepare: async () => ({ command, args, secrets: [] }),
  busy: () => true,
  stallTimeout: ms(0),
  isComplaint: () => false,
});
setInterval(() => console.log(`pid ${program.state.pid}`), 50);
