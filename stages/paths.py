"""Where the files of the HCCR branch are: the names that dvc.yaml knows them by."""

from pathlib import Path

MEDIANS = Path("data/raw/medians")  # a folder: medians.jsonl and its licence
STROKES = Path("data/raw/strokes")
CORPUS_SHEET = Path("plots/corpus.png")
DECODED = Path("data/decoded")
CLASSES = Path("data/classes.txt")
SPLITS = Path("data/splits")
MODELS = Path("models/hccr")
KERAS_MODEL = MODELS / "model.keras"
METRICS = Path("metrics")
CURVES = METRICS / "train"
PLOTS = Path("plots")
REPORTS = Path("reports")
