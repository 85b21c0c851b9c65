"""Finds errors in a page of documentation: `list(links(Page(text, folder)))` has one line per error."""

from __future__ import annotations

import copy
import re
import shlex
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from pipeline.errors import InkError
from pipeline.params import check_params

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ("pipeline", "stages", "benchmarks", "cluster", "fuzz", "tests", "app/src", ".github", ".ci")
OUTPUTS = ("data", "metrics", "models", "plots", "reports", "app/dist")
USERS_OWN = ("data/raw/", "data/charsets/")  # where documentation puts the reader's own files
VALUED = {"-S", "--set-param", "--name", "-n", "--targets", "--drop", "--jobs", "-j", "-m", "-k"}


class Page(NamedTuple):
    """A page of documentation: its text, and the folder that its links start from."""

    text: str
    folder: Path

    @property
    def blocks(self) -> list[str]:
        """The fenced blocks."""
        return re.findall(r"^```[a-z]*\n(.*?)^```", self.text, re.M | re.S)

    @property
    def spans(self) -> list[str]:
        """Inline code, outside of blocks."""
        return re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", self.text, flags=re.M | re.S))

    @property
    def commands(self) -> Iterator[list[str]]:
        """The words of each command line, without comments, prompts and variables before it."""
        lines = [line for block in self.blocks for line in block.replace("\\\n", " ").splitlines()]
        for line in [*lines, *self.spans]:
            for command in re.split(r"&&|\|", re.sub(r"(^|\s)#.*", "", line.removeprefix("$ "))):
                try:
                    words = shlex.split(command)
                except ValueError:
                    continue  # no command: text with an apostrophe
                while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
                    words.pop(0)
                if words:
                    yield words


Check = Callable[[Page], Iterator[str]]


def links(page: Page) -> Iterator[str]:
    """Links and pictures lead to files and headings that exist."""
    for target in re.findall(r"\]\(([^)\s]+)\)|src=\"([^\"]+)\"", page.text):
        path, _, heading = "".join(target).partition("#")
        if re.match(r"[a-z]+:", path):
            continue
        file = page.folder / path if path else None
        if file and not file.exists():
            yield f"link to {path}: no such file"
        elif heading and heading not in anchors(file.read_text(encoding="utf-8") if file else page.text):
            yield f"link to {path}#{heading}: no such heading"


def anchors(text: str) -> set[str]:
    """The anchors that GitHub gives to headings."""
    titles = re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S), re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def targets(page: Page) -> Iterator[str]:
    """`make X` is a target of the Makefile."""
    known = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    for words in page.commands:
        if words[0] == "make" and len(words) > 1 and "=" not in words[1] and words[1] not in known:
            yield f"make {words[1]}: no such target"


def modules(page: Page) -> Iterator[str]:
    """`python -m X` is a module of the project, and has the options that are given."""
    for words in page.commands:
        if words[:2] == ["python", "-m"] and words[2].partition(".")[0] in SOURCES:
            file = ROOT.joinpath(*words[2].split("."))
            file = file / "__main__.py" if file.is_dir() else file.with_suffix(".py")
            if not file.is_file() or '__name__ == "__main__"' not in file.read_text(encoding="utf-8"):
                yield f"python -m {words[2]}: no such command"
                continue
            known = set(re.findall(r'add_argument\(\s*"(--[a-z]+)"', file.read_text(encoding="utf-8"))) | {"--help"}
            given = [word.partition("=")[0] for word in words[3:] if word.startswith("--")]
            yield from (f"{words[2]} {option}: no such option" for option in given if option not in known)


def stages(page: Page) -> Iterator[str]:
    """`dvc repro X` and `dvc exp run X` name stages; `-S` names parameters, with values in range."""
    for words in page.commands:
        if words[:2] != ["dvc", "repro"] and words[:3] != ["dvc", "exp", "run"]:
            continue
        rest = words[2:] if words[1] == "repro" else words[3:]
        for before, word in zip(["", *rest], rest, strict=False):
            if before in ("-S", "--set-param"):
                yield from setting(word, "--queue" in rest)
            elif before not in VALUED and word[0] not in "-…" and word not in stage_names():
                yield f"{' '.join(words[:2])} {word}: no such stage"


def setting(word: str, several: bool) -> Iterator[str]:
    """Errors in a `-S key=value`; a queue takes several values for one key."""
    key, _, value = word.partition("=")
    values = copy.deepcopy(params())
    *parents, name = key.split(".")
    section: Any = values
    for parent in parents:
        section = section.get(parent) if isinstance(section, dict) else None
    if not isinstance(section, dict) or name not in section:
        yield f"-S {key}: no such parameter"
        return
    for one in value.split(",") if several else [value]:
        section[name] = yaml.safe_load(one)
        try:
            check_params(values, word)
        except InkError as error:
            yield f"-S {error}"


def parameters(page: Page) -> Iterator[str]:
    """Names of parameters in the text exist."""
    sections = "|".join(params())
    for span in page.spans:
        if re.fullmatch(rf"({sections})(\.[a-z_]+)+(=\S*)?", span):
            key, equals, value = span.partition("=")
            yield from setting(f"{key}={value}" if equals else f"{key}={yaml.safe_dump(lookup(key))}", False)


def lookup(key: str) -> Any:
    """The value of a parameter, None if there is none."""
    value: Any = params()
    for part in key.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def paths(page: Page) -> Iterator[str]:
    """Paths in the text are files of the repository or outputs of the pipeline."""
    for span in page.spans:
        if not re.fullmatch(r"[\w./@-]+/[\w./@-]*", span):
            continue
        ours = any(span.startswith(f"{folder}/") for folder in SOURCES) and not (ROOT / span).exists()
        made = any(f"{span}/".startswith(f"{folder}/") for folder in OUTPUTS) and not (
            (ROOT / span).exists() or span.startswith(USERS_OWN) or any(related(span, out) for out in outputs())
        )
        if ours or made:
            yield f"{span}: no such file"


def related(path: str, output: str) -> bool:
    return f"{path}/".startswith(f"{output}/") or f"{output}/".startswith(f"{path.rstrip('/')}/")


def variables(page: Page) -> Iterator[str]:
    """Variables of the environment are read somewhere."""
    for name in set(re.findall(r"INK2EDGE_\w+", page.text)):
        if name not in sources():
            yield f"{name}: nothing reads it"


@cache
def sources() -> str:
    return "".join(
        path.read_text(encoding="utf-8")
        for folder in ("pipeline", "benchmarks", "app", "tests/faults")
        for path in [*(ROOT / folder).rglob("*.py"), *(ROOT / folder).glob("*.ts")]
        if "node_modules" not in path.parts
    )


@cache
def params() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))


@cache
def pipeline() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))


@cache
def expanded() -> dict[str, str]:
    """Each stage as YAML text, by its name; a matrix gives one for each of its items, and one for all."""
    found = {}
    for name, stage in pipeline()["stages"].items():
        found[name] = text = yaml.safe_dump(stage)
        for key, values in stage.get("matrix", {}).items():
            listed = next(v for v in pipeline()["vars"] if values[2:-1] in v)[values[2:-1]] if "$" in values else values
            found |= {f"{name}@{value}": text.replace(f"${{item.{key}}}", value) for value in listed}
    return found


def stage_names() -> set[str]:
    return set(expanded())


@cache
def outputs() -> set[str]:
    """What stages write."""
    found = set()
    for stage in map(yaml.safe_load, expanded().values()):
        for out in [item for kind in ("outs", "metrics", "plots") for item in stage.get(kind, [])]:
            found.add(out if isinstance(out, str) else next(iter(out)))
    return found


CHECKS: list[Check] = [links, targets, modules, stages, parameters, paths, variables]
