/** The ten candidates for a character, most probable first, as buttons. */
import { byId, create, percent } from "../dom.ts";
import type { Candidate } from "../engine/protocol.ts";

const CANDIDATES = 10;

export class CandidateList {
  readonly root = byId("candidates");
  private readonly classes: readonly string[];
  private readonly buttons: readonly HTMLButtonElement[];
  private shown: readonly Candidate[] = [];

  /**
   * @param classes characters by label.
   * @param picked called with the place of a candidate that the user clicks on.
   */
  constructor(classes: readonly string[], picked: (place: number) => void) {
    this.classes = classes;
    this.buttons = Array.from({ length: CANDIDATES }, (_, place) => createButton(place));
    this.buttons.forEach((button, place) => button.addEventListener("click", () => picked(place)));
    this.root.replaceChildren(...this.buttons.map((button) => create("li", {}, button)));
    this.show([]);
  }

  show(candidates: readonly Candidate[]): void {
    this.shown = candidates;
    this.buttons.forEach((button, place) => {
      const candidate = candidates[place];
      const char = this.char(place) ?? "";
      const share = candidate ? percent(candidate.probability) : "";
      button.disabled = !candidate;
      button.querySelector(".char")!.textContent = char;
      button.querySelector(".share")!.textContent = share;
      button.setAttribute("aria-label", candidate ? `${char}, ${share}` : `candidate ${place + 1}: none`);
    });
  }

  /** The character at a place, null if that place is empty. */
  char(place: number): string | null {
    const candidate = this.shown[place];
    return candidate ? this.classes[candidate.label]! : null;
  }
}

function createButton(place: number): HTMLButtonElement {
  return create(
    "button",
    { type: "button", class: "candidate", "data-key": String((place + 1) % 10) },
    create("span", { class: "char", lang: "zh-Hans" }),
    create("span", { class: "share" }),
  );
}
