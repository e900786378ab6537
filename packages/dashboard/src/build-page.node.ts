/// <reference types="node" />
import { build } from "vite";

/**
 * Builds the page into a folder, in a process of its own. Arguments: the folder of the sources, the folder of the page.
 * The parent's death closes the channel, kill -9 included, and ends the build: nobody is left to use the page.
 */
const [root = "", outDir = ""] = process.argv.slice(2);
process.on("disconnect", () => process.exit(1));
if (!process.connected) process.exit(1);
await build({ root, logLevel: "warn", build: { outDir } });
process.exit(0);
