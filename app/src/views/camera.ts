/** The camera: a preview that gives pictures. */
import type { Size } from "../pen/view.ts";

const MAX_SIDE = 1280; // pixels of the pictures that are looked at; more takes longer and finds no more

export class Camera {
  private readonly video: HTMLVideoElement;
  private stream: MediaStream | null = null;

  constructor(video: HTMLVideoElement) {
    this.video = video;
  }

  get running(): boolean {
    return this.stream !== null;
  }

  /**
   * Asks for the camera that looks away from the user.
   *
   * @throws Error for people to read, if there is none or it may not be used.
   */
  async start(): Promise<void> {
    if (!navigator.mediaDevices) throw new Error("This browser gives the page no camera: choose a photo instead.");
    try {
      const wanted = { facingMode: "environment", width: { ideal: 1920 }, height: { ideal: 1080 } };
      const stream = await navigator.mediaDevices.getUserMedia({ video: wanted });
      this.stop(); // who asked twice has two streams
      this.stream = stream;
    } catch (error) {
      const refused = error instanceof DOMException && error.name === "NotAllowedError";
      throw new Error(
        refused
          ? "The camera is blocked: allow it in the browser's settings for this page, or choose a photo."
          : "No camera was found: choose a photo instead.",
      );
    }
    this.video.srcObject = this.stream; // which plays by itself
    this.video.hidden = false;
  }

  stop(): void {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = null;
    this.video.srcObject = null;
    this.video.hidden = true;
  }

  /** Of its pictures, in pixels; null while it sees nothing. */
  get size(): Size | null {
    const { videoWidth: width, videoHeight: height, readyState } = this.video;
    if (!this.running || !width || readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return null;
    const reduction = Math.max(Math.max(width, height) / MAX_SIDE, 1);
    return { width: Math.round(width / reduction), height: Math.round(height / reduction) };
  }

  /** What it sees now; null while it sees nothing. */
  async picture(): Promise<ImageBitmap | null> {
    const { size } = this;
    if (!size) return null;
    const options = { resizeWidth: size.width, resizeHeight: size.height, resizeQuality: "high" as const };
    // It may be turned off in the midst of a picture.
    return createImageBitmap(this.video, options).catch(() => null);
  }
}
