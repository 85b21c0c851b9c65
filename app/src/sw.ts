/**
 * The service worker: keeps the whole page on the device, and serves it from there.
 *
 * Several builds under different paths of one origin share its caches. So the name of a cache holds the scope of its
 * worker, a number that grows with each installation in that scope, and the version of the build. A worker deletes only
 * older caches of its own scope: not those of other paths, and not that of a newer worker, which may be installed while
 * this one is still being activated.
 */

/** Every file of the page and one hash over all of them, which `vite.config.ts` puts in place of these names. */
declare const __FILES__: readonly string[];
declare const __VERSION__: string;

const worker = self as unknown as ServiceWorkerGlobalScope;
const SCOPE = worker.registration.scope;
const PREFIX = `ink2edge ${SCOPE} `; // a space never occurs within a URL

// A function that makes an i8x16 by relaxed swizzling: LiteRT.js takes its smaller, faster runtime where this is known.
const RELAXED_SIMD = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0],
  ...[10, 15, 1, 13, 0, 65, 1, 253, 15, 65, 2, 253, 15, 253, 128, 2, 11],
);

interface Kept {
  readonly name: string; // of the cache
  readonly installation: number;
  readonly version: string;
}

/** The caches of this scope, oldest first. */
async function keptHere(): Promise<Kept[]> {
  const names = (await caches.keys()).filter((name) => name.startsWith(PREFIX));
  return names
    .map((name) => {
      const [installation, version] = name.slice(PREFIX.length).split(" ") as [string, string];
      return { name, installation: Number(installation), version };
    })
    .sort((one, other) => one.installation - other.installation);
}

/** The caches of this build, newest first. There are two if it is installed again while its old cache still exists. */
async function ownCaches(): Promise<Kept[]> {
  return (await keptHere()).filter(({ version }) => version === __VERSION__).reverse();
}

/** The files that this browser needs: one of the two runtimes. */
function needed(): string[] {
  const other = WebAssembly.validate(RELAXED_SIMD) ? "litert_wasm_compat_internal" : "litert_wasm_internal";
  return __FILES__.filter((file) => !file.includes(other));
}

async function install(): Promise<void> {
  const last = (await keptHere()).at(-1)?.installation ?? 0;
  const name = `${PREFIX}${last + 1} ${__VERSION__}`;
  // Asks the server: the browser may still hold files of the build before.
  const requests = needed().map((file) => new Request(file, { cache: "no-cache" }));
  try {
    await (await caches.open(name)).addAll(requests);
  } catch (error) {
    await caches.delete(name);
    throw error;
  }
}

async function activate(): Promise<void> {
  const [own] = await ownCaches();
  for (const { name, installation } of await keptHere()) {
    if (own && installation < own.installation) await caches.delete(name);
  }
  await worker.clients.claim();
}

async function answer(request: Request): Promise<Response> {
  const page = new URL(request.url).pathname === new URL("index.html", SCOPE).pathname;
  for (const { name } of await ownCaches()) {
    const known = await caches.match(page ? SCOPE : request, { cacheName: name, ignoreSearch: true });
    if (known) return known;
  }
  return fetch(request);
}

worker.addEventListener("install", (event) => event.waitUntil(install()));
worker.addEventListener("activate", (event) => event.waitUntil(activate()));
worker.addEventListener("fetch", (event) => {
  if (event.request.method === "GET") event.respondWith(answer(event.request));
});
