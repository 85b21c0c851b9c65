"""params.yaml: the reader returns `Params` within their ranges, or raises an `InkError` that names the key.

Bytes that start with NUL are choices of changes to the project's params.yaml. All others are the content of a file.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from fuzz.choices import Choices
from fuzz.scratch import folder
from pipeline.errors import InkError
from pipeline.params import Params, check_params, load_params

TOKENS = (
    *("!!bool ", "!!int ", "!!float ", "!!timestamp ", "!!binary ", "!!python/object/apply:os.system ", "<<: *a"),
    *("&a ", "*a", "2001-99-99", "0x", "0b", "1:99", ".nan", ".inf", "? ", "- ", "{", "[", "|\n", '"\\ud800"'),
    *("strokes:", "decode:", "split:", "train:", "math:", "\0"),
)
_PARAMS = Path(__file__).parents[1] / "params.yaml"
_ITSELF: list[Any] = []
_ITSELF.append(_ITSELF)
_VALUES: tuple[Any, ...] = (
    *(
        None,
        True,
        0,
        1,
        -1,
        8,
        2**32,
        10**400,
        1 << 20_000,
        0.5,
        -0.0,
        1e-320,
        math.inf,
        -math.inf,
        math.nan,
        "",
        "20",
        "a\0b",
    ),
    *("\ud800", "永和", b"bytes", [], [1, 2], ["x"] * 8, {}, {"a": {}}, {1: 2}, _ITSELF, [[[[[[[[]]]]]]]]),
)


def check(data: bytes) -> None:
    """Checks a file, or up to three changes of valid values."""
    if data[:1] == b"\0":
        _check_changes(Choices(data[1:]))
        return
    path = folder() / "params.yaml"
    path.write_bytes(data)
    try:
        _check_params(load_params(path))
    except InkError as error:
        _check_message(str(error), str(path), len(data))


def _check_changes(choices: Choices) -> None:
    values: dict[str, Any] = _good()
    changed: list[tuple[str, ...]] = []
    while choices and len(changed) < 3:
        key = choices.pick(_keys())
        changed.append(key)
        values = _changed(values, key, choices.pick(("value", "remove", "rename")), choices.pick(_VALUES))
    try:
        _check_params(check_params(values, "params.yaml"))
    except InkError as error:
        message = str(error)
        _check_message(message, "params.yaml", 1)
        assert any(part in message for key in changed for part in key), "no key is named"


def _check_message(message: str, path: str, size: int) -> None:
    assert message.startswith(path)
    assert len(message) < 1000 * (size + 10)
    message.encode()


def _check_params(params: Params) -> None:
    values = params.model_dump()
    for train in (values["train"], values["math"]["train"]):
        assert "\0" not in train.pop("start")  # the only text that may be empty
    for value in _leaves(values):
        assert not isinstance(value, float) or math.isfinite(value)
        assert not isinstance(value, str) or (value and "\0" not in value)


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list | tuple):
        yield value
        return
    for item in value:
        yield from _leaves(item)


def _changed(values: Any, key: tuple[str, ...], way: str, value: Any) -> Any:
    """A copy with one change; the values unchanged if an earlier change removed the section."""
    if not isinstance(values, dict) or key[0] not in values:
        return values
    if len(key) > 1:
        return {**values, key[0]: _changed(values[key[0]], key[1:], way, value)}
    rest = {name: kept for name, kept in values.items() if name != key[0]}
    return {**values, key[0]: value} if way == "value" else rest if way == "remove" else {**rest, key[0] + "_": value}


@cache
def _good() -> dict[str, Any]:
    return yaml.safe_load(_PARAMS.read_text(encoding="utf-8"))


@cache
def _keys() -> list[tuple[str, ...]]:
    def below(values: Any, prefix: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        for name, value in values.items() if isinstance(values, dict) else ():
            yield (*prefix, name)
            yield from below(value, (*prefix, name))

    return list(below(_good(), ()))


def seeds() -> list[bytes]:
    """The project's params, small files with each construct of YAML, and one change per key."""
    small = [b"train: {epochs: 3}", b"- 1\n- [a, 'b']\n", b"&a a: *a\n", b"x: !!float 1\n", b""]
    changes = [bytes([0, index, 0, index % len(_VALUES)]) for index in range(len(_keys()))]
    return [_PARAMS.read_bytes(), *small, *changes]
