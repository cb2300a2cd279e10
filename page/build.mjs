// Bundles the workbench into the folder that the service serves: node build.mjs [FOLDER].
// The editor is a bundle of its own, since most who look at a plan never edit a rule.
import { copyFile, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const into = process.argv[2] ?? join(here, "..", "planner", "service", "page");
const common = { absWorkingDir: here, bundle: true, charset: "utf8", format: "esm", legalComments: "none", minify: true, target: "es2022" };

await mkdir(into, { recursive: true });
await build({ ...common, entryPoints: ["src/workbench.js"], external: ["./editor.js"], outfile: join(into, "workbench.js") });
await build({ ...common, entryPoints: ["src/editor.js"], outfile: join(into, "editor.js") });
await build({ ...common, entryPoints: ["workbench.css"], outfile: join(into, "workbench.css") });
await copyFile(join(here, "index.html"), join(into, "index.html"));
