/** What the page has to say: errors, confirmations, and words for screen readers alone. */
import { byId } from "../dom.ts";

const LASTING = 4000; // milliseconds that a confirmation stays

export class Notices {
  private readonly alert = byId("alert");
  private readonly status = byId("status");
  private readonly whispers = byId("whispers");
  private timer = 0;
  private about = ""; // what the alert is about

  constructor() {
    byId("dismiss").addEventListener("click", () => this.warn(""));
  }

  /** Shows an error; "" takes it away. */
  private warn(message: string, about = ""): void {
    byId("alert-text").textContent = message;
    this.alert.hidden = !message;
    this.about = about;
  }

  say(message: string): void {
    this.status.textContent = message;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => (this.status.textContent = ""), LASTING);
  }

  /** Copies text, and tells whether the browser let the page. */
  async copy(text: string): Promise<void> {
    if (!text) return this.say("There is nothing to copy yet.");
    try {
      await navigator.clipboard.writeText(text);
      this.say(`Copied ${text}`);
    } catch {
      this.say("The browser does not let this page copy.");
    }
  }

  /** For screen readers. */
  whisper(message: string): void {
    this.whispers.textContent = message;
  }

  /** The value of a promise; null if it fails: its error is shown until something of the same kind works. */
  async watch<T>(promise: Promise<T>, about = "recogniser"): Promise<T | null> {
    try {
      const value = await promise;
      if (this.about === about) this.warn("");
      return value;
    } catch (error) {
      this.warn(error instanceof Error ? error.message : String(error), about);
      return null;
    }
  }
}
