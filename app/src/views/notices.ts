/** Messages of the page: errors, confirmations, and announcements for screen readers. */
import { byId } from "../dom.ts";

const LASTING = 4000; // milliseconds that a confirmation is shown

export class Notices {
  private readonly alert = byId("alert");
  private readonly status = byId("status");
  private readonly whispers = byId("whispers");
  private timer = 0;
  private about = ""; // subject of the alert

  constructor() {
    byId("dismiss").addEventListener("click", () => this.warn(""));
  }

  /** Shows an error; "" removes it. */
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

  /** Copies text, and confirms it or says that the browser refused. */
  async copy(text: string): Promise<void> {
    if (!text) return this.say("There is nothing to copy yet.");
    try {
      await navigator.clipboard.writeText(text);
      this.say(`Copied ${text}`);
    } catch {
      this.say("The browser does not allow this page to copy.");
    }
  }

  /** Announces something to screen readers only. */
  whisper(message: string): void {
    this.whispers.textContent = message;
  }

  /** The value of a promise; null if it fails. Its error is shown until a promise about the same subject succeeds. */
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
