"""YAML 1.2 in, checked models out, and every complaint with its place.

``read`` keeps where each key and value stood; ``validate`` turns all of pydantic's complaints into
``file:line:column: what is wrong, what to write instead``. A parser that keeps places is slow, so a
process may remember the plain data of a text (``parsed_files``): places are then looked for only when
there is something to complain about.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError

from webapp import parsed_files

Lang = Literal["ja", "easy", "en"]
LANGS: tuple[Lang, ...] = get_args(Lang)
Path_ = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)


class Text(BaseModel):
    """A sentence in Japanese, やさしい日本語 and English; the last two fall back to Japanese."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ja: str
    easy: str | None = None
    en: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _bare_string(cls, value: Any) -> Any:
        return {"ja": value} if isinstance(value, str) else value

    def in_(self, lang: Lang) -> str:
        """Return the sentence in ``lang``."""
        if lang == "ja":
            return self.ja
        return (self.easy if lang == "easy" else self.en) or self.ja

    def missing(self) -> list[Lang]:
        """Return the languages that fall back."""
        return [lang for lang in LANGS if lang != "ja" and not getattr(self, lang)]


@dataclass(frozen=True)
class Complaint:
    """One thing to mend: where it stands, what is wrong, what to write instead."""

    file: str
    line: int
    column: int
    what: str
    instead: str = ""

    def __str__(self) -> str:
        ending = f", {self.instead}" if self.instead else ""
        return f"{self.file}:{self.line}:{self.column}: {self.what}{ending}"


class SourceErrors(Exception):
    """A file cannot be taken; all its complaints at once."""

    def __init__(self, complaints: Iterable[Complaint]) -> None:
        self.complaints = sorted(complaints, key=lambda c: (c.file, c.line, c.column, c.what))
        super().__init__("\n".join(str(c) for c in self.complaints))


@dataclass(frozen=True)
class Source:
    """A parsed file: plain data, and the position of everything in it."""

    file: str
    data: Any
    _text: str = field(repr=False, compare=False)

    @cached_property
    def _tree(self) -> Any:
        return _load(self._text, self.file)

    def position(self, path: Sequence[str | int]) -> tuple[int, int]:
        """Return (line, column), 1-based, of the deepest part of ``path`` that exists."""
        node, found = self._tree, (1, 1)
        for part in path:
            try:
                found = _place(node, part) or found
                node = node[part]
            except (KeyError, IndexError, TypeError):
                break
        return found

    def complain(self, path: Sequence[str | int], what: str, instead: str = "") -> Complaint:
        """Make a complaint about ``path``."""
        line, column = self.position(path)
        return Complaint(self.file, line, column, what, instead)


def read(path: Path, *, name: str | None = None) -> Source:
    """Read a file. Raises SourceErrors with the place of a syntax error or duplicate key."""
    return parse(path.read_text(encoding="utf-8"), name=name or str(path))


def parse(text: str, *, name: str) -> Source:
    """Parse YAML 1.2 text; ``name`` stands for the file in complaints."""
    data = parsed_files.find(text)
    if data is None:
        data = _plain(_load(text, name))
        parsed_files.keep(text, data)
    return Source(name, data, text)


def _load(text: str, name: str) -> Any:
    yaml = YAML(typ="rt")
    yaml.version = (1, 2)  # 9:00 stays text and no stays a word
    try:
        return yaml.load(text)
    except MarkedYAMLError as error:
        raise SourceErrors([_syntax_complaint(name, error)]) from error
    except ValueError as error:
        raise SourceErrors([Complaint(name, 1, 1, f"YAML: {error}")]) from error


def validate(source: Source, model: type[Model]) -> Model:
    """Check ``source`` against ``model``. Raises SourceErrors with all complaints at once."""
    try:
        return model.model_validate(source.data)
    except ValidationError as error:
        raise SourceErrors(complaints_of(source, error, model)) from error


def complaints_of(source: Source, error: ValidationError, model: type[BaseModel]) -> list[Complaint]:
    """Translate pydantic's complaints; places inside unions and validators are mended to real paths."""
    complaints: dict[tuple[int, int, str], Complaint] = {}
    for item in error.errors():
        path = _real_path(source.data, item["loc"])
        if item["type"] == "union_tag_invalid":
            path = (*path, str(item.get("ctx", {}).get("discriminator", "")).strip("'"))
        what, instead = _sentence(item, model)
        complaint = source.complain(path, what, instead)
        complaints.setdefault((complaint.line, complaint.column, what), complaint)
    return list(complaints.values())


def _syntax_complaint(name: str, error: MarkedYAMLError) -> Complaint:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    problem = (error.problem or "not YAML").splitlines()[0]
    if "duplicate key" in problem:
        return Complaint(name, line, column, problem, "write each key once")
    return Complaint(name, line, column, f"YAML: {problem}", "check indentation, quotes and colons near here")


def _place(node: Any, part: str | int) -> tuple[int, int] | None:
    if isinstance(node, CommentedMap) and part in node:
        line, column = node.lc.key(part)
        return line + 1, column + 1
    if isinstance(node, CommentedSeq) and isinstance(part, int) and part < len(node):
        line, column = node.lc.item(part)
        return line + 1, column + 1
    return None


def _plain(node: Any) -> Any:
    """Turn ruamel's nodes into plain data, keeping dates as ISO text."""
    if isinstance(node, dict):
        return {_plain(k): _plain(v) for k, v in node.items()}
    if isinstance(node, list):
        return [_plain(v) for v in node]
    if isinstance(node, bool) or node is None:
        return node
    for kind in (int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return node.isoformat() if hasattr(node, "isoformat") else node


def _real_path(data: Any, location: Sequence[str | int]) -> Path_:
    """Drop the parts of a pydantic location that are not in the data (union tags, validator names)."""
    path: list[str | int] = []
    node = data
    for index, part in enumerate(location):
        inside = (isinstance(node, dict) and part in node) or (
            isinstance(node, list) and isinstance(part, int) and part < len(node)
        )
        if inside:
            path.append(part)
            node = node[part]
        elif index == len(location) - 1:
            path.append(part)
    return tuple(path)


def _sentence(item: Any, model: type[BaseModel]) -> tuple[str, str]:
    key = str(item["loc"][-1]) if item["loc"] else ""
    kind, context = item["type"], item.get("ctx", {})
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(key, _known_keys(model), n=1)
        instead = f"did you mean {near[0]!r}?" if near else "remove it, or look up the key in README.md"
        return f"unknown key {key!r}", instead
    if kind == "missing":
        return f"{key!r} is missing", f"write {key}: …"
    if kind in ("literal_error", "enum"):
        return f"{item['input']!r} is not allowed for {key!r}", f"write one of {context.get('expected', '')}"
    if kind == "value_error":
        what, _, instead = str(context.get("error", item["msg"])).partition(" | ")
        return what, instead
    if kind == "union_tag_invalid":
        tag, allowed = context.get("tag"), context.get("expected_tags", "")
        return f"{tag!r} is not a known type", f"write one of {allowed}"
    message = item["msg"][:1].lower() + item["msg"][1:]
    return f"{key!r}: {message} (found {_short(item['input'])})", _expectation(kind)


def _expectation(kind: str) -> str:
    wishes = {
        "string_type": "write a text; put it in quotes if it looks like a number or date",
        "int_type": "write a whole number without quotes",
        "int_parsing": "write a whole number",
        "int_from_float": "write a whole number",
        "bool_type": "write true or false",
        "bool_parsing": "write true or false",
        "list_type": "write a list, each entry on a line that begins with '- '",
        "dict_type": "write keys and values, indented",
        "model_type": "write keys and values, indented",
        "date_from_datetime_parsing": "write a date such as 2026-04-01",
        "date_parsing": "write a date such as 2026-04-01",
    }
    return wishes.get(kind, "see README.md for what may stand here")


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "…"


def _known_keys(model: type[BaseModel]) -> list[str]:
    """All keys that appear anywhere below ``model``: enough for a 'did you mean'."""
    seen: set[type[BaseModel]] = set()
    keys: set[str] = set()
    todo: list[Any] = [model]
    while todo:
        current = todo.pop()
        if isinstance(current, type) and issubclass(current, BaseModel):
            if current in seen:
                continue
            seen.add(current)
            for name, info in current.model_fields.items():
                keys.add(info.alias or name)
                todo.append(info.annotation)
        else:
            todo.extend(get_args(current))
    return sorted(keys)
