/** Says in one line that this Node is too old, before npm and the compiler say it in a hundred. Plain old syntax on purpose. */
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`runspaced needs Node 20.19 or later; this is ${process.version} (${process.execPath})`);
  process.exit(1);
}
