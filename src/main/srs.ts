import { Command } from 'commander';
import { loadConfig } from '../config/index.js';
import { SrsError, version } from '../kernel/index.js';
import { reportToParent } from './daemon.js';
import { run } from './run.js';

interface Options {
  readonly config?: string;
  readonly test?: boolean;
}

const program = new Command('srs')
  .description('Live streaming server: encoders push RTMP, players pull it')
  .option('-c, --config <file>', 'the configuration file')
  .option('-t, --test', 'test the configuration and exit')
  .version(version, '-v, --version', 'print the version')
  .helpOption('-h, --help', 'print this help')
  .showHelpAfterError();

program.parse();
process.exitCode = await main(program.opts<Options>());
// A timer or socket that some library left open must not keep a stopped server alive.
if (process.exitCode !== undefined) process.exit();

async function main(options: Options): Promise<number> {
  if (options.config === undefined) {
    program.outputHelp();
    return 0;
  }
  try {
    return options.test === true ? test(options.config) : await run(options.config);
  } catch (error) {
    // What the operator can mend is one clear line; anything else is a bug and shows where.
    console.error(error instanceof SrsError ? error.message : error);
    reportToParent(error instanceof Error ? error.message : String(error));
    return 1;
  }
}

function test(file: string): number {
  const { warnings } = loadConfig(file);
  for (const warning of warnings) console.error(`warning: ${warning}`);
  console.log(`${file}: the configuration is valid`);
  return 0;
}
