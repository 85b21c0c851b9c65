/**
 * Builds the page into one folder of static files, which any server can serve under any path.
 *
 * INK2EDGE_SHIPPED names the folder with the files that `pipeline/page/build.py` adds: models.json, models and icons.
 */
import { createHash } from "node:crypto";
import { cpSync, existsSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { type Plugin, defineConfig } from "vite";

const LITERT = "node_modules/@litertjs/core/wasm";
// Without threads, which need headers that plain hosts do not send, and without JSPI, which only GPUs need. The second
// one is for browsers without relaxed SIMD.
const RUNTIMES = ["litert_wasm_internal", "litert_wasm_compat_internal"];

/** Adds the files that Vite does not bundle: the runtime, the models and the icons. */
function addFiles(shipped: string): Plugin {
  return {
    name: "add-files",
    generateBundle() {
      for (const file of RUNTIMES.flatMap((name) => [`${name}.js`, `${name}.wasm`])) {
        this.emitFile({ type: "asset", fileName: `wasm/${file}`, source: readFileSync(join(LITERT, file)) });
      }
    },
    writeBundle({ dir }) {
      cpSync(shipped, dir!, { recursive: true });
    },
  };
}

/** Writes the list of all files, and a hash over them, into the service worker. */
function listFiles(): Plugin {
  return {
    name: "list-files",
    enforce: "post",
    closeBundle: {
      order: "post",
      sequential: true,
      handler() {
        const folder = this.environment.config.build.outDir;
        const worker = join(folder, "sw.js");
        if (!existsSync(worker)) return; // the build has failed, and Vite reports why
        const files = (readdirSync(folder, { recursive: true }) as string[])
          .map((file) => file.replaceAll("\\", "/"))
          .filter((file) => file !== "sw.js" && statSync(join(folder, file)).isFile())
          .sort();
        const hash = createHash("sha256");
        for (const file of files) hash.update(file).update(readFileSync(join(folder, file)));
        const names = files.map((file) => (file === "index.html" ? "./" : file));
        const code = readFileSync(worker, "utf8")
          .replaceAll("__FILES__", JSON.stringify(names))
          .replaceAll("__VERSION__", JSON.stringify(hash.digest("hex").slice(0, 16)));
        writeFileSync(worker, code);
      },
    },
  };
}

export default defineConfig(() => {
  const shipped = process.env["INK2EDGE_SHIPPED"];
  if (!shipped)
    throw new Error(
      "expected the folder of models and icons in INK2EDGE_SHIPPED, found nothing: build the page with `make app`",
    );
  return {
    base: "./",
    publicDir: "static",
    worker: { format: "iife" as const }, // LiteRT.js loads its runtime with importScripts, which modules lack
    plugins: [addFiles(shipped), listFiles()],
    build: {
      target: "es2022",
      modulePreload: { polyfill: false },
      assetsInlineLimit: 0,
      chunkSizeWarningLimit: 1000,
      rolldownOptions: {
        input: { index: "index.html", sw: "src/sw.ts" },
        output: { entryFileNames: ({ name }) => (name === "sw" ? "sw.js" : "assets/[name]-[hash].js") },
      },
    },
  };
});
