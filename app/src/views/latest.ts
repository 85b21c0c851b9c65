/** Runs one task at a time. Of the tasks that arrive meanwhile, only the newest runs. */
export class Latest {
  private busy = false;
  private next: (() => Promise<void>) | null = null;
  private readonly region: HTMLElement;

  /** `region` shows the results; it is marked as busy (`aria-busy`) until no task is left. */
  constructor(region: HTMLElement) {
    this.region = region;
  }

  run(task: () => Promise<void>): void {
    this.next = task;
    if (!this.busy) void this.drain();
  }

  private async drain(): Promise<void> {
    this.mark(true);
    try {
      while (this.next) {
        const task = this.next;
        this.next = null;
        await task();
      }
    } finally {
      this.mark(false);
    }
  }

  private mark(busy: boolean): void {
    this.busy = busy;
    this.region.ariaBusy = String(busy);
  }
}
