/**
 * Who may import whom: one line per room, read by dependency-cruiser in `make lint`.
 * A room may import itself, the rooms and the outside packages of its line, and nothing else; a folder of src/ without a line here may import nothing.
 * Types count too: what one can't import one can't know.
 */

/** Parts of Node that touch nothing outside the process; open to every room that does I/O. */
const plain = ['buffer', 'events', 'path', 'stream', 'stream/promises', 'timers/promises', 'url', 'util'];
const files = ['fs', 'fs/promises'];
const anyRoom = '.*';
// Node's own modules resolve to their bare names, without a dot.
const anyOfNode = '[a-z0-9_/]+';

/**
 * rooms: folders of src/, or single files in them. node: Node's own modules. npm: packages.
 * A folder inside a room may have a line of its own, which then counts alone.
 */
const rooms = {
  core: {},
  psrp: { rooms: ['core/value', 'core/record', 'core/error'] },
  transport: {
    rooms: ['core'],
    node: [...plain, ...files, 'child_process', 'crypto', 'net', 'http', 'tls'],
    npm: ['ssh2', 'ssh-config', 'lru-cache'],
  },
  journal: { rooms: ['core'], node: [...plain, ...files, 'zlib'], npm: ['lru-cache'] },
  engine: { rooms: ['psrp', 'transport', 'core'], node: [...plain, ...files, 'crypto'] },
  // Programs of their own, bundled; what they share with the engine is the wire between them.
  'engine/javascript/runner': {
    rooms: ['engine/script', 'engine/javascript/bootstrap'],
    node: [anyOfNode],
  },
  'engine/javascript/interpreter': {
    rooms: ['engine/script', 'engine/javascript/bootstrap'],
    node: [anyOfNode],
    npm: ['acorn'],
  },
  status: { rooms: ['core', 'gen'], node: ['crypto'], npm: ['@grpc/grpc-js'] },
  keeper: {
    rooms: [
      'engine',
      'transport',
      'journal',
      'store',
      'status',
      'core',
      'gen',
      'configuration/configuration',
    ],
    node: [...plain, ...files, 'child_process', 'crypto', 'net', 'os'],
    npm: ['@grpc/grpc-js'],
  },
  configuration: { rooms: ['session/options', 'session/environment', 'core'], node: ['path'] },
  // session-terms and opening-terms are what the generated types of the keeper's contract are turned into and made from.
  session: {
    rooms: [
      'keeper/client',
      'keeper/session-terms',
      'keeper/target-terms',
      'keeper/opening-terms',
      'configuration',
      'remote',
      'status/problem',
      'store',
      'core',
    ],
    npm: ['lru-cache'],
  },
  // A lock that dies with its holder is taken by flock, a program.
  store: { rooms: ['core'], node: [...plain, ...files, 'child_process', 'crypto'] },
  // A session at another daemon shows itself as a keeper's client.
  remote: {
    rooms: ['keeper/client', 'keeper/grpc-call', 'status', 'core', 'gen'],
    node: plain,
    npm: ['@grpc/grpc-js'],
  },
  job: { rooms: ['session', 'store', 'core'] },
  metrics: { npm: ['prom-client'] },
  audit: { rooms: ['store', 'core'], node: [...files, 'crypto', 'path'] },
  auth: { rooms: ['store', 'core'], node: ['crypto'] },
  pki: {
    rooms: ['store', 'core'],
    node: [...files, 'crypto', 'net', 'path'],
    npm: ['@peculiar/x509', 'reflect-metadata'],
  },
  rpc: {
    rooms: [
      'job',
      'session',
      'configuration',
      'keeper/client',
      'keeper/session-terms',
      'keeper/target-terms',
      'keeper/opening-terms',
      'auth',
      'audit',
      'status',
      'core',
      'gen',
    ],
    node: [...plain, 'net', 'tls'],
    npm: ['@grpc/grpc-js', 'lru-cache'],
  },
  daemon: {
    rooms: [anyRoom],
    node: [anyOfNode],
    npm: [
      'winston',
      'yaml',
      '@bufbuild/protobuf',
      '@grpc/grpc-js',
      '@grpc/proto-loader',
      '@grpc/reflection',
      'grpc-health-check',
    ],
  },
  gen: { npm: ['@bufbuild/protobuf', '@grpc/grpc-js'], node: plain },
};

const clients = {
  'clients/typescript': {
    npm: ['@grpc/grpc-js', '@bufbuild/protobuf'],
    node: [...plain, ...files, 'crypto', 'http2', 'net', 'os', 'tls'],
  },
  'clients/cli': { folders: ['clients/typescript/(?!gen/)'], node: [anyOfNode], npm: ['yaml'] },
};

const lines = {
  ...Object.fromEntries(Object.entries(rooms).map(([name, line]) => [`src/${name}`, line])),
  ...clients,
};

/** An import of `bundled:FILE` is the text of FILE's own bundle (src/engine/javascript/build-runner.cjs). */
const bundledText = '^bundled:';

function ruleOf([folder, line]) {
  const inside = Object.keys(lines).filter((other) => other.startsWith(`${folder}/`));
  const allowed = [
    `^${folder}/`,
    ...(line.rooms ?? []).map((room) => `^src/${room}(/|\\.ts$)`),
    ...(line.folders ?? []).map((other) => `^${other}`),
    ...(line.node ?? []).map((name) => `^(node:)?${name}$`),
    ...(line.npm ?? []).map((name) => `(^|/)node_modules/(@types/)?${name}/`),
  ];
  return {
    name: `who-may-import-whom: ${folder}`,
    severity: 'error',
    from: { path: `^${folder}/`, pathNot: inside.map((other) => `^${other}/`) },
    to: { pathNot: [...allowed, bundledText, '^package\\.json$'] },
  };
}

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...Object.entries(lines).map(ruleOf),
    {
      name: 'a folder without a line in the table',
      severity: 'error',
      from: { path: '^(src|clients)/', pathNot: Object.keys(lines).map((folder) => `^${folder}/`) },
      to: {},
    },
    { name: 'no circular imports', severity: 'error', from: { pathNot: '/gen/' }, to: { circular: true } },
    {
      name: 'an import that leads nowhere',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: bundledText },
    },
    {
      name: 'a package of development in the product',
      severity: 'error',
      from: { path: '^(src|clients)/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    // Generated, and what builds rather than runs.
    exclude: { path: ['minimal-host/', '/build-[a-z]+\\.cjs$'] },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'types'],
    },
  },
};
