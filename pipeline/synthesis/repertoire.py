"""The shapes that writers know: the stroke medians, and the shapes of other hands, see `pipeline.synthesis.tracing`.

A writer has a leaning, from regular through running to cursive, and mixes hands by it. One hand is usually a favourite,
so that a writer abbreviates a component in the same way in most characters. Which hand a writer takes for a character
is a habit: it is the same each time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from pipeline.synthesis.hands.medians import Strokes
from pipeline.synthesis.hands.skeleton import Skeleton, build_skeleton
from pipeline.synthesis.hands.writers import Writer

MEDIANS = "medians"  # the name of the copybook among the hands
COPYBOOK = 4.0  # weight of the medians relative to one other regular hand
NEARNESS = 0.3  # difference of leaning at which a hand's weight has fallen to 0.61
FAVOUR = 1.2  # spread of the logarithm of a writer's liking for a hand
HAND = 4  # distinguishes the random numbers of this choice from those of `Draws`


@dataclass(frozen=True)
class Hand:
    """A way to write characters.

    Attributes:
        leaning: 0 = regular, 0.5 = running, 1 = cursive.
        strokes: by character.
    """

    leaning: float
    strokes: Mapping[str, Strokes]


class Repertoire:
    """The hands that writers choose from.

    Args:
        hands: by name.
    """

    def __init__(self, hands: Mapping[str, Hand]) -> None:
        self._hands = dict(hands)
        self._skeletons: dict[tuple[str, str], Skeleton] = {}

    def liking(self, writer: Writer, seed: tuple[int, int]) -> dict[str, float]:
        """Returns how much a writer likes each hand.

        Args:
            writer: see `draw_writer`.
            seed: corpus seed and number of the writer.
        """
        rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence((*seed, HAND))))
        favour = np.exp(FAVOUR * rng.standard_normal(len(self._hands)))
        return {
            name: float(own) * (COPYBOOK if name == MEDIANS else _nearness(hand.leaning, writer.leaning))
            for (name, hand), own in zip(self._hands.items(), favour, strict=True)
        }

    def choose(self, char: str, liking: Mapping[str, float], seed: tuple[int, int, int]) -> tuple[Skeleton, float]:
        """Returns the shape that a writer gives a character, and the leaning of its hand.

        Args:
            char: at least one hand has it.
            liking: see `liking`.
            seed: corpus seed, number of the writer, code point.
        """
        names = [name for name, hand in self._hands.items() if char in hand.strokes]
        name = names[0]
        if len(names) > 1:
            sums = np.cumsum([liking[name] for name in names])
            rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence((*seed, 0, HAND))))
            name = names[int(np.searchsorted(sums, rng.random() * sums[-1], side="right"))]
        if (name, char) not in self._skeletons:
            self._skeletons[name, char] = build_skeleton(self._hands[name].strokes[char])
        return self._skeletons[name, char], self._hands[name].leaning


def _nearness(leaning: float, own: float) -> float:
    return float(np.exp(-0.5 * ((leaning - own) / NEARNESS) ** 2))
