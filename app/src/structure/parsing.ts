/** `pipeline/structure/parsing.py` in TypeScript: the structure of a formula. Its docstring explains the steps. */
import type { Bounds } from "../ink/bounds.ts";
import { type Block, heightOf, joined, widthOf } from "./block.ts";
import { type Habits, habitsOf } from "./habits.ts";
import { membersOf } from "./members.ts";
import { fitOf, othersThan, type Parts } from "./rims.ts";
import { BEAM, type Line, readLine } from "./scripts.ts";
import { BAR, holds, leaf, LIMITS, RADICAL, type Row } from "./tree.ts";

const LEAN = 0.25;
const WORK = 400;
const SCOUTS = 2;

type Blocks = readonly Block[];

/** The structure of symbols, of which each has a name and a box. */
export function parse(labels: readonly string[], boxes: readonly Bounds[]): Row {
  const symbols = boxes.map(({ top, left, bottom, right }, index): Block => {
    const node = leaf(index, labels[index]!);
    return { node, top, left, bottom, right, middle: (top + bottom) / 2, whole: false, unit: null, score: 0 };
  });
  const first = new Parser(habitsOf([])).row(symbols, false);
  return new Parser(habitsOf(first.row)).row(symbols, false).row;
}

/** Parses the rows of one formula. */
class Parser {
  private work = WORK;
  private readonly habits: Habits;

  constructor(habits: Habits) {
    this.habits = habits;
  }

  /** Reads a row; if `scouting`, with the usual members and few readings. */
  row(blocks: Blocks, scouting: boolean): Line {
    return blocks.length ? this.goOn(blocks, holdersOf(blocks), scouting) : { row: [], score: 0 };
  }

  /** Reads a row of which `holders` may still take what they hold. */
  private goOn(blocks: Blocks, holders: Blocks, scouting: boolean): Line {
    let fit = 0;
    holders.forEach((holder, index) => {
      if (!blocks.includes(holder)) return;
      const others = blocks.filter((one) => one !== holder);
      let parts: Parts = membersOf(holder, others);
      if (!scouting) parts = this.best(parts, holder, others, holders.slice(index + 1));
      fit += fitOf(parts, holder, others);
      blocks = this.held(parts, holder, others, scouting);
    });
    const order = [...blocks].sort((a, b) => alongOf(a) - alongOf(b) || a.top - b.top || a.node.symbol - b.node.symbol);
    const { row, score } = readLine(order, this.habits, scouting ? SCOUTS : BEAM);
    return { row, score: score + fit };
  }

  /** The members with which the row is most plausible: from the usual ones, step by step. */
  private best(parts: Parts, holder: Block, others: Blocks, later: Blocks): Parts {
    let best: number | null = null;
    const tried = new Set([symbolsOf(parts)]);
    for (;;) {
      const start = parts;
      for (const other of othersThan(start, holder, others)) {
        if (tried.has(symbolsOf(other)) || this.work <= 0) continue;
        best ??= this.score(parts, holder, others, later);
        const score = this.score(other, holder, others, later);
        tried.add(symbolsOf(other));
        if (score > best) [parts, best] = [other, score];
      }
      if (parts === start) return parts;
    }
  }

  private score(parts: Parts, holder: Block, others: Blocks, later: Blocks): number {
    this.work -= others.length;
    return this.goOn(this.held(parts, holder, others, true), later, true).score + fitOf(parts, holder, others);
  }

  /** The blocks after a bar, a root or a sign has taken what it holds. */
  private held([first, second]: Parts, holder: Block, others: Blocks, scouting: boolean): Blocks {
    const held = [...second, ...first];
    const isRoot = holder.node.label === RADICAL;
    if (!held.length && !isRoot) return [...others, holder];
    const [one, other] = [this.row(first, scouting), this.row(second, scouting)];
    const rows = isRoot ? { index: one.row, inside: other.row } : { above: one.row, below: other.row };
    const whole = joined({ ...holder.node, ...rows }, holder, held, one.score + other.score);
    return [...others.filter((block) => !held.includes(block)), whole];
  }
}

function symbolsOf(parts: Parts): string {
  return parts.map((part) => part.map(({ node }) => node.symbol).sort((a, b) => a - b)).join(" ; ");
}

/** The blocks that may hold others: bars and roots from the widest, then signs from the left. */
function holdersOf(blocks: Blocks): Blocks {
  const free = blocks.filter(({ node }) => !holds(node));
  const wide = free.filter(({ node }) => [BAR, RADICAL].includes(node.label));
  const signs = free.filter(({ node }) => LIMITS.has(node.label));
  return [
    ...wide.sort((a, b) => widthOf(b) - widthOf(a) || a.node.symbol - b.node.symbol),
    ...signs.sort((a, b) => a.left - b.left || a.node.symbol - b.node.symbol),
  ];
}

/** Where a block comes in its line: an arc of a bracket may start before the symbol that it follows. */
function alongOf(block: Block): number {
  return block.left + (block.whole ? 0 : LEAN * Math.min(widthOf(block), heightOf(block)));
}
