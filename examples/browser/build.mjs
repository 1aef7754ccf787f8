// Gathers everything the page needs in dist/, so that any web server can serve that folder alone.
//
//   impasto export fast -o fast.onnx --storage int8     two files: fast.onnx and fast-style.onnx
//   npm install && npm run build && npm run serve       then open http://127.0.0.1:8000
//
// MODELS names the folder of the two files, if it is not this one; DIST another folder to gather in.

import { cpSync, existsSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const models = process.env.MODELS ?? here;
const dist = process.env.DIST ?? join(here, "dist");
const runtime = join(here, "node_modules", "onnxruntime-web", "dist");

const files = [
  ...["index.html", "page.mjs", "painting.mjs", "style.css"].map((name) => join(here, name)),
  ...["ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm"].map((name) => join(runtime, name)),
  ...["fast.onnx", "fast-style.onnx"].map((name) => join(models, name)),
];

const missing = files.find((file) => !existsSync(file));
if (missing) {
  console.error(`${missing} is not there: run npm install and impasto export fast -o fast.onnx first.`);
  process.exit(1);
}
mkdirSync(dist, { recursive: true });
for (const file of files) cpSync(file, join(dist, file.split(/[\\/]/).pop()));
console.log(`The page is in ${dist}; npm run serve shows it.`);
