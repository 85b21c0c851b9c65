"""The three detectors as Keras models with built-in losses: compile, fit, save and load work as for any other model.

    model = build_detector(config)
    model.compile(optimizer)
    model.fit(batches)               # from `pipeline.detector.dataset`
    model.detect(image)              # boxes, scores, classes, count

Reference: Faster R-CNN (Ren et al. 2015), FPN (Lin et al. 2017), SSD (Liu et al. 2016) with hard negative mining.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar

import keras
from keras import ops

from pipeline.detector import boxes as box_ops
from pipeline.detector import inference, losses
from pipeline.detector.anchors import IGNORED
from pipeline.detector.network import REGION_FEATURES, Config, build_naming, build_network, build_region_head
from pipeline.detector.regions import pool

NEGATIVES_PER_POSITIVE = 3  # Liu et al. 2016
HARD_NEGATIVES = 256  # maximum per image
ANCHORS_BEFORE_SUPPRESSION = 512
TYPICAL_SIDE = 32.0  # pixels

Tensor = Any


class Detector(keras.Model):
    """Base class of the architectures: dense outputs per anchor, named losses, a config that rebuilds the model.

    Args:
        config: shape of the network.
    """

    WATCHED: ClassVar[Sequence[str]] = ()  # names of the losses and figures that `losses_of` returns

    def __init__(self, config: Config, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.config = config
        self.network = build_network(config)
        self._means = {name: keras.metrics.Mean(name=name) for name in self.WATCHED}

    def call(self, image: Tensor, training: bool = False) -> dict[str, Tensor]:
        """Dense outputs of `pipeline.detector.network.build_network` for raw canvases `[batch, height, width, 1]`."""
        return self.network(image, training=training)

    def detect(self, image: Tensor) -> dict[str, Tensor]:
        """See `pipeline.detector.inference.detect`."""
        raise NotImplementedError

    def losses_of(
        self, dense: dict[str, Tensor], targets: dict[str, Tensor]
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Computes the losses to sum, and further figures to watch; both by name.

        Args:
            dense: outputs of `call`.
            targets: targets from `pipeline.detector.dataset.Targets`.
        """
        raise NotImplementedError

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True) -> Tensor:
        """Hook of Keras: returns the sum of the named losses, and tracks each loss and figure under its name."""
        named, watched = self.losses_of(y_pred, y)
        for name, value in (named | watched).items():
            self._means[name].update_state(value)
        return sum(named.values())

    def get_config(self) -> dict:
        """The model's name and the shape of the network, for saving."""
        return {"name": self.name, "config": asdict(self.config)}

    @classmethod
    def from_config(cls, config: dict) -> Detector:
        """The untrained model that `get_config` describes."""
        shape = dict(config["config"])
        shape["shapes"] = tuple(tuple((float(h), float(w)) for h, w in level) for level in shape["shapes"])
        return cls(Config(**shape), name=config.get("name"))


@keras.saving.register_keras_serializable(package="ink2edge")
class FasterRCNN(Detector):
    """Two stages: anchors propose regions, then a head classifies and refines them."""

    WATCHED = ("objectness", "anchors", "naming", "regions", "accuracy", "recall")

    def __init__(self, config: Config, **kwargs: Any) -> None:
        super().__init__(config, **kwargs)
        self.region_head = build_region_head(config)
        self.naming = build_naming(config)
        self.built = True  # all parts are functional models

    def detect(self, image: Tensor) -> dict[str, Tensor]:
        """See `pipeline.detector.inference.detect`."""
        dense = self(image, training=False)
        regions = inference.propose(_float(dense["scores"])[..., 0], _float(dense["deltas"]), self.config)
        scores, deltas = self._classify(dense["features"], regions, ops.ones_like(regions[..., 0]), training=False)
        boxes = box_ops.clip(box_ops.decode(deltas, regions), self.config.height, self.config.width)
        return inference.name_regions(scores, boxes, self.config)

    def losses_of(
        self, dense: dict[str, Tensor], targets: dict[str, Tensor]
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """See `Detector`."""
        boxes, wide, labels = targets["boxes"], targets["wide"], targets["labels"]
        scores, deltas = _float(dense["scores"])[..., 0], _float(dense["deltas"])
        match, index = targets["anchor_match"], targets["anchor_index"]
        counts, foreground = _mask(match > IGNORED), _mask(match >= 0)
        anchors = ops.take(ops.convert_to_tensor(self.config.grid.boxes), index, axis=0)
        own = box_ops.rows(wide, ops.maximum(match, 0))
        objectness = losses.binary_crossentropy(box_ops.rows(scores, index), foreground)
        proposals = ops.stop_gradient(inference.propose(scores, deltas, self.config))
        candidates = ops.concatenate([proposals, wide, targets["near"], targets["astray"]], axis=1)
        regions, owner, is_symbol, region_counts = losses.sample_regions(
            candidates, wide, targets["draws"][:, : candidates.shape[1]]
        )
        logits, refinements = self._classify(dense["features"], regions, region_counts, training=True)
        background = self.config.classes
        names = ops.where(is_symbol > 0, box_ops.rows(labels, owner), background)
        right = _mask(ops.cast(ops.argmax(logits, axis=-1), "int32") == names)
        real = _mask(labels >= 0)
        reached = _mask(ops.max(box_ops.iou(wide, proposals), axis=-1) >= losses.REGION_IOU)
        named = {
            "objectness": losses.weighted_mean(objectness, counts),
            "anchors": losses.box_loss(box_ops.rows(deltas, index), own, anchors, foreground, losses.SMOOTH_L1_BETA),
            "naming": losses.weighted_mean(losses.crossentropy(logits, names), region_counts),
            "regions": losses.box_loss(refinements, box_ops.rows(boxes, owner), regions, is_symbol, 1.0),
        }
        watched = {"accuracy": losses.weighted_mean(right, is_symbol), "recall": losses.weighted_mean(reached, real)}
        return named, watched

    def _classify(self, features: Tensor, regions: Tensor, real: Tensor, training: bool) -> tuple[Tensor, Tensor]:
        """Logits `[batch, n, classes + 1]` and deltas `[batch, n, 4]` of regions `[batch, n, 4]`.

        `real` `[batch, n]` is 0 for regions that are padding, and 1 for all others.
        """
        n = regions.shape[1]
        pooled = pool(features, regions, self.config)  # [batch * n, 7, 7, channels]
        # After pooling, a large X looks like a small x: the sides of the regions are a separate input.
        sides = ops.log(ops.maximum(regions[..., 2:] - regions[..., :2], 1.0) / TYPICAL_SIDE)
        described = self.region_head([pooled, ops.reshape(sides, (-1, 2))], training=training)
        own = ops.reshape(described["features"], (-1, n, REGION_FEATURES))
        logits = self.naming([own, regions, real], training=training)["scores"]
        return _float(logits), ops.reshape(_float(described["deltas"]), (-1, n, 4))


@keras.saving.register_keras_serializable(package="ink2edge")
class SSD(Detector):
    """One stage: every anchor classifies and refines its box."""

    WATCHED = ("naming", "anchors", "accuracy")

    def __init__(self, config: Config, **kwargs: Any) -> None:
        super().__init__(config, **kwargs)
        self.built = True

    def detect(self, image: Tensor) -> dict[str, Tensor]:
        """See `pipeline.detector.inference.detect`."""
        dense = self(image, training=False)
        scores, deltas = _float(dense["scores"]), _float(dense["deltas"])
        # The lead of the best symbol's logit over the background's ranks anchors well enough, without a softmax.
        lead = ops.max(scores[..., :-1], axis=-1) - scores[..., -1]
        _, order = ops.top_k(lead, min(ANCHORS_BEFORE_SUPPRESSION, lead.shape[1]))
        boxes = inference.anchor_boxes(order, deltas, self.config)
        return inference.name_regions(box_ops.rows(scores, order), boxes, self.config)

    def losses_of(
        self, dense: dict[str, Tensor], targets: dict[str, Tensor]
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """See `Detector`."""
        boxes, labels = targets["boxes"], targets["labels"]
        scores, deltas = _float(dense["scores"]), _float(dense["deltas"])
        match, index = targets["anchor_match"], targets["anchor_index"]
        foreground = _mask(match >= 0)
        own = ops.maximum(match, 0)
        anchors = ops.take(ops.convert_to_tensor(self.config.grid.boxes), index, axis=0)
        names = ops.where(foreground > 0, box_ops.rows(labels, own), self.config.classes)
        logits = box_ops.rows(scores, index)
        naming = losses.crossentropy(logits, names)
        negatives = self._hard_negatives(scores, targets["anchor_background"], ops.sum(foreground, axis=1))
        right = _mask(ops.cast(ops.argmax(logits, axis=-1), "int32") == names)
        positives = ops.maximum(ops.sum(foreground), 1.0)
        named = {
            "naming": (ops.sum(naming * foreground) + negatives) / positives,
            "anchors": losses.box_loss(
                box_ops.rows(deltas, index), box_ops.rows(boxes, own), anchors, foreground, losses.SMOOTH_L1_BETA
            ),
        }
        return named, {"accuracy": losses.weighted_mean(right, foreground)}

    def _hard_negatives(self, scores: Tensor, background: Tensor, positives: Tensor) -> Tensor:
        """Summed loss of the hardest background anchors, three per positive anchor.

        Args:
            scores: logits, `[batch, n, classes + 1]`.
            background: 1 for each background anchor, `[batch, n]`.
            positives: number of positive anchors, `[batch]`.
        """
        loss = -ops.log_softmax(scores, axis=-1)[..., -1] * background  # [batch, n]
        hardest, _ = ops.top_k(loss, min(HARD_NEGATIVES, loss.shape[1]))
        wanted = ops.expand_dims(positives * NEGATIVES_PER_POSITIVE, -1)
        return ops.sum(hardest * _mask(ops.cast(ops.arange(hardest.shape[1]), "float32") < wanted))


ARCHITECTURES = {"faster_rcnn_fpn": FasterRCNN, "faster_rcnn": FasterRCNN, "ssd_fpn": SSD}


def build_detector(config: Config) -> Detector:
    """The untrained detector of `config.arch`."""
    return ARCHITECTURES[config.arch](config, name=config.arch)


def _mask(condition: Tensor) -> Tensor:
    return ops.cast(condition, "float32")


def _float(tensor: Tensor) -> Tensor:
    return ops.cast(tensor, "float32")


def load_detector(path: Path | str) -> Detector:
    """Loads the detector from a `.keras` file that `pipeline.learning.saving.save_model` wrote."""
    return keras.models.load_model(path, compile=False)
