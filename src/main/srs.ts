import { resolve } from 'node:path';
import { Command } from 'commander';
import { SrsError, version } from '../kernel/index.js';
import { reportToParent } from './daemon.js';
import { dump, test } from './inspect.js';
import { run } from './run.js';
import { type SignOptions, sign } from './sign.js';

interface Options {
  readonly config?: string;
  readonly test?: boolean;
  readonly json?: boolean;
}

let task: 'run' | 'dump' = 'run';
let toSign: { readonly url: string; readonly options: SignOptions } | undefined;

const program = new Command('srs')
  .description('Live streaming server: encoders push RTMP, players pull it')
  .option('-c, --config <file>', 'the configuration file')
  .option('-t, --test', 'test the configuration, print what would run, and exit')
  .option('--json', 'print the result of -t or of config dump as JSON')
  .version(version, '-v, --version', 'print the version')
  .helpOption('-h, --help', 'print this help')
  .showHelpAfterError()
  .action(() => {
    task = 'run';
  });

program
  .command('config')
  .description('look at a configuration file')
  .command('dump')
  .description('print every setting that is in force and where it comes from; with -c FILE')
  .action(() => {
    task = 'dump';
  });

program
  .command('sign <url>')
  .description('print the URL with a signature for a vhost with sign { … }')
  .option('--secret <secret>', "the vhost's secret; or -c FILE, which has it")
  .option('--expire <seconds>', 'how long the URL is valid', '3600')
  .option('--for <use>', 'publish or play; left out: both')
  .option('--vhost <name>', 'the vhost block that serves the URL')
  .action((url: string, options: SignOptions) => {
    toSign = { url, options };
  });

program.parse();
process.exitCode = await main(program.opts<Options>());
// A timer or socket that some library left open must not keep a stopped server alive.
if (process.exitCode !== undefined) process.exit();

async function main({ config, test: isTest, json = false }: Options): Promise<number> {
  if (config === undefined && toSign === undefined) {
    if (task === 'run') program.outputHelp();
    else console.error('config dump needs a file: srs config dump -c FILE');
    return task === 'run' ? 0 : 1;
  }
  try {
    if (toSign !== undefined) return sign(toSign.url, { ...toSign.options, ...(config !== undefined && { config }) });
    if (config === undefined) return 1;
    if (task === 'dump') return dump(config, json);
    if (isTest === true) return test(config, json);
    return await run(resolve(config)); // a reload reads it again, from another working directory perhaps
  } catch (error) {
    // What the operator can mend is one clear line; anything else is a bug and shows where.
    console.error(error instanceof SrsError ? error.message : error);
    reportToParent(error instanceof Error ? error.message : String(error));
    return 1;
  }
}
