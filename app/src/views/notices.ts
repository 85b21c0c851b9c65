/** What the page has to say: errors, confirmations, and words for screen readers alone. */
import { byId } from "../dom.ts";

const LASTING = 4000; // milliseconds that a confirmation stays

export class Notices {
  private readonly alert = byId("alert");
  private readonly status = byId("status");
  private readonly whispers = byId("whispers");
  private timer = 0;

  constructor() {
    byId("dismiss").addEventListener("click", () => this.warn(""));
  }

  /** Shows an error until something works again; "" takes it away. */
  warn(message: string): void {
    byId("alert-text").textContent = message;
    this.alert.hidden = !message;
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

  /** The value of a promise; null, and its error is shown, if it fails. */
  async watch<T>(promise: Promise<T>): Promise<T | null> {
    try {
      const value = await promise;
      this.warn("");
      return value;
    } catch (error) {
      this.warn(error instanceof Error ? error.message : String(error));
      return null;
    }
  }
}
