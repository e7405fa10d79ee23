/** The oldest Node.js that rekeyd is built and tested for. */
const OLDEST = 24;

/** Imported first: an older Node.js would fail later, somewhere, with words that help nobody. */
const major = Number(process.versions.node.split('.')[0]);
if (major < OLDEST) {
  process.stderr.write(`rekeyd needs Node.js ${OLDEST} or newer; this is ${process.versions.node}\n`);
  process.exit(2);
}
