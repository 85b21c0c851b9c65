/** The ten candidates for a character, most probable first, as buttons. */
import type { CharacterRecogniser } from "../catalogue.ts";
import { byId, create, percent } from "../dom.ts";
import type { Candidate } from "../engine/protocol.ts";

const CANDIDATES = 10;

/** What a recogniser knows, and from which confidence it is sure. */
export type Knowledge = Pick<CharacterRecogniser, "classes" | "threshold">;

export class CandidateList {
  readonly root = byId("candidates");
  private readonly doubt = byId("doubt");
  private classes: readonly string[] = [];
  private readonly buttons: readonly HTMLButtonElement[];
  private shown: readonly Candidate[] = [];

  /** @param picked called with the place of a candidate that the user clicks on. */
  constructor(picked: (place: number) => void) {
    this.buttons = Array.from({ length: CANDIDATES }, (_, place) => createButton(place));
    this.buttons.forEach((button, place) => button.addEventListener("click", () => picked(place)));
    this.root.replaceChildren(...this.buttons.map((button) => create("li", {}, button)));
    this.clear();
  }

  /** Removes all candidates. */
  clear(): void {
    this.show([], { classes: [], threshold: null });
  }

  /** Shows candidates, and says so if the recogniser is not sure of the first one. */
  show(candidates: readonly Candidate[], { classes, threshold }: Knowledge): void {
    this.shown = candidates;
    this.classes = classes;
    const unsure = threshold !== null && candidates.length > 0 && candidates[0]!.probability < threshold;
    this.root.toggleAttribute("data-unsure", unsure);
    this.doubt.textContent = unsure ? `Not sure: I know ${classes.length} characters, and none fits well.` : "";
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

  /** Whether the recogniser is sure of the first candidate. */
  get sure(): boolean {
    return !this.root.hasAttribute("data-unsure");
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
