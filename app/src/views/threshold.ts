/** The slider for the confidence from which a symbol counts. */
import { byId, percent } from "../dom.ts";

export class Threshold {
  private readonly slider = byId<HTMLInputElement>("threshold");
  private moved = false; // by the user, whose choice stays

  /** `changed` is called when the user moves the slider. */
  constructor(changed: () => void) {
    this.slider.addEventListener("input", () => {
      this.moved = true;
      this.display();
      changed();
    });
  }

  /** A share from 0 to 1. */
  get value(): number {
    return Number(this.slider.value);
  }

  /** Moves the slider, unless the user has moved it before. */
  suggest(value: number): void {
    if (!this.moved) this.slider.value = String(value);
    this.display();
  }

  private display(): void {
    byId("threshold-value").textContent = percent(this.value);
  }
}
