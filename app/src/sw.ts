/** The service worker: keeps the whole page on the device, and serves it from there. */

/** Every file of the page and one hash over all of them, which `vite.config.ts` puts in place of these names. */
declare const __FILES__: readonly string[];
declare const __VERSION__: string;

const worker = self as unknown as ServiceWorkerGlobalScope;
const CACHE = `ink2edge-${__VERSION__}`;

// A function that makes an i8x16 by relaxed swizzling: LiteRT.js takes its smaller, faster runtime where this is known.
const RELAXED_SIMD = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0],
  ...[10, 15, 1, 13, 0, 65, 1, 253, 15, 65, 2, 253, 15, 253, 128, 2, 11],
);

/** The files that this browser needs: one of the two runtimes. */
function needed(): string[] {
  const other = WebAssembly.validate(RELAXED_SIMD) ? "litert_wasm_compat_internal" : "litert_wasm_internal";
  return __FILES__.filter((file) => !file.includes(other));
}

worker.addEventListener("install", (event) => {
  // Asks the server: what the browser has kept may be of the build before.
  const requests = needed().map((file) => new Request(file, { cache: "no-cache" }));
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(requests)));
});

worker.addEventListener("activate", (event) => {
  const outdated = async (): Promise<void> => {
    for (const name of await caches.keys()) {
      if (name.startsWith("ink2edge-") && name !== CACHE) await caches.delete(name);
    }
    await worker.clients.claim();
  };
  event.waitUntil(outdated());
});

worker.addEventListener("fetch", (event) => {
  if (event.request.method !== "GET") return;
  const answer = async (): Promise<Response> => {
    const cache = await caches.open(CACHE);
    const known = await cache.match(event.request.mode === "navigate" ? "./" : event.request, { ignoreSearch: true });
    return known ?? fetch(event.request);
  };
  event.respondWith(answer());
});
