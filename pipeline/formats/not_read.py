"""Reports the files of a source that are not read, so that no data is skipped silently.

Documents (`readme.txt`, `LICENSE`, scripts) are not reported, because they commonly accompany data.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import NamedTuple

SHOWN = 10  # largest number of kinds of files in a message
# fmt: off
_ARCHIVES = frozenset({
    ".7z", ".ace", ".alz", ".arj", ".br", ".cab", ".cpio", ".dmg", ".egg", ".img", ".iso", ".jar", ".lha", ".lz",
    ".lz4", ".lzh", ".lzma", ".lzo", ".rar", ".txz", ".tzst", ".wim", ".xz", ".z", ".zipx", ".zst", ".zstd",
})
_DOCUMENTS = frozenset({
    ".asc", ".bat", ".bib", ".c", ".cfg", ".cpp", ".css", ".dll", ".doc", ".docx", ".dvc", ".exe", ".h", ".htm",
    ".html", ".ini", ".ipynb", ".java", ".js", ".lnk", ".log", ".m", ".md", ".md5", ".odt", ".pdf", ".ps", ".py",
    ".rst", ".rtf", ".sh", ".sha1", ".sha256", ".sig", ".tex", ".toml", ".txt", ".url", ".yaml", ".yml",
})
_DOCUMENT_NAMES = frozenset({
    "authors", "changelog", "changes", "citation", "citation.cff", "copying", "install", "licence", "license",
    "makefile", "manifest", "news", "notice", "readme", "thumbs.db", "version",
})
# fmt: on


class NotRead(NamedTuple):
    """One file that is not read."""

    file: str  # name for reports, printable
    reason: str
    same_as: str = ""  # if the data occurs twice: the file that is read instead


def not_read(file: str, reason: str, same_as: str = "") -> NotRead:
    """Makes a `NotRead` with printable texts."""
    return NotRead(printable(file), printable(reason), printable(same_as))


def why_not_read(name: str, kinds: str) -> str | None:
    """The reason why a file that is not of `kinds` is not read; None for a document."""
    path = PurePosixPath(name.lower())
    if path.suffix in _ARCHIVES:
        return f"{path.suffix} archives are not opened; unpack it"
    if path.suffix in _DOCUMENTS or path.name in _DOCUMENT_NAMES:
        return None
    return f"expected {kinds}"


def printable(name: str) -> str:
    """`name`, with escapes for line ends, bytes that are not text and other unprintable characters."""
    return name if name.isprintable() else name.encode("unicode_escape").decode("ascii")


def seen(names: Iterable[str]) -> str:
    """Names grouped by extension: `2 .png (a.png, ...), 1 .rar (b.rar)`; at most `SHOWN` extensions."""
    kinds = _groups((PurePosixPath(name).suffix or "without ending", printable(name)) for name in names)
    shown = [f"{len(group)} {kind} ({_first(group)})" for (kind,), group in list(kinds.items())[:SHOWN]]
    return ", ".join([*shown, *([f"files of {len(kinds) - SHOWN} more endings"] if len(kinds) > SHOWN else [])])


def lines(files: list[NotRead]) -> list[str]:
    """One line per extension and reason: `more.rar: .rar archives are not opened; unpack it`."""
    reasons = {file.file: file.reason for file in files}
    kinds = _groups((PurePosixPath(f.file).suffix, "" if f.same_as else f.reason, f.file) for f in files)
    shown = []
    for (_, shared), group in list(kinds.items())[:SHOWN]:
        who = group[0] if len(group) == 1 else f"{len(group)} files ({_first(group)})"
        shown.append(f"{who}: {shared or _first([reasons[name] for name in group])}")
    return [*shown, *([f"and files of {len(kinds) - SHOWN} more kinds"] if len(kinds) > SHOWN else [])]


def _groups(rows: Iterable[tuple[str, ...]]) -> dict[tuple[str, ...], list[str]]:
    """Groups the last column by the other columns, in the order of first appearance."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for *kind, name in rows:
        groups.setdefault(tuple(kind), []).append(name)
    return groups


def _first(group: list[str]) -> str:
    return f"{group[0]}, ..." if len(group) > 1 else group[0]
