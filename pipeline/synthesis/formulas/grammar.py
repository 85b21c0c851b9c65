"""The grammar of the embedded formulas: one expression per (seed, stream, number), built from the allowed symbols.

Each expression contains three required symbols, drawn from a pack that holds letters and digits once and all other
symbols twice. The pack is shuffled again when it is used up, so the frequency of a symbol does not depend on the number
of expressions or on the process that composes them. A required symbol brings the structure that it needs: a sum its
limits, a bracket its counterpart. Letters and digits, all equally likely, fill the remaining places. A structure leaves
out the parts whose symbols are not allowed.

In a share `usual` of the expressions, symbols are as frequent as in formulas of schools and universities (`USUAL`):
their required symbols and those that fill places are drawn by these weights. In a share `columns`, the expression is
arithmetic in columns, as it is written at school.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.errors import InkError
from pipeline.formats.symbols import LABELS, canonical
from pipeline.synthesis.formulas.expressions import (
    BAR,
    ROOT,
    Column,
    Fence,
    Fraction,
    Grid,
    Node,
    Root,
    Row,
    Script,
    Symbol,
)

# The most useful symbols come first. Look-alikes that only context distinguishes (x and \times, 0 and o, 1 and |, z and
# 2, c and C, dots and primes) follow after the first 48.
_ORDER = r"""
x 1 2 + - = ( ) 3 a y n \sqrt 4 5 6 7 8 9 0 d i \sum \int \sin \cos \pi \alpha \beta \theta \infty \rightarrow \lim
\log \tan e f k m [ ] \div \pm \leq \geq \neq A R
b z \times , . c t p j r u q g F E \Delta \lt \gt h v X B C H N | \ldots / \prime ! \gamma \phi \sigma \lambda \mu
s w l o G I L M P S T V Y \{ \} \in \forall \exists
"""
ORDER = tuple(_ORDER.split())
DIGITS = tuple("1234567890")
LETTERS = tuple("abcdefghijklmnopqrstuvwxyzABCEFGHILMNPRSTVXY")
GREEK = ("\\alpha", "\\beta", "\\gamma", "\\theta", "\\pi", "\\phi", "\\sigma", "\\mu", "\\lambda", "\\Delta")
ATOMS = (*DIGITS, *LETTERS, *GREEK, "\\infty")
SETS = tuple("ABCEFGHILMNPRSTVXY")
BINARY = ("+", BAR, "\\times", "\\div", "\\pm")
RELATIONS = ("=", "\\lt", "\\gt", "\\leq", "\\geq", "\\neq", "\\rightarrow", "\\in")
FUNCTIONS = ("\\sin", "\\cos", "\\tan", "\\log")
FENCES = {"(": ")", "[": "]", "\\{": "\\}", "|": "|"}
CLOSING = {closing: opening for opening, closing in FENCES.items()}
# How often people write a symbol, relative to the others: a judgement of textbooks, no corpus was counted.
USUAL: dict[str, float] = {
    label: weight
    for weight, group in (
        (40, "x 1 2"),
        (16, "y a n 0 3 b - + = ("),
        (8, r"z i k c t d 4 5 \sqrt )"),
        (5, r"6 7 8 9 f m p r e A \theta \pi \sin \cos \sum \int"),
        (2.5, r"g h j q s u v w B C X R S E F N P \alpha \beta \infty \log \lim \tan \times . , / |"),
        (1.2, r"[ ] \rightarrow \leq \geq \lt \gt \pm \neq \div \ldots ! \prime G H I L M T V Y l o \gamma \phi"),
        (0.6, r"\sigma \lambda \mu \Delta \{ \} \in \forall \exists"),
    )
    for label in group.split()
}
REQUIRED = 3  # symbols that an expression must contain
DEPTH = 3  # of nested structures


def formula_classes(classes: int | Sequence[str]) -> tuple[str, ...]:
    """Returns the labels that `math.formulas.classes` names: the first N of `ORDER`, or a list of labels.

    Raises:
        InkError: a label is unknown or occurs twice, or there is no letter or digit.
    """
    chosen = ORDER[:classes] if isinstance(classes, int) else tuple(canonical(label) for label in classes)
    unknown = sorted(set(chosen) - set(LABELS))
    twice = sorted({label for label in chosen if chosen.count(label) > 1})
    if unknown:
        raise InkError(f"math.formulas.classes: expected labels of CROHME, found {' '.join(unknown)}")
    if twice:
        raise InkError(f"math.formulas.classes: expected each label once, found {' '.join(twice)} more than once")
    if not set(chosen) & set(ATOMS):
        raise InkError(f"math.formulas.classes: expected a letter or digit among the labels, found {' '.join(chosen)}")
    return chosen


def compose(
    classes: Sequence[str], seed: int, stream: int, number: int, usual: float = 0.0, columns: float = 0.0
) -> Node:
    """Returns expression `number` of a stream, built only from the labels in `classes` (see `formula_classes`).

    Args:
        classes: the labels allowed.
        seed, stream, number: which expression.
        usual: share of the expressions whose symbols are as frequent as people write them.
        columns: share of the expressions that are arithmetic in columns.
    """
    sums = np.random.default_rng(np.random.SeedSequence([seed, stream, 4, number]))
    signs = [sign for sign in ("+", BAR, "\\times") if sign in classes]
    if sums.random() < columns and signs and set(DIGITS) <= set(classes):
        return _column(sums, signs)
    rng = np.random.default_rng(np.random.SeedSequence([seed, stream, 1, number]))
    kind = np.random.default_rng(np.random.SeedSequence([seed, stream, 3, number]))
    if kind.random() < usual:
        return _Usual(rng, classes, _weighted(kind, classes)).expression()
    return _Composer(rng, classes, _required(classes, seed, stream, number)).expression()


def _weighted(rng: np.random.Generator, classes: Sequence[str]) -> list[str]:
    """The labels that a usual expression must contain, by `USUAL`, each once."""
    weights = np.array([USUAL[label] for label in classes])
    drawn = rng.choice(len(classes), REQUIRED, replace=False, p=weights / weights.sum())
    return [classes[int(i)] for i in drawn]


def _required(classes: Sequence[str], seed: int, stream: int, number: int) -> list[str]:
    """The labels that expression `number` must contain: the next ones of the shuffled pack."""
    pack = [*classes, *(label for label in classes if label not in ATOMS)]
    required = []
    for place in range(number * REQUIRED, (number + 1) * REQUIRED):
        shuffle = np.random.default_rng(np.random.SeedSequence([seed, stream, 2, place // len(pack)]))
        required.append(pack[int(shuffle.permutation(len(pack))[place % len(pack)])])
    return required


def _column(rng: np.random.Generator, signs: Sequence[str]) -> Column:
    """Two or three numbers and their sum, difference or product with one digit; six in ten with ones as carries."""
    sign = signs[int(rng.choice(len(signs), p=_shares(signs)))]
    longest = int(rng.integers(1, 6))
    numbers = [int(rng.integers(10 ** (longest - 1), 10**longest))]
    if sign == "+":
        for _ in range(int(rng.choice([1, 1, 1, 2]))):
            length = int(rng.integers(max(longest - 1, 1), longest + 1))
            numbers.append(int(rng.integers(10 ** (length - 1), 10**length)))
        result = sum(numbers)
    elif sign == BAR:
        numbers.append(int(rng.integers(0, numbers[0] + 1)))
        result = numbers[0] - numbers[1]
    else:
        numbers.append(int(rng.integers(2, 10)))
        result = numbers[0] * numbers[1]
    carries: tuple[str | None, ...] = ()
    if rng.random() < 0.6:
        places = len(str(numbers[0]))
        carries = tuple("1" if place and rng.random() < 0.5 else None for place in range(places))
    return Column(tuple(tuple(str(number)) for number in numbers), sign, tuple(str(result)), carries)


def _shares(signs: Sequence[str]) -> np.ndarray:
    weights = np.array([{"+": 5.0, BAR: 4.0}.get(sign, 1.0) for sign in signs])
    return weights / weights.sum()


class _Composer:
    """Builds one expression. `required` holds the labels that it still has to place."""

    def __init__(self, rng: np.random.Generator, classes: Sequence[str], required: list[str]) -> None:
        self.rng = rng
        self.allowed = frozenset(classes)
        self.required = required
        self.atoms = [label for label in ATOMS if label in self.allowed and label != "\\infty"] or ["\\infty"]

    def expression(self) -> Node:
        """All required symbols in phrases, joined by operators and relations."""
        joints = [self._take(label) for label in list(self.required) if label in (*BINARY, *RELATIONS)]
        if BAR in joints and self._chance(0.4):
            joints.remove(BAR)
            self.required.append(BAR)
        parts: list[Node] = []
        while self.required or len(parts) <= len(joints):
            parts.append(self._phrase(self._take(self.required[0])) if self.required else self._factor(1))
        if len(parts) + len(joints) < 4 and self._chance(0.5):
            parts.append(self._factor(1))
        order = self.rng.permutation(len(parts))
        joints = [joints[i] for i in self.rng.permutation(len(joints))]
        row: list[Node] = [parts[order[0]]]
        for i in order[1:]:
            row += [*self._joint(joints, row[-1]), parts[i]]
        return row[0] if len(row) == 1 else Row(tuple(row))

    def _joint(self, joints: list[str], before: Node) -> list[Node]:
        """The symbols between two parts: a required operator, any other, or none."""
        if joints:
            return [Symbol(joints.pop())]
        if before == Symbol("\\infty") or self._chance(0.6):
            known = [label for label in ("+", BAR, "=") if label in self.allowed]
            return [Symbol(self._pick(known))] if known else []
        return []

    def _phrase(self, label: str) -> Node:
        """A phrase that contains `label`."""
        symbol = Symbol(label)
        if label in FUNCTIONS:
            return self._function(symbol)
        if label in FENCES or label in CLOSING:
            return self._fenced(CLOSING.get(label, label))
        if label == BAR:
            return Fraction(self._inner(1), self._inner(1))
        if label in DIGITS and self._chance(0.3):
            return Row(tuple(Symbol(digit) for digit in self._shuffled([label, self._digit()])))
        if label in ATOMS:
            return self._decorated(symbol, 1)
        build = {
            ROOT: self._root,
            "\\sum": self._sum,
            "\\int": self._integral,
            "\\lim": self._limit,
            ".": self._decimal,
            ",": self._list,
            "\\ldots": self._dots,
            "/": lambda: Row((self._atom(), symbol, self._atom())),
            "!": lambda: Row((self._atom(), symbol)),
            "\\prime": lambda: Script(self._letter(), above=symbol),
            "\\forall": lambda: self._quantified(symbol),
            "\\exists": lambda: self._quantified(symbol),
        }
        return build[label]()

    def _inner(self, depth: int) -> Node:
        """A short expression inside another one."""
        if depth >= DEPTH or self._chance(0.5):
            return self._factor(depth)
        known = [label for label in ("+", BAR) if label in self.allowed]
        joint = [Symbol(self._pick(known))] if known else []
        return Row((self._factor(depth), *joint, self._factor(depth + 1)))

    def _factor(self, depth: int) -> Node:
        if depth < DEPTH:
            draw = self.rng.random()
            if draw < 0.05 and BAR in self.allowed:
                return Fraction(self._inner(depth + 1), self._inner(depth + 1))
            if draw < 0.07 and ROOT in self.allowed:
                return self._root(depth + 1)
        return self._decorated(self._atom(), depth)

    def _decorated(self, symbol: Symbol, depth: int) -> Node:
        """A symbol, possibly with scripts."""
        draw = self.rng.random()
        if depth >= DEPTH or symbol.label == "\\infty" or draw > 0.36:
            return symbol
        if draw > 0.2 or symbol.label in DIGITS:
            return Script(symbol, above=self._script())
        if draw > 0.06:
            return Script(symbol, below=self._atom())
        return Script(symbol, below=self._atom(), above=self._atom())

    def _script(self) -> Node:
        if BAR in self.allowed and self._chance(0.12):
            return Row((Symbol(BAR), self._atom()))
        if "+" in self.allowed and self._chance(0.12):
            return Row((self._atom(), Symbol("+"), self._atom()))
        return self._atom()

    def _function(self, symbol: Symbol) -> Node:
        base: Node = symbol
        if symbol.label == "\\log" and self._chance(0.4):
            base = Script(symbol, below=self._atom())
        elif symbol.label != "\\log" and self._chance(0.25):
            base = Script(symbol, above=self._digit_symbol())
        if "(" in self.allowed and ")" in self.allowed and self._chance(0.4):
            return Row((base, self._fenced("(")))
        return Row((base, self._factor(2)))

    def _fenced(self, opening: str) -> Node:
        """Brackets around a sum, a list or a matrix; a single bracket if its counterpart is not allowed."""
        closing = FENCES[opening]
        if opening not in self.allowed or closing not in self.allowed:
            alone = opening if opening in self.allowed else closing
            return Row((Symbol(alone), self._atom()) if alone == opening else (self._atom(), Symbol(alone)))
        if opening in "([" and self._chance(0.15):
            cells = [[self._atom() for _ in range(self._pick([1, 2, 2]))]]
            cells.append([self._atom() for _ in cells[0]])
            return Fence(opening, Grid(tuple(tuple(row) for row in cells)), closing)
        if "," in self.allowed and opening != "|" and self._chance(0.3):
            return Fence(opening, self._list(), closing)
        body = self._inner(2)
        fence = Fence(opening, body, closing)
        return Script(fence, above=self._digit_symbol()) if self._chance(0.15) else fence

    def _root(self, depth: int = 1) -> Node:
        return Root(self._inner(depth), self._digit_symbol() if self._chance(0.15) else None)

    def _sum(self) -> Node:
        below: Node = self._letter()
        if "=" in self.allowed and self._chance(0.75):
            below = Row((below, Symbol("="), self._digit_symbol()))
        above = Symbol("\\infty") if "\\infty" in self.allowed and self._chance(0.3) else self._atom()
        bare = self._chance(0.15)
        return Row((Script(Symbol("\\sum"), below, None if bare else above), self._factor(1)))

    def _integral(self) -> Node:
        sign: Node = Symbol("\\int")
        if self._chance(0.65):
            above = Symbol("\\infty") if "\\infty" in self.allowed and self._chance(0.2) else self._atom()
            sign = Script(sign, self._atom(), above)
        tail = (Symbol("d"), self._letter()) if "d" in self.allowed else ()
        return Row((sign, self._inner(1), *tail))

    def _limit(self) -> Node:
        if "\\rightarrow" not in self.allowed:
            return Row((Symbol("\\lim"), self._factor(1)))
        goal = Symbol("\\infty") if "\\infty" in self.allowed and self._chance(0.4) else self._atom()
        return Row((Script(Symbol("\\lim"), Row((self._letter(), Symbol("\\rightarrow"), goal))), self._factor(1)))

    def _decimal(self) -> Node:
        digits = [self._digit_symbol() for _ in range(self._pick([2, 2, 3]))]
        return Row((digits[0], Symbol("."), *digits[1:]))

    def _list(self) -> Node:
        items: list[Node] = [self._atom()]
        for _ in range(self._pick([1, 1, 2])):
            items += [Symbol(","), self._atom()]
        return Row(tuple(items))

    def _dots(self) -> Node:
        known = [label for label in (",", "+") if label in self.allowed]
        joint = [Symbol(self._pick(known))] if known else []
        return Row((self._atom(), *joint, Symbol("\\ldots"), *joint, self._atom()))

    def _quantified(self, symbol: Symbol) -> Node:
        if "\\in" not in self.allowed:
            return Row((symbol, self._letter()))
        sets = [label for label in SETS if label in self.allowed]
        return Row((symbol, self._letter(), Symbol("\\in"), Symbol(self._pick(sets)) if sets else self._letter()))

    def _atom(self) -> Symbol:
        """A required letter or digit, with even chance if one is left; otherwise any."""
        required = [label for label in self.required if label in ATOMS]
        return Symbol(self._take(required[0]) if required and self._chance(0.5) else self._symbol(self.atoms))

    def _letter(self) -> Symbol:
        known = [label for label in (*LETTERS, *GREEK) if label in self.allowed]
        return Symbol(self._symbol(known)) if known else self._atom()

    def _digit(self) -> str:
        known = [label for label in DIGITS if label in self.allowed]
        return self._symbol(known) if known else self._atom().label

    def _digit_symbol(self) -> Symbol:
        return Symbol(self._digit())

    def _take(self, label: str) -> str:
        self.required.remove(label)
        return label

    def _chance(self, share: float) -> bool:
        return bool(self.rng.random() < share)

    def _pick(self, choices):
        return choices[int(self.rng.integers(len(choices)))]

    def _symbol(self, labels: Sequence[str]) -> str:
        """Any of the labels of letters or digits, evenly."""
        return self._pick(labels)

    def _shuffled(self, items: list[str]) -> list[str]:
        return [items[int(i)] for i in self.rng.permutation(len(items))]


class _Usual(_Composer):
    """Builds one expression whose letters and digits are as frequent as people write them."""

    def _symbol(self, labels: Sequence[str]) -> str:
        weights = np.cumsum([USUAL[label] for label in labels])
        return labels[int(np.searchsorted(weights, self.rng.random() * weights[-1], side="right"))]
