"""The contexts of an InkML file, which define what the coordinates of each trace mean.

    contexts.start(path, attributes); contexts.end(path)      # for every element
    contexts.layout("#c1")                                    # at the start of each trace

A trace names its context, inherits the context of its group, or uses the current context. A trace format in
`definitions` applies only to traces that name it. Some constructs would move or distort ink and are not supported:
mappings, and devices whose x and y differ in resolution. The reader refuses these and never ignores them.
https://www.w3.org/TR/InkML/, sections 3 and 4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pipeline.formats.inkml_points import Channel, Layout, layout_of

MAX_CHANNELS = 100
_PARENTS = ("traceFormat", "regularChannels", "intermittentChannels")
_REFERENCES = ("traceFormatRef", "inkSourceRef", "contextRef")
_Found = Layout | str | None  # a layout, or the reason why it cannot be used, or None if nothing declares one


@dataclass(slots=True)
class _Scope:
    """An open `context` or `inkSource`."""

    name: str
    layout: _Found
    resolutions: dict[str, tuple[str, str]] = field(default_factory=dict)  # of X and Y: value, units


class Contexts:
    """Collects trace formats and contexts while a file is parsed.

    `start` and `end` take the names of the open elements, the innermost last. `start` raises a ValueError for an
    unsupported construct.
    """

    def __init__(self) -> None:
        self._channels: list[Channel] = []
        self._format = ""  # id of the open traceFormat
        self._scopes: list[_Scope] = []
        self._named: dict[str, _Found] = {"DefaultContext": Layout()}
        self._current: _Found = None
        self._definitions: set[Layout | str] = set()  # layouts in `definitions`
        self._frame: tuple | None = None

    def start(self, path: Sequence[str], attributes: Mapping[str, str]) -> None:
        """Handles the start of an element."""
        name = path[-1]
        if name not in _STARTS or "annotationXML" in path:
            return
        if name == "traceFormat":
            self._channels, self._format = [], _id(attributes)
        elif name == "channel" and len(path) > 1 and path[-2] in _PARENTS:
            self._add_channel(attributes, path[-2] == "intermittentChannels")
        elif name in ("context", "inkSource"):
            references = (attributes[key] for key in _REFERENCES if key in attributes)
            self._scopes.append(_Scope(_id(attributes), next(map(self._look_up, references), None)))
            _refuse_outside(attributes, "canvasTransformRef")
        elif name == "mapping" and attributes.get("type") != "identity":
            raise ValueError("a mapping of coordinates: only type='identity' is supported")
        elif name == "channelProperty" and attributes.get("name") == "resolution" and self._scopes:
            resolution = attributes.get("value", ""), attributes.get("units", "")
            self._scopes[-1].resolutions[attributes.get("channel", "").upper()] = resolution

    def end(self, path: Sequence[str]) -> None:
        """Handles the end of an element."""
        name = path[-1]
        if name not in _ENDS or "annotationXML" in path or "canvas" in path:  # a canvas has a separate format
            return
        if name == "traceFormat":
            self._settle(path, self._format, _layout(self._channels))
        elif name in ("context", "inkSource"):
            scope = self._scopes.pop()
            across, down = (scope.resolutions.get(axis) for axis in "XY")
            if across != down:
                scope.layout = f"expected X and Y in the same resolution, found {across} and {down}"
            self._settle(path, scope.name, scope.layout)

    def layout(self, reference: str) -> Layout:
        """The layout of a trace that begins here.

        Args:
            reference: context that the trace or its group names; "" if they name none.

        Raises:
            ValueError: an unknown context, a context without x and y, or other units than those of earlier traces.
        """
        found = self._look_up(reference) if reference else None
        layout = found or self._current or self._unnamed()
        if isinstance(layout, str):
            raise ValueError(layout)
        if self._frame not in (None, layout.frame):
            raise ValueError(f"expected all traces in the units and origin {self._frame}, found {layout.frame}")
        self._frame = layout.frame
        return layout

    def _add_channel(self, attributes: Mapping[str, str], intermittent: bool) -> None:
        if len(self._channels) == MAX_CHANNELS:
            raise ValueError(f"more than {MAX_CHANNELS} channels")
        _refuse_outside(attributes, "mappingRef")
        orientation = attributes.get("orientation", "+ve")
        if orientation not in ("+ve", "-ve"):
            raise ValueError(f"expected the orientation +ve or -ve of a channel, found {orientation[:20]!r}")
        name, units, origin = (attributes.get(key, "") for key in ("name", "units", "respectTo"))
        self._channels.append(Channel(name, orientation == "-ve", units, origin, intermittent))

    def _settle(self, path: Sequence[str], name: str, layout: _Found) -> None:
        """Records the layout of an element under its id and for its parent element."""
        if name:
            self._named[name] = layout
        if layout is None:
            return
        if self._scopes:
            self._scopes[-1].layout = layout
        elif "definitions" in path:
            self._definitions.add(layout)
        else:
            self._current = layout

    def _look_up(self, reference: str) -> _Found:
        name = reference.removeprefix("#")
        if name in self._named:
            return self._named[name]
        return f"expected the definition of the context or format {name[:40]!r} before its first use, found none"

    def _unnamed(self) -> Layout | str:
        """The layout of a trace without a context: X, Y, or the reason why `definitions` leave it undecided."""
        layouts = [found for found in self._definitions if isinstance(found, Layout)]
        if len(layouts) < len(self._definitions) or any(layout[:4] != Layout()[:4] for layout in layouts):
            return "expected a contextRef of the trace, because definitions contain formats other than X, Y, found none"
        return layouts[0] if len(layouts) == 1 else Layout()


_STARTS = frozenset(("traceFormat", "channel", "context", "inkSource", "mapping", "channelProperty"))
_ENDS = frozenset(("traceFormat", "context", "inkSource"))


def _id(attributes: Mapping[str, str]) -> str:
    return attributes.get("xml:id", attributes.get("id", ""))


def _layout(channels: Sequence[Channel]) -> Layout | str:
    try:
        return layout_of(channels)
    except ValueError as error:
        return str(error)


def _refuse_outside(attributes: Mapping[str, str], key: str) -> None:
    """Refuses a mapping in another file. `start` checks mappings in this file."""
    if not attributes.get(key, "#").startswith("#"):
        raise ValueError(f"{key}={attributes[key][:40]!r}: expected a mapping in this file, found one in another file")
