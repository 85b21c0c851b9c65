/** Starts the page: its two rooms, the theme, and the service worker that makes it work offline. */
import "./style.css";

import { fetchCatalogue } from "./catalogue.ts";
import { byId, settings } from "./dom.ts";
import { Engine } from "./engine/engine.ts";
import { CharacterPage } from "./views/characters.ts";
import { FormulaPage } from "./views/formulas.ts";
import { Notices } from "./views/notices.ts";

const ROOMS = ["characters", "formulas"] as const;
const THEMES = ["auto", "light", "dark"] as const;

const notices = new Notices();
void start();

async function start(): Promise<void> {
  const catalogue = await notices.watch(fetchCatalogue());
  if (catalogue) {
    const engine = new Engine();
    // A page may ship recognisers of one kind only.
    const rooms = ROOMS.filter((room) => catalogue[room].length);
    const characters = rooms.includes("characters") ? new CharacterPage(engine, catalogue.characters, notices) : null;
    const formulas = rooms.includes("formulas") ? new FormulaPage(engine, catalogue.formulas, notices) : null;
    connectTheme(() => {
      characters?.sheet.draw();
      formulas?.draw();
    });
    connectRooms(rooms, (room) => (room === "formulas" ? formulas?.show() : formulas?.hide()));
    document.documentElement.dataset["ready"] = "";
  }
  await connectOffline();
}

type Room = (typeof ROOMS)[number];

/** Shows the room that the address names; the first one of `rooms` if the address names none of them. */
function connectRooms(rooms: readonly Room[], entered: (room: string | undefined) => void): void {
  const enter = (): void => {
    const named = rooms.find((room) => location.hash === `#${room}`) ?? rooms[0];
    for (const room of ROOMS) {
      byId(`${room}-room`).hidden = room !== named;
      const link = document.querySelector<HTMLElement>(`nav a[href="#${room}"]`)!;
      link.hidden = !rooms.includes(room);
      if (room === named) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    entered(named);
  };
  window.addEventListener("hashchange", enter);
  enter();
}

/** Connects the button that chooses the theme: light, dark, or that of the system. */
function connectTheme(changed: () => void): void {
  const button = byId("theme");
  const apply = (theme: string): void => {
    document.documentElement.dataset["theme"] = theme;
    button.setAttribute("aria-label", `Colours: ${theme}`);
    button.title = `Colours: ${theme}`;
    changed();
  };
  const current = (): string => document.documentElement.dataset["theme"]!;
  button.addEventListener("click", () => {
    const next = THEMES[(THEMES.findIndex((theme) => theme === current()) + 1) % THEMES.length]!;
    settings.set("theme", next);
    apply(next);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed);
  apply(THEMES.find((theme) => theme === settings.get("theme")) ?? "auto");
}

/** Installs the service worker, which keeps the whole page on the device. */
async function connectOffline(): Promise<void> {
  if (!("serviceWorker" in navigator)) return;
  try {
    await navigator.serviceWorker.register("sw.js");
    await navigator.serviceWorker.ready;
    byId("offline").hidden = false;
  } catch {
    // A private window, or a server without https: the page works online only.
  }
}
