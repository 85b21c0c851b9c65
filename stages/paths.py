"""Paths of the files of both branches, as dvc.yaml names them."""

from pathlib import Path

METRICS = Path("metrics")
PLOTS = Path("plots")
REPORTS = Path("reports")

# Handwritten Chinese characters
MEDIANS = Path("data/raw/medians")  # a folder: medians.jsonl and its licence
HANDS = Path("data/raw/faces")  # a folder per handwriting face: strokes.jsonl and its licence
FACE_METRICS = METRICS / "faces.json"
STROKES = Path("data/raw/strokes")
SOURCE = Path("data/source.txt")  # holds the path of the source, see stage `source`
CORPUS_SHEET = PLOTS / "corpus.png"
DECODED = Path("data/decoded")
CLASSES = Path("data/classes.txt")
SPLITS = Path("data/splits")
MODELS = Path("models/hccr")
KERAS_MODEL = MODELS / "model.keras"
CALIBRATION = MODELS / "calibration.json"
CALIBRATION_METRICS = METRICS / "calibration.json"
ROC = PLOTS / "roc.json"
CURVES = METRICS / "train"
TIMES = METRICS / "times"  # not an output of a stage, see pipeline/report/times.py
READINGS = Path("data/readings")

# Symbols of formulas
MATH_HANDS = Path("data/raw/math-faces")  # as HANDS
MATH_FACE_METRICS = METRICS / "math/faces.json"
FORMULAS = Path("data/raw/formulas")  # pipeline/synthesis/formulas/corpus.py names its folders
MATH_SOURCE = Path("data/math/source.txt")
FORMULAS_SHEET = PLOTS / "math/formulas.png"
MATH_DECODED = Path("data/math/decoded")
MATH_CLASSES = Path("data/math/classes.txt")
MATH_SPLITS = Path("data/math/splits")
MATH_MODELS = Path("models/math")
MATH_KERAS_MODEL = MATH_MODELS / "model.keras"
MATH_METRICS = METRICS / "math"
MATH_CURVES = MATH_METRICS / "train"
MATH_TIMES = MATH_METRICS / "times"
MATH_READINGS = Path("data/math/readings")
MATH_PLOTS = PLOTS / "math"
ARCHITECTURES = Path("benchmarks/architectures.json")  # written by benchmarks.architectures

# The web app
RELEASED = Path("released")  # a folder per recogniser that is in git
APP = Path("app")
LICENCE, THIRD_PARTY = Path("LICENSE"), Path("THIRD_PARTY.md")
APP_DIST = APP / "dist"
