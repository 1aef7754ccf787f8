// Serves dist/ to this computer alone. The two headers let the page use all processor cores.

import { createReadStream, existsSync } from "node:fs";
import { createServer } from "node:http";
import { basename, dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";

const dist = process.env.DIST ?? join(dirname(fileURLToPath(import.meta.url)), "dist");
const port = Number(process.env.PORT ?? 8000);
const kinds = { ".html": "text/html", ".css": "text/css", ".mjs": "text/javascript", ".wasm": "application/wasm" };

createServer((request, response) => {
  const path = new URL(request.url, "http://localhost").pathname;
  const file = join(dist, basename(path) || "index.html"); // a flat folder: nothing outside it can be asked for
  if (!existsSync(file)) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, {
    "Content-Type": kinds[extname(file)] ?? "application/octet-stream",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
  });
  createReadStream(file).pipe(response);
}).listen(port, "127.0.0.1", () => console.log(`Open http://127.0.0.1:${port}`));
