#!/usr/bin/env node
// Plain JavaScript, so that an old Node can still say what it needs instead of failing on the first type.
const [major] = process.versions.node.split(".").map(Number);
if (major < 24) {
  console.error(
    `Concord needs Node 24 or later; this is ${process.version}. Run it through npm ("npm start", "npx concord …"): ` +
      "the installation brings its own Node. If it did not for this platform, install Node 24 from https://nodejs.org.",
  );
  process.exit(2);
}
const { main } = await import("../src/main.ts");
await main(process.argv.slice(2));
