import { type DocBlock, documented, printArgs, printDefault } from './docs-rows.js';
import { printLater } from './later.js';
import { type LaterTable, reloadRules, type ValueRow } from './table.js';
import { laterInRoot, root } from './tables/root.js';
import { laterInVhost } from './tables/vhost.js';

const generated = 'made by scripts/generate-docs.ts from the tables in src/config/tables/';

/** docs/config.md: every directive that acts, by block. */
export function configMarkdown(): string {
  return `<!-- ${generated} -->
# Configuration

A file is a list of \`name value … ;\` and \`name { … }\`; \`#\` starts a comment; a value with spaces, \`;\` or \`{\` stands in
\`'…'\` or \`"…"\`. \`include file …;\` stands for the directives of other files, relative to the working directory or to the
including file; \`*\` and \`?\` in the name of a file stand for any that there are (\`include vhosts/*.conf;\`), in the order of their
names, or for none. Of a directive that is given twice the first one counts.

\`srs -t -c FILE\` checks a file and tells what it would run; every mistake is reported with file, line and column.
\`srs config dump -c FILE\` prints every setting that is in force and where its value comes from. Both print JSON with
\`--json\`. \`conf/full.conf\` has every directive with its default; the other files of \`conf/\` are
samples, one for each use.

A variable of the environment replaces what the file says: \`SRS_\` and the blocks and the name of the directive in capitals,
joined by \`_\`. \`SRS_LISTEN\` is \`listen\`, \`SRS_VHOST_PLAY_GOP_CACHE\` is \`gop_cache\` in \`play\` of every vhost. Several
values are separated by blanks; an empty variable changes nothing.

The column *since* tells which version of SRS brought a directive. SIGHUP reads the file again: all of it comes into force, or nothing of it. The column
*reload* tells how. ${Object.entries(reloadRules)
    .map(([name, doc]) => `**${name}**: ${doc}`)
    .join('; ')}.

${section(documented(root), [])}## Known, without effect

These names of SRS are accepted with one warning each, at the name; what a block of them holds is not
checked. Any other unknown name is an error.

${laterRows([
  ['top of the file', laterInRoot],
  ['vhost { }', laterInVhost],
])}`;
}

/** Names that load and do nothing, with the release that brought them and the reason. */
function laterRows(tables: readonly (readonly [string, LaterTable])[]): string {
  const lines = tables.flatMap(([place, later]) =>
    Object.entries(later).map(([path, entry]) => {
      const [name = '', ...around] = path.split('.').reverse();
      const where = [place, ...around.map((block) => `${block} { }`)].join(' ');
      return `| \`${name}\` | ${where} | v${entry.since} | ${printLater(entry)} |\n`;
    }),
  );
  return `| name | in | since | it |\n|---|---|---|---|\n${lines.join('')}`;
}

function section(block: DocBlock, around: readonly string[]): string {
  const path = block.opens === undefined ? around : [...around, block.opens.split(' ')[0] ?? ''];
  const title = block.opens === undefined ? 'At the top of the file' : path.map((word) => `${word} { }`).join(' ');
  const lines = block.rows.map(({ name, row, also }) => {
    const aliases = also.length > 0 ? ` Also: ${also.map((other) => `\`${other}\``).join(', ')}.` : '';
    const cells = [`\`${name}\``, printArgs(row), defaultCell(row), sinceCell(row), row.reload, row.doc + aliases];
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  });
  const head = '| name | value | default | since | reload | meaning |\n|---|---|---|---|---|---|';
  const table = lines.length > 0 ? `${head}\n${lines.join('\n')}\n\n` : '';
  const intro = block.doc === '' ? '' : `${block.doc}\n\n`;
  return `## ${title}\n\n${intro}${table}${block.blocks.map((inner) => section(inner, path)).join('')}`;
}

const defaultCell = (row: ValueRow): string =>
  row.type === 'listen' && row.required ? 'required' : row.inherit ? 'as outside' : code(printDefault(row));

const code = (text: string): string => (text === '' ? 'none' : `\`${text}\``);

const sinceCell = (row: ValueRow): string => (row.since === 'own' ? 'new here' : `v${row.since ?? 1}`);

/** conf/full.conf: every directive that acts, set to its default. */
export function fullConf(): string {
  const head = [
    '# Every directive that acts, set to its default. Not a file to start from: conf/srs.conf is.',
    `# This file is ${generated}`,
  ];
  return `${[...head, '', ...confLines(documented(root))].join('\n')}\n`;
}

function confLines(block: DocBlock): string[] {
  const rows = block.rows.flatMap(({ name, row }) => [
    ...comment(`${row.doc} (${printArgs(row)}${row.inherit ? '; left out: as outside' : ''})`),
    // A word without a value changes nothing, so it is shown as a comment.
    printDefault(row) === '' ? `# ${name} ${row.type === 'pairs' ? '{ … }' : '…;'}` : `${name} ${printDefault(row)};`,
    '',
  ]);
  const blocks = block.blocks.flatMap((inner) => [
    ...(inner.doc === '' ? [] : comment(inner.doc)),
    `${inner.opens} {`,
    ...confLines(inner).map((line) => (line === '' ? '' : `    ${line}`)),
    '}',
    '',
  ]);
  return [...rows, ...blocks].slice(0, -1);
}

const WIDTH = 100;

/** Text → comment lines of bearable width. */
function comment(text: string): string[] {
  const lines = ['#'];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line.length + word.length + 1 > WIDTH) lines.push(`# ${word}`);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines;
}
