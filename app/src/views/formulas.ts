/** The page of formulas, written, photographed, or in front of the camera: every symbol gets a box and a name. */
import type { FormulaNormalisation, FormulaRecogniser } from "../catalogue.ts";
import { byId } from "../dom.ts";
import type { Engine } from "../engine/engine.ts";
import { Sheet } from "../pen/sheet.ts";
import { BoxLayer } from "./boxes.ts";
import { CameraSubject } from "./camera.ts";
import { SymbolList } from "./chips.ts";
import { connectDrop } from "./drop.ts";
import { type Found, formulasOf } from "./found.ts";
import { connectKeys } from "./keys.ts";
import { Latest } from "./latest.ts";
import { type Model, ModelTable } from "./models.ts";
import type { Notices } from "./notices.ts";
import { InkSubject, PICTURE_THRESHOLD, PhotoSubject, type Subject } from "./subjects.ts";
import { Threshold } from "./threshold.ts";

const PEN = 0.012; // of the sheet's shorter edge

type FormulaModel = Model<FormulaNormalisation>;

export class FormulaPage {
  readonly sheet: Sheet;
  private readonly engine: Engine;
  private readonly notices: Notices;
  private readonly root = byId("formulas-room");
  private readonly photo = byId<HTMLImageElement>("photo");
  private readonly threshold = new Threshold(() => this.showSymbols());
  private readonly boxes = new BoxLayer();
  private readonly list: SymbolList;
  private readonly latest: Latest;
  private readonly table: ModelTable<FormulaNormalisation>;
  private subject: Subject;
  private found: Found | null = null;

  constructor(engine: Engine, recognisers: readonly FormulaRecogniser[], notices: Notices) {
    this.engine = engine;
    this.notices = notices;
    this.list = new SymbolList(notices, (symbol) => this.boxes.light(symbol));
    this.latest = new Latest(this.list.root);
    this.table = new ModelTable(byId("formulas-models"), recognisers, {
      id: "formulas",
      figure: { title: "AP50", metric: "ap50", digits: 1 },
      language: "en",
      summary: byId("formulas-summary"),
      chosen: () => {
        this.suggestThreshold();
        this.read();
      },
      compare: () => this.compare(),
    });
    this.sheet = new Sheet(byId("formulas-sheet"), {
      pen: PEN,
      changed: (writing) => {
        refreshTools();
        this.root.toggleAttribute("data-empty", !this.sheet.strokes.length);
        if (!writing) this.table.forget();
        this.read();
      },
    });
    const refreshTools = connectKeys(this.root, this.sheet);
    refreshTools();
    this.root.toggleAttribute("data-empty", true);
    this.subject = new InkSubject(this.sheet);
    this.connect();
    this.turnTo(this.subject);
    this.table.summarise(this.table.model);
  }

  /** Called when the page comes into view. */
  show(): void {
    void this.notices.watch(this.load(this.table.model));
    this.boxes.draw();
  }

  /** Draws ink and boxes again, in the present colours. */
  draw(): void {
    this.sheet.draw();
    this.boxes.draw();
  }

  /** Called when the page goes out of view. */
  hide(): void {
    if (this.subject.live) this.turnTo(new InkSubject(this.sheet));
  }

  private connect(): void {
    const click = (id: string, act: () => void): void => byId(id).addEventListener("click", act);
    const chooser = byId<HTMLInputElement>("photo-file");
    chooser.addEventListener("change", () => {
      if (chooser.files?.[0]) this.lookAt(chooser.files[0]);
      chooser.value = ""; // so that the same file can be chosen again
    });
    click("choose-photo", () => chooser.click());
    click("use-camera", () => void this.useCamera());
    click("take-picture", () => void this.takePicture());
    click("back-to-sheet", () => this.turnTo(new InkSubject(this.sheet)));
    connectDrop(this.root, (file) => this.lookAt(file));
    this.photo.addEventListener("load", () => this.boxes.draw());
  }

  private turnTo(next: Subject): void {
    this.subject.leave();
    this.subject = next;
    next.enter();
    this.root.dataset["subject"] = next.kind;
    this.found = null;
    this.table.forget();
    this.suggestThreshold();
    this.showSymbols();
    this.read();
  }

  private lookAt(file: Blob): void {
    this.turnTo(new PhotoSubject(this.photo, file));
  }

  private async useCamera(): Promise<void> {
    this.turnTo(new InkSubject(this.sheet));
    const camera = await this.notices.watch(CameraSubject.open(byId("video")), "camera");
    if (!camera) return;
    if (this.root.hidden)
      camera.leave(); // the user has left the page meanwhile
    else this.turnTo(camera);
  }

  /** Goes on with a still of the camera. */
  private async takePicture(): Promise<void> {
    const file = this.subject instanceof CameraSubject && (await this.subject.take());
    if (file) this.lookAt(file);
  }

  private suggestThreshold(): void {
    const measured = this.table.model.variant.metrics["threshold"] ?? PICTURE_THRESHOLD;
    this.threshold.suggest(this.subject.threshold ?? measured);
  }

  private load({ recogniser, variant }: FormulaModel): Promise<number> {
    return this.engine.load(variant, recogniser.normalisation);
  }

  private read(): void {
    this.latest.run(async () => {
      const [{ model }, { subject }] = [this.table, this];
      const found = await this.readWith(model);
      if (subject === this.subject) this.take(model, found);
    });
  }

  private compare(): void {
    this.latest.run(async () => {
      for (const model of this.table.models) {
        const found = await this.readWith(model);
        if (found) this.report(model, found);
      }
    });
  }

  /** What a model finds; null if there is nothing to read, or if it fails. */
  private async readWith(model: FormulaModel): Promise<Found | null> {
    const ink = await this.subject.ink();
    // Load first: the time of a reading does not include it.
    if (!ink || (await this.notices.watch(this.load(model))) === null) return null;
    const { recogniser, variant } = model;
    const reading = await this.notices.watch(this.engine.readFormula(variant, recogniser.normalisation, ink));
    return reading && { ink, reading };
  }

  /** Shows what the chosen model has found in the subject. */
  private take(model: FormulaModel, found: Found | null): void {
    this.found = found;
    if (found) this.report(model, found);
    if (this.subject.kind === "photo" && found && !found.reading.formulas.length) {
      this.notices.say("There is no ink in this photo.");
    }
    this.table.summarise(model, found?.reading.timing);
    this.showSymbols();
    if (this.subject.live) requestAnimationFrame(() => this.read());
  }

  private report(model: FormulaModel, found: Found): void {
    const formulas = formulasOf(found, this.threshold.value);
    const count = formulas.reduce((sum, { symbols }) => sum + symbols.length, 0);
    this.table.show(model, found.reading.timing, count === 1 ? "1 symbol" : `${count} symbols`);
  }

  /** Updates list and boxes after a reading, or after the threshold has changed. */
  private showSymbols(): void {
    const { found, subject } = this;
    const { classes } = this.table.model.recogniser;
    const formulas = (found ? formulasOf(found, this.threshold.value) : []).map(({ symbols, placement }) => ({
      symbols: symbols.map((detection) => ({ detection, name: classes[detection.label]! })),
      placement,
    }));
    const before = this.list.latex;
    this.list.show(formulas);
    const { latex } = this.list;
    if (latex !== before && !subject.live) this.notices.whisper(latex && `Found ${latex}`);
    this.boxes.show(formulas.length ? { formulas, subject } : null);
  }
}
