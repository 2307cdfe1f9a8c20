// The house rules of docs/architecture.md §1, for dependency-cruiser. test/arch/rooms.test.ts proves that they bite.

/** A room may import rooms of lower rank only. */
const rank = {
  core: 0,
  kernel: 1,
  protocol: 2,
  config: 2,
  link: 3,
  stream: 3,
  relay: 4,
  session: 5,
  deliver: 5,
  intake: 5,
  http: 5,
  app: 6,
  main: 7,
};

/** Third-party packages, each with the one room that uses it: the rest of the house does not know its name. */
const packages = {
  pino: 'kernel',
  'pino-pretty': 'kernel',
  ajv: 'config',
  commander: 'main',
  'cli-table3': 'main',
  undici: 'http',
  fastify: 'http',
  '@fastify': 'http',
  typebox: 'http',
  ws: 'http',
  'prom-client': 'http',
  'fast-xml-parser': 'http',
};

const rooms = Object.keys(rank);
const any = (names) => `(${names.join('|')})`;
const literally = (name) => name.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&');
const packagePath = (name) => `node_modules/${literally(name)}/`;

/** Node's modules that only compute; everything else of Node is I/O, or time. */
const pureOfNode = { core: [], protocol: ['crypto'] };

module.exports = {
  forbidden: [
    ...rooms.map((room) => ({
      name: `${room}-imports-down`,
      comment: `${room}/ has rank ${rank[room]} and imports only rooms below that; equal ranks never.`,
      severity: 'error',
      from: { path: `^src/${room}/` },
      to: {
        path: `^src/(${any(rooms.filter((other) => other !== room && rank[other] >= rank[room]))}/|client\\.ts|console/)`,
      },
    })),
    {
      name: 'client-imports',
      comment:
        'src/client.ts is the library: it shows link/, protocol/, kernel/ and core/ to the outside, nothing else.',
      severity: 'error',
      from: { path: '^src/client\\.ts$' },
      to: { path: '^src/', pathNot: '^src/(link|protocol|kernel|core)/' },
    },
    {
      name: 'console-alone',
      comment: 'console/ is the browser bundle; it talks to the server over HTTP only.',
      severity: 'error',
      from: { path: '^src/console/' },
      to: { path: '^src/', pathNot: '^src/console/' },
    },
    {
      name: 'front-door',
      comment: "A room is entered through its index.ts; protocol/ through each codec's own.",
      severity: 'error',
      from: { path: '^src/([^/]+)' },
      to: { path: `^src/${any(rooms)}/`, pathNot: '^src/$1/|^src/[^/]+/index\\.ts$|^src/protocol/[^/]+/index\\.ts$' },
    },
    {
      name: 'no-cycles',
      comment: 'Files that need each other to load are one file, or need a third below them.',
      severity: 'error',
      from: { path: '^src/' },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    ...Object.entries(pureOfNode).map(([room, allowed]) => ({
      name: `${room}-no-io`,
      comment: `${room}/ is pure: no sockets, files, processes or timers.`,
      severity: 'error',
      from: { path: `^src/${room}/` },
      to: { dependencyTypes: ['core'], ...(allowed.length ? { pathNot: `^(node:)?${any(allowed)}$` } : {}) },
    })),
    ...Object.entries(packages).map(([name, room]) => ({
      name: `${name}-in-${room}`,
      comment: `The package ${name} is used in ${room}/ only.`,
      severity: 'error',
      from: { path: '^src/', pathNot: `^src/${room}/` },
      to: { path: packagePath(name) },
    })),
    {
      name: 'package-without-room',
      comment: 'Give the package a room in the table at the top of .dependency-cruiser.cjs.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/console/' },
      to: { path: 'node_modules/', pathNot: Object.keys(packages).map(packagePath) },
    },
    {
      name: 'unresolved',
      comment: 'The import leads nowhere, or to a package that package.json does not name.',
      severity: 'error',
      from: { path: '^src/' },
      to: { couldNotResolve: true },
    },
    {
      name: 'no-dev-package',
      comment: 'The server never loads a development package.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/console/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
