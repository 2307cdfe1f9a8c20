import { resolve } from 'node:path';
import { Command } from 'commander';
import { ConfigError, messageOf, SrsError, version } from '../kernel/index.js';
import type { KickOptions } from './ctl/index.js';
import { reportToParent } from './daemon.js';
import { dump, test } from './inspect.js';
import { run } from './run.js';
import { type SignOptions, sign } from './sign.js';
import { type TsInfoOptions, tsInfo } from './ts-info.js';

interface Options {
  readonly config?: string;
  readonly test?: boolean;
  readonly json?: boolean;
}

/** What the command line asks for. @returns the exit code. @throws {SrsError} what the operator can mend. */
type Task = (options: Options) => number | Promise<number>;

let task: Task = () => 0;

const program = new Command('srs')
  .description('Live streaming server: encoders push RTMP, players pull it')
  .option('-c, --config <file>', 'the configuration file')
  .option('-t, --test', 'test the configuration, print what would run, and exit')
  .option('--json', 'print the result of -t, of config dump or of ctl as JSON')
  .version(version, '-v, --version', 'print the version')
  .helpOption('-h, --help', 'print this help')
  .showHelpAfterError()
  .action((_options: Options, { args: [stray] }: Command) => {
    task = stray === undefined ? serve : ({ test: isTest = false }) => refuseStray(stray, isTest);
  });

program
  .command('config')
  .description('look at a configuration file')
  .command('dump')
  .description('print every setting that is in force and where it comes from; with -c FILE')
  .option('--mask', 'hide secrets, and the queries of URLs')
  .action(({ mask = false }: { readonly mask?: boolean }) => {
    task = ({ config, json = false }) => dump(needed(config, 'srs config dump -c FILE'), { json, mask });
  });

program
  .command('sign <url>')
  .description('print the URL with a signature for a vhost with sign { … }')
  .option('--secret <secret>', "the vhost's secret; or -c FILE, which has it")
  .option('--expire <seconds>', 'how long the URL is valid', '3600')
  .option('--for <use>', 'publish or play; left out: both')
  .option('--vhost <name>', 'the vhost block that serves the URL')
  .action((url: string, options: SignOptions) => {
    task = ({ config }) => sign(url, { ...options, ...(config !== undefined && { config }) });
  });

program
  .command('ts-info <file>')
  .description('print what is in a transport stream, with its times and faults; - is the standard input')
  .option('--packets', 'a line for every packet')
  .action((file: string, options: TsInfoOptions) => {
    task = () => tsInfo(file, options);
  });

const control = program
  .command('ctl')
  .description('look at and steer a running server, over its HTTP API')
  .option(
    '--api <url>',
    'where its API is; or the environment variable SRSCTL_API',
    process.env.SRSCTL_API ?? 'http://127.0.0.1:1985',
  )
  .option('--token <token>', 'a token of its http_api; better in the environment variable SRSCTL_TOKEN');

const controls = {
  streams: 'list the streams',
  clients: 'list publishers and players',
  forwards: 'list where streams are pushed to',
  edges: 'list the streams between this edge and its origin',
  ingests: 'list what the server pulls by itself',
  stats: 'show how server and machine are',
  reload: 'have it read its configuration file anew',
  top: 'show server and streams, anew every 2 s; q ends',
} as const;
for (const [name, description] of Object.entries(controls))
  control
    .command(name)
    .description(description)
    .action(() => {
      task = async ({ json = false }) => {
        const { actions, ctl } = await import('./ctl/index.js');
        return ctl(actions[name as keyof typeof controls], { ...connection(), json });
      };
    });

control
  .command('kick <id>')
  .description('disconnect a client; or of a stream, by its id or as APP/STREAM:')
  .option('--publisher', 'its publisher')
  .option('--viewers', 'all of its players')
  .action((id: string, options: KickOptions) => {
    task = async ({ json = false }) => {
      const { ctl, kick } = await import('./ctl/index.js');
      return ctl(kick(id, options), { ...connection(), json });
    };
  });

function connection(): { api: string; token: string } {
  const { api, token = process.env.SRSCTL_TOKEN ?? '' } = control.opts<{ api: string; token?: string }>();
  return { api, token };
}

// Told in words of our own; set here, since commands made before do not inherit it.
program.allowExcessArguments();
program.parse();
process.exitCode = await main();
// A timer or socket that some library left open must not keep a stopped server alive.
if (process.exitCode !== undefined) process.exit();

async function main(): Promise<number> {
  try {
    return await task(program.opts<Options>());
  } catch (error) {
    // What the operator can mend is one clear line; anything else is a bug and shows where.
    console.error(error instanceof SrsError ? error.message : error);
    reportToParent(messageOf(error));
    return 1;
  }
}

/** Without a command: the server, or with -t the check of its file. */
function serve({ config, test: isTest = false, json = false }: Options): number | Promise<number> {
  const file = needed(config, isTest ? 'srs -t -c FILE' : 'srs -c FILE, or srs -h for help');
  return isTest ? test(file, json) : run(resolve(file)); // a reload reads it again, from another working directory perhaps
}

/** A script that forgot the file must not go on as if it had been tested. */
function needed(config: string | undefined, usage: string): string {
  if (config === undefined) throw new ConfigError('CONFIG_UNREADABLE', `a file is needed: ${usage}`);
  return config;
}

function refuseStray(stray: string, isTest: boolean): never {
  const usage = `srs ${isTest ? '-t ' : ''}-c ${stray}`;
  throw new ConfigError(
    'CONFIG_UNREADABLE',
    `there is no command "${stray}"; a configuration file is given with -c: ${usage}`,
  );
}
