// Adds up Vitest's JSON reports into one plain line; exits 1 if a test or a stage failed, or a report is missing.
import { readFileSync } from "node:fs";

const [stageFailed, ...files] = process.argv.slice(2);
const total = { passed: 0, failed: 0, skipped: 0 };
let broken = stageFailed !== "0";
for (const file of files) {
  try {
    const report = JSON.parse(readFileSync(file, "utf8"));
    total.passed += report.numPassedTests;
    total.failed += report.numFailedTests;
    total.skipped += report.numPendingTests + (report.numTodoTests ?? 0);
    // A file that cannot even be loaded counts as one failure: it has no tests to count.
    if (!report.success && report.numFailedTests === 0) total.failed += Math.max(1, report.numFailedTestSuites);
  } catch (error) {
    console.error(`no report in ${file}: ${error.message}`);
    broken = true;
  }
}
const bad = broken || total.failed > 0 || total.passed === 0;
if (bad) console.error("a stage failed; see above");
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(bad ? 1 : 0);
