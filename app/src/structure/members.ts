/** `pipeline/structure/members.py` in TypeScript: which blocks a bar, a root or a sign with limits holds. */
import { acrossOf, type Block, heightOf, kindOfBlock, LEAST_UNIT, uprightOf, widthOf } from "./block.ts";
import { BAR, LIMITS, RADICAL } from "./tree.ts";
import { isLetter, type Kind, WITHOUT_SCRIPTS } from "./usage.ts";

const ACROSS = 0.25;
const SHARED = 0.15;
const CROSSING = 0.05;
const [REACH, WIDE_REACH] = [0.7, 1.2];
const LEVEL = 0.3;
const AXIS_GAP = 0.2;
const LEAVING = 0.8;
const BEFORE = 0.7;
const [AFTER, INTO_ROOT] = [-0.12, 0.31];
const LOW = 0.57;
const SMALL = 0.55;
const UNDER = 0.15;
const [OVER, BELOW] = [0.05, 0.3];
const BESIDE = 0.25;
const INTO = 0.3;
const NEAR = 0.9;
const STRAY = 0.3;

const ASKING: ReadonlySet<Kind> = new Set(["operator", "minus", "word"]);
const JOINING: ReadonlySet<Kind> = new Set(["operator", "minus", "relation"]);
const ENDING: readonly string[] = [",", ".", "="];

type Blocks = readonly Block[];

/** What is above and what is below a bar; nothing if it is a minus. */
function partsOfBar(bar: Block, others: Blocks): readonly [Blocks, Blocks] {
  const beside = others.filter((one) => isOverOrUnder(one, bar));
  const above = beside.filter((one) => one.middle < bar.middle);
  const below = beside.filter((one) => one.middle >= bar.middle);
  if (!above.length || !below.length) return [[], []];
  return [extended(above, bar, others), extended(below, bar, others)];
}

function isOverOrUnder(one: Block, bar: Block): boolean {
  if (Math.min(bar.middle - one.top, one.bottom - bar.middle) > ACROSS * heightOf(one)) return false;
  const shared = Math.min(one.right, bar.right) - Math.max(one.left, bar.left);
  const { label } = one.node;
  if (LIMITS.has(label) && !one.whole && widthOf(bar) < widthOf(one)) return false;
  if (label === "\\lim" && one.middle < bar.middle && shared < LEAVING * widthOf(one)) return false;
  return (bar.left <= acrossOf(one) && acrossOf(one) <= bar.right) || shared > SHARED * widthOf(one);
}

/** The members of one side of a bar, and their neighbours to the right and to the left of the bar. */
function extended(members: Blocks, bar: Block, others: Blocks): Blocks {
  const side = new Side(members, bar, others);
  const outside = others.filter((one) => !members.includes(one));
  const after = outside.filter((one) => acrossOf(one) > bar.right);
  after.sort((a, b) => a.left - b.left || a.node.symbol - b.node.symbol).every((one) => side.goesOnWith(one));
  const before = outside.filter((one) => acrossOf(one) < bar.left);
  before
    .sort((a, b) => b.right - a.right || a.node.symbol - b.node.symbol)
    .every((one) => side.isPrecededBy(one, outside));
  return side.members;
}

/** The numerator or the denominator of a bar, while it grows. */
class Side {
  readonly members: Block[];
  private readonly bar: Block;
  private readonly others: Blocks;
  private readonly up: boolean;
  private readonly size: number;
  private readonly level: number;
  private readonly top: number;
  private readonly bottom: number;

  constructor(members: Blocks, bar: Block, others: Blocks) {
    this.members = [...members];
    this.bar = bar;
    this.others = others;
    this.up = members[0]!.middle < bar.middle;
    this.size = Math.max(median(members.map(heightOf)), LEAST_UNIT);
    this.level = median(members.map(({ middle }) => middle));
    this.top = Math.min(...members.map(({ top }) => top));
    this.bottom = Math.max(...members.map(({ bottom }) => bottom));
  }

  /** Adds the next block on the right if it belongs to the side. */
  goesOnWith(one: Block): boolean {
    const before = this.members.filter(({ left }) => left < one.left);
    if (!before.length || !this.isLevel(one)) return false;
    const last = before.reduce((a, b) => ((b.right - a.right || b.node.symbol - a.node.symbol) > 0 ? b : a));
    if (one.left - last.right > (ASKING.has(kindOfBlock(last)) ? WIDE_REACH : REACH) * this.size) return false;
    this.members.push(one);
    return true;
  }

  /** Adds the next block on the left if the side lacks it: a bracket, or a first operand. */
  isPrecededBy(one: Block, outside: Blocks): boolean {
    const first = this.members.reduce((a, b) => ((b.left - a.left || b.node.symbol - a.node.symbol) < 0 ? b : a));
    if (!this.isLevel(one) || first.left - one.right > REACH * this.size) return false;
    if (kindOfBlock(one) !== "opening" && (!JOINING.has(kindOfBlock(first)) || this.isScript(one, outside)))
      return false;
    this.members.push(one);
    return true;
  }

  /** Whether a block beside the bar is on the line of the side, and not on that of the bar. */
  private isLevel(one: Block): boolean {
    const { bar, size, level } = this;
    const over = this.up ? one.bottom - bar.middle : bar.middle - one.top;
    if (over > CROSSING * heightOf(one) || ENDING.includes(one.node.label)) return false;
    if (one.middle < this.top - LEVEL * size || one.middle > this.bottom + LEVEL * size) return false;
    const away = bar.middle - level;
    if (Math.abs(one.middle - bar.middle) < AXIS_GAP * size) return false;
    if ((one.middle - level) * away > LEAVING * away * away) return false;
    return !this.others.some((other) => other !== one && this.isOf(other, one));
  }

  /** Whether a block belongs to another bar beside this one. */
  private isOf(other: Block, one: Block): boolean {
    const near = 0.1 * this.size;
    return (
      other.node.label === BAR &&
      !this.members.includes(other) &&
      (other.left > this.bar.right - near || other.right < this.bar.left + near) &&
      other.left <= acrossOf(one) &&
      acrossOf(one) <= other.right &&
      widthOf(other) > widthOf(one) / 2
    );
  }

  /** Whether a block may be a script of one that stands before it, on the line of the bar. */
  private isScript(one: Block, outside: Blocks): boolean {
    const { middle } = this.bar;
    return outside.some(
      (other) =>
        other !== one &&
        other.left < one.left &&
        one.left - other.right < BEFORE * this.size &&
        Math.min(middle - other.top, other.bottom - middle) > 0.1 * heightOf(other) &&
        !WITHOUT_SCRIPTS.has(kindOfBlock(other)),
    );
  }
}

/** The index and the radicand of a root. */
function partsOfRoot(root: Block, others: Blocks): readonly [Blocks, Blocks] {
  const index = others.filter((one) => isIndex(one, root));
  return [index, others.filter((one) => !index.includes(one) && isInside(one, root))];
}

function isIndex(one: Block, root: Block): boolean {
  const [kind, height, along] = [kindOfBlock(one), heightOf(root), acrossOf(one) - root.left];
  return (
    (isLetter(kind) || kind === "digit" || kind === "capital") &&
    heightOf(one) < SMALL * height &&
    AFTER * height < along &&
    along < INTO_ROOT * height &&
    root.top - height / 2 < uprightOf(one) &&
    uprightOf(one) < root.top + LOW * height
  );
}

function isInside(one: Block, root: Block): boolean {
  const shared = Math.min(one.right, root.right) - Math.max(one.left, root.left);
  const height = heightOf(root);
  return (
    shared > UNDER * widthOf(one) &&
    root.left < acrossOf(one) &&
    (acrossOf(one) < root.right || one.left > root.left + 0.2 * widthOf(root)) &&
    root.top - OVER * height < uprightOf(one) &&
    uprightOf(one) < root.bottom + BELOW * height &&
    widthOf(one) < widthOf(root)
  );
}

/** The limits above and below a sign. */
function limitsOf(sign: Block, others: Blocks): readonly [Blocks, Blocks] {
  const reach = INTO * heightOf(sign);
  const above = others.filter((one) => one.bottom < sign.top + reach && uprightOf(one) < sign.top);
  const below = others.filter((one) => one.top > sign.bottom - reach && uprightOf(one) > sign.bottom);
  return [spreadOut(sign, above), spreadOut(sign, below)];
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

/** Those of `candidates` that stand over or under a sign, and their neighbours, in their order. */
function spreadOut(sign: Block, candidates: Blocks): Blocks {
  const slack = BESIDE * widthOf(sign);
  let found = candidates.filter((one) => sign.left - slack <= acrossOf(one) && acrossOf(one) <= sign.right + slack);
  for (let more = found.length > 0; more;) {
    const grown = neighbours(found, candidates);
    more = grown.length > found.length;
    found = grown;
  }
  return found;
}

function neighbours(found: Blocks, candidates: Blocks): Block[] {
  const [left, right] = [Math.min(...found.map((one) => one.left)), Math.max(...found.map((one) => one.right))];
  const [top, bottom] = [Math.min(...found.map((one) => one.top)), Math.max(...found.map((one) => one.bottom))];
  const [gap, stray] = [NEAR * (bottom - top), STRAY * (bottom - top)];
  const isNear = (one: Block): boolean => left - gap <= one.right && one.left <= right + gap;
  const isLevel = (one: Block): boolean => top - stray <= one.middle && one.middle <= bottom + stray;
  return candidates.filter((one) => found.includes(one) || (isNear(one) && isLevel(one)));
}

/** The index and the radicand of a root, or what is above and below a bar or a sign. */
export function membersOf(holder: Block, others: Blocks): readonly [Blocks, Blocks] {
  if (holder.node.label === RADICAL) return partsOfRoot(holder, others);
  return (holder.node.label === BAR ? partsOfBar : limitsOf)(holder, others);
}
