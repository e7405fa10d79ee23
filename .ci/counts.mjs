import { readFileSync } from 'node:fs';

// Prints `passed failed` of a report in vitest's JSON form. A test that was skipped counts as failed, and so does a
// file that could not even be loaded.
const report = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));
const unloaded = (report.testResults ?? []).filter(
  ({ status, assertionResults }) => status === 'failed' && assertionResults.every((test) => test.status !== 'failed'),
);
const notRun = (report.numPendingTests ?? 0) + (report.numTodoTests ?? 0);
process.stdout.write(`${report.numPassedTests} ${report.numFailedTests + notRun + unloaded.length}\n`);
