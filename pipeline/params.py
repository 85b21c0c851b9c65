"""params.yaml as one typed, validated, frozen object. Only this module defines the ranges and meanings of params.

params = load_params()
params.train.epochs
"""

from __future__ import annotations

import reprlib
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from yaml.constructor import ConstructorError

from pipeline.errors import InkError

Fraction = Annotated[float, Field(ge=0, le=1)]


def _with_parquet(formats: tuple[str, ...]) -> tuple[str, ...]:
    if "parquet" not in formats or len(set(formats)) != len(formats):
        raise ValueError(f"expected parquet, which the next stages read, and each format once, found {list(formats)}")
    return tuple(sorted(formats))


Formats = Annotated[
    tuple[Literal["parquet", "tfrecord"], ...], Field(strict=False), AfterValidator(_with_parquet)
]  # of shards
Pictures = Literal["zip", "files"]  # of COCO files
Count = Annotated[int, Field(ge=1, lt=2**63)]
Text = Annotated[str, Field(min_length=1, pattern=r"^[^\x00]*$")]  # also for file names
Hands = Literal["all"] | Annotated[tuple[Text, ...], Field(strict=False)]  # names of handwriting faces
Precision = Literal["float32", "mixed_bfloat16", "mixed_float16"]  # of the arithmetic; weights are float32
Seed = Annotated[int, Field(ge=0, lt=2**32)]

CLASS_LIST = "data/classes.txt"  # output of stage decode
MOST_SHARDS = 1024  # of one part
LEVEL1_CLASSES = 3755  # GB2312 rows 16 to 55
MATH_CLASSES = 101  # symbols of CROHME 2014

# PyYAML raises these for impossible dates, numbers and tags (`2001-99-99`, `!!bool x`) and for deep nesting.
_NO_VALUES = (ValueError, KeyError, AttributeError, TypeError, IndexError, OverflowError, RecursionError)


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Strokes(_Section):
    """The embedded corpus of characters. `pipeline.synthesis.tracing.faces` lists the hands."""

    classes: Annotated[int, Field(ge=1, le=LEVEL1_CLASSES)] | Text
    hands: Hands
    writers: Annotated[int, Field(ge=1, le=9000)]
    rare: Annotated[float, Field(gt=0, le=1)]
    samples: Count
    looseness: Annotated[float, Field(ge=0, le=2)]
    narrow: Annotated[float, Field(ge=0, le=1)]
    seed: Seed


class Calibrate(_Section):
    """Calibration of the recogniser's confidence, see `pipeline.scoring.calibration`.

    `rarer` is how many times rarer classes outside GB2312 level 1 are in use than in the training part.
    """

    samples: Annotated[int, Field(ge=100, le=20_000)]
    strangers: Annotated[int, Field(ge=100, le=20_000)]
    keep: Annotated[float, Field(gt=0, lt=1)]
    rarer: Annotated[float, Field(ge=1, le=1000)]


class Decode(_Section):
    """Decoding of archives to samples. `pipeline.formats.charset` describes `charset` and `classes`."""

    source: Text
    charset: Text
    classes: Literal["found", "charset"]
    max_bad_fraction: Fraction
    shards: Annotated[int, Field(ge=1, le=MOST_SHARDS)]
    formats: Formats = ("parquet", "tfrecord")

    @field_validator("charset")
    @classmethod
    def _is_an_input(cls, value: str) -> str:
        if Path(value).resolve() == Path(CLASS_LIST).resolve():
            raise ValueError(
                f"{CLASS_LIST} is an output of decode, and DVC removes it before decode runs; "
                "copy it to data/charsets/mine.txt and name the copy"
            )
        return value


class _Parts(_Section):
    """Parts of a split: `test` and `validation` are fractions of all samples (or writers); training gets the rest.

    `shards` is the number of training shards. Shards of validation and test are about as large as those of training:
    each of these parts has 1 to `MOST_SHARDS` shards, and at most one per sample.
    """

    test: Annotated[float, Field(gt=0, lt=1)]
    validation: Annotated[float, Field(gt=0, lt=1)]
    shards: Annotated[int, Field(ge=1, le=MOST_SHARDS)]
    seed: Seed
    formats: Formats = ("parquet", "tfrecord")

    @model_validator(mode="after")
    def _leaves_a_training_part(self) -> Self:
        if self.test + self.validation >= 1:
            raise ValueError(f"test + validation must be below 1, found {self.test} + {self.validation}")
        return self


class Recipe(_Section):
    """Training params of both branches.

    `learning_rate` is the peak, reached after `warmup_epochs`; `final_rate` is the share of it that is left at the end,
    so that averaged weights span states that still move. `weight_decay` applies to kernels only; `ema` is the momentum
    of the weight average, and 0 turns it off.
    """

    epochs: Count
    batch_size: Count
    learning_rate: Annotated[float, Field(gt=0, le=1)]
    final_rate: Fraction
    weight_decay: Annotated[float, Field(ge=0, le=1)]
    warmup_epochs: Annotated[float, Field(ge=0)]
    ema: Annotated[float, Field(ge=0, lt=1)]
    seed: Seed

    @model_validator(mode="after")
    def _warms_up_within_the_run(self) -> Self:
        if self.warmup_epochs >= self.epochs:
            raise ValueError(f"warmup_epochs must be below epochs ({self.epochs}), found {self.warmup_epochs}")
        return self


class Quantize(_Section):
    """Number of training images that set the ranges of int8 activations."""

    calibration_samples: Count


class Evaluate(_Section):
    """Number of timed runs of one image each."""

    latency_runs: Annotated[int, Field(ge=20, lt=2**63)]


class Split(_Parts):
    """Split of characters; `official` uses the test writers of HWDB1.1."""

    by: Literal["sample", "writer", "official"]


class Model(_Section):
    """The network Inception-GAP."""

    crop: Annotated[int, Field(ge=0, le=12)]
    width: Annotated[float, Field(gt=0, le=4)]
    modules: Annotated[tuple[Count, Count], Field(strict=False)]
    features: Annotated[int, Field(ge=16, le=4096)]
    pooling: Literal["mean", "weighted"]
    rank: Annotated[int, Field(ge=0, le=4096)]
    dropout: Annotated[float, Field(ge=0, lt=1)]


class Augment(_Section):
    """Largest distortions of a training image; 0 turns one off."""

    rotate: Annotated[float, Field(ge=0, le=45)]
    shear: Annotated[float, Field(ge=0, le=0.5)]
    scale: Annotated[float, Field(ge=0, le=0.5)]
    shift: Annotated[float, Field(ge=0, le=0.25)]
    elastic: Annotated[float, Field(ge=0, le=4)]
    thickness: Fraction
    fade: Fraction


class Train(Recipe):
    """Training of the recogniser."""

    start: Annotated[str, Field(pattern=r"^[^\x00]*$")]
    precision: Precision
    evaluation_batch_size: Count
    label_smoothing: Annotated[float, Field(ge=0, lt=1)]
    augment: Augment


class Formulas(_Section):
    """The embedded corpus of formulas.

    `classes`: the first N labels in the grammar's order, or a list of labels. `hands`: handwriting faces, see
    `pipeline.synthesis.tracing.faces`. `pen`: share of the photographs that show handwriting. `usual`: share of the
    formulas with the frequencies of school and university formulas. `columns`: share of the handwritten formulas that
    are arithmetic in columns.
    """

    classes: Annotated[int, Field(ge=8, le=MATH_CLASSES)] | Annotated[list[str], Field(min_length=8)]
    hands: Hands
    writers: Annotated[int, Field(ge=1, le=9000)]
    handwritten: Annotated[int, Field(ge=0, lt=2**63)]
    printed: Annotated[int, Field(ge=0, lt=2**63)]
    pen: Fraction
    looseness: Annotated[float, Field(ge=0, le=2)]
    usual: Fraction
    columns: Fraction
    seed: Seed


class MathDecode(_Section):
    """Decoding of ink and photos of formulas to canvases of one size. Lengths are in pixels.

    `pictures` is the form of the pictures that the COCO file names: `coco/images.zip`, or files in `coco/images`.
    """

    source: Text
    height: Annotated[int, Field(ge=64, le=1024, multiple_of=32)]
    width: Annotated[int, Field(ge=64, le=2048, multiple_of=32)]
    symbol: Annotated[float, Field(ge=8, le=256)]
    pen: Annotated[float, Field(ge=1, le=8)]
    max_bad_fraction: Fraction
    shards: Annotated[int, Field(ge=1, le=MOST_SHARDS)]
    formats: Formats = ("parquet", "tfrecord")
    pictures: Pictures = "zip"


class MathSplit(_Parts):
    """Split of formulas; `official` is CROHME's split: train, test 2013 as validation, test 2014 as test.

    With `pictures: files`, the pictures of all parts are files in `coco/images`. With `zip`, the split has no pictures
    of its own: its COCO files name those of math.decode, which would be there twice.
    """

    by: Literal["writer", "official"]
    pictures: Pictures = "zip"


class MathAugment(_Section):
    """Largest distortions of a training formula; 0 turns one off. `balance` to `elastic` apply to ink only."""

    balance: Fraction
    swap: Fraction
    symbol: Annotated[float, Field(ge=0, le=0.5)]
    elastic: Annotated[float, Field(ge=0, le=4)]
    scale: Annotated[float, Field(ge=0, le=0.7)]
    aspect: Annotated[float, Field(ge=0, le=0.5)]
    slant: Annotated[float, Field(ge=0, le=0.5)]
    rotate: Annotated[float, Field(ge=0, le=15)]
    thickness: Fraction
    noise: Annotated[float, Field(ge=0, le=64)]


class MathTrain(Recipe):
    """The detector and its training.

    `start`: a file `weights.npz` of a released detector, see `pipeline.learning.weights`; empty for new weights.
    """

    start: Annotated[str, Field(pattern=r"^[^\x00]*$")]
    arch: Literal["faster_rcnn_fpn", "faster_rcnn", "ssd_fpn"]
    backbone: Literal["mobilenet_v2", "mobilenet_v3_small", "mobilenet_v3_large"]
    width: Annotated[float, Field(gt=0, le=2)]
    channels: Annotated[int, Field(ge=16, le=512, multiple_of=8)]
    anchors: Annotated[int, Field(ge=1, le=9)]
    context: Annotated[int, Field(ge=0, le=4)]
    precision: Precision
    augment: MathAugment


class Math(_Section):
    """The branch for math symbols."""

    formulas: Formulas
    decode: MathDecode
    split: MathSplit
    train: MathTrain
    quantize: Quantize
    evaluate: Evaluate


class Params(_Section):
    """The whole of params.yaml."""

    strokes: Strokes
    decode: Decode
    split: Split
    model: Model
    train: Train
    calibrate: Calibrate
    quantize: Quantize
    evaluate: Evaluate
    math: Math


def load_params(path: Path | str = "params.yaml") -> Params:
    """Reads and checks `path`.

    Raises:
        InkError: values are wrong; names each key, its value and the allowed range.
    """
    path = Path(path)
    try:
        values = _Loader(path.read_text(encoding="utf-8")).get_single_data()
    except OSError as error:
        raise InkError(f"{path}: cannot read the params ({error.strerror}); run from the repository root") from error
    except (yaml.YAMLError, *_NO_VALUES) as error:
        raise InkError(f"{path}: not valid YAML: {error}") from error
    return check_params(values, path)


def check_params(values: Any, path: Path | str) -> Params:
    """Checks the values of a YAML file; `path` names the file in messages.

    Raises:
        InkError: as for `load_params`.
    """
    try:
        return Params.model_validate(values)
    except ValidationError as error:
        lines = [_describe(item) for item in error.errors()]
        raise InkError(f"{path}: {len(lines)} wrong value(s)\n" + "\n".join(lines)) from error


class _Loader(yaml.SafeLoader):
    """Reads plain values only, and refuses merge keys: nested ones grow without bound."""

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Raises an error at a merge key, where the parent would copy values."""
        for key, _ in node.value:
            if key.tag == "tag:yaml.org,2002:merge":
                raise ConstructorError(None, None, "found a merge key; write its values out", key.start_mark)


class _ShortRepr(reprlib.Repr):
    """Prints values for messages at bounded length: YAML aliases let small files unfold to any size."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel, self.maxlist, self.maxdict, self.maxstring, self.maxother = 2, 8, 8, 200, 200

    def repr_int(self, value: int, level: int) -> str:
        """Prints the bit length of large numbers, because Python refuses to print the largest ones."""
        return repr(value) if value.bit_length() < 256 else f"a number of {value.bit_length()} bits"


def _describe(item) -> str:
    key = ".".join(str(part) for part in item["loc"]) or "(top level)"
    if item["type"] == "extra_forbidden":
        return f"  {key}: unknown key; remove it or correct its spelling"
    if item["type"] == "missing":
        return f"  {key}: missing"
    return f"  {key}: {item['msg']}, found {_ShortRepr().repr(item['input'])}"
