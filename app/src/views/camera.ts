/** The camera as the subject of the page: a live preview, read picture by picture. */
import type { FormulaInk } from "../engine/protocol.ts";
import { type Size, type View, contain, sizeOf } from "../pen/view.ts";
import { PICTURE_THRESHOLD, type Subject } from "./subjects.ts";

const MAX_SIDE = 1280; // pixels of a picture that is read; more takes longer and finds no more symbols

export class CameraSubject implements Subject {
  readonly kind = "camera";
  readonly live = true;
  readonly threshold = PICTURE_THRESHOLD;
  private readonly video: HTMLVideoElement;
  private readonly stream: MediaStream;

  private constructor(video: HTMLVideoElement, stream: MediaStream) {
    this.video = video;
    this.stream = stream;
  }

  /**
   * Asks the browser for the camera that faces away from the user.
   *
   * @param video shows the preview while the camera is the subject.
   * @throws Error for the user, if there is no camera or the page may not use it.
   */
  static async open(video: HTMLVideoElement): Promise<CameraSubject> {
    if (!navigator.mediaDevices) throw new Error("This browser gives the page no camera: choose a photo instead.");
    try {
      const wanted = { facingMode: "environment", width: { ideal: 1920 }, height: { ideal: 1080 } };
      return new CameraSubject(video, await navigator.mediaDevices.getUserMedia({ video: wanted }));
    } catch (error) {
      const refused = error instanceof DOMException && error.name === "NotAllowedError";
      throw new Error(
        refused
          ? "The camera is blocked: allow it in the browser's settings for this page, or choose a photo."
          : "No camera was found: choose a photo instead.",
      );
    }
  }

  enter(): void {
    this.video.srcObject = this.stream; // starts to play by itself: the element has `autoplay`
    this.video.hidden = false;
  }

  leave(): void {
    for (const track of this.stream.getTracks()) track.stop();
    if (this.video.srcObject !== this.stream) return; // left before it was entered
    this.video.srcObject = null;
    this.video.hidden = true;
  }

  async ink(): Promise<FormulaInk | null> {
    const photo = await this.picture();
    return photo && { photo };
  }

  view(layer: Element): View {
    return contain(sizeOf(layer), this.size ?? sizeOf(layer));
  }

  /** A still of what the camera sees, as a file; null if it sees nothing yet. */
  async take(): Promise<Blob | null> {
    const picture = await this.picture();
    if (!picture) return null;
    const canvas = new OffscreenCanvas(picture.width, picture.height);
    canvas.getContext("2d")!.drawImage(picture, 0, 0);
    picture.close();
    return canvas.convertToBlob({ type: "image/png" });
  }

  /** The size of its pictures in pixels; null before the first one. */
  private get size(): Size | null {
    const { videoWidth: width, videoHeight: height, readyState, srcObject } = this.video;
    if (srcObject !== this.stream || !width || readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return null;
    const reduction = Math.max(Math.max(width, height) / MAX_SIDE, 1);
    return { width: Math.round(width / reduction), height: Math.round(height / reduction) };
  }

  private async picture(): Promise<ImageBitmap | null> {
    const { size } = this;
    if (!size) return null;
    const options = { resizeWidth: size.width, resizeHeight: size.height, resizeQuality: "high" as const };
    // The camera may be turned off while the picture is made.
    return createImageBitmap(this.video, options).catch(() => null);
  }
}
