"""Bring what a browser sent together with what is stored, answer by answer.

Two tabs, a back button or a second device show the same page with different values. Each rendered
page carries a fingerprint of every answer it showed; an answer that still has that fingerprint was
not touched there, so the stored one stays. Only what was really changed is taken over.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

Answers = dict[str, Any]
Seen = dict[str, str]


@dataclass
class Merged:
    """The merged answers, the paths taken over, and stored values that gave way to newer ones."""

    answers: Answers
    changed: list[str] = field(default_factory=list)
    overwritten: dict[str, Any] = field(default_factory=dict)


def fingerprint(value: Any) -> str:
    """A short digest of one answer; empty and absent answers have the same one."""
    if value in (None, "", [], {}):
        return "0"
    plain = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(plain.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()


def fingerprints(answers: Answers, keys: Iterable[str]) -> Seen:
    """Fingerprint each answer of ``keys``; a group counts per row and field, and as a list of rows."""
    seen: Seen = {}
    for key in keys:
        seen.update(_shown(key, answers.get(key)))
    return seen


def merge(stored: Answers, posted: Answers, seen: Seen, keys: Iterable[str]) -> Merged:
    """Three-way merge of the answers of one page (``keys``); ``seen`` is what that page had shown."""
    merged = Merged(dict(stored))
    for key in keys:
        before, now = stored.get(key), posted.get(key)
        _put(merged.answers, key, _merge_value(key, before, now, seen, merged))
    return merged


def _merge_value(path: str, stored: Any, posted: Any, seen: Seen, merged: Merged) -> Any:
    if _is_rows(stored) or _is_rows(posted):
        return _merge_rows(path, stored or [], posted or [], seen, merged)
    if path not in seen and posted in (None, "", [], {}):
        return stored
    if fingerprint(posted) == seen.get(path, "0") or fingerprint(posted) == fingerprint(stored):
        return stored
    if fingerprint(stored) != seen.get(path, "0"):
        merged.overwritten[path] = stored
    merged.changed.append(path)
    return posted


def _merge_rows(path: str, stored: list[Any], posted: list[Any], seen: Seen, merged: Merged) -> list[Any]:
    shown = seen.get(f"{path}.rows")
    stored_by_id = {row["id"]: row for row in stored}
    posted_by_id = {row["id"]: row for row in posted}
    shown_ids = set(shown.split(",")) if shown else set()
    removed_here = shown_ids - set(posted_by_id)
    order = [
        row["id"]
        for row in posted
        if row["id"] in stored_by_id or row["id"] not in shown_ids or _touched(path, row, seen)
    ]
    order += [row["id"] for row in stored if row["id"] not in order and row["id"] not in removed_here]
    if removed_here & set(stored_by_id) or set(posted_by_id) - set(stored_by_id) - shown_ids:
        merged.changed.append(path)
    return [_merge_row(path, row_id, stored_by_id, posted_by_id, seen, merged) for row_id in order]


def _touched(path: str, row: dict[str, Any], seen: Seen) -> bool:
    """Whether something was typed into a row that another tab removed; then the row lives on."""
    inside = (_shown(f"{path}[{row['id']}].{key}", value) for key, value in row.items() if key != "id")
    return any(seen.get(inner, "0") != mark for leaf in inside for inner, mark in leaf)


def _merge_row(
    path: str, row_id: str, stored: dict[str, Any], posted: dict[str, Any], seen: Seen, merged: Merged
) -> dict[str, Any]:
    before = stored.get(row_id, {"id": row_id})
    now = posted.get(row_id)
    if now is None:
        return dict(before)
    row: dict[str, Any] = {"id": row_id}
    for key in dict.fromkeys([*before, *now]):
        if key != "id":
            value = _merge_value(f"{path}[{row_id}].{key}", before.get(key), now.get(key), seen, merged)
            _put(row, key, value)
    return row


def _put(target: dict[str, Any], key: str, value: Any) -> None:
    if value is None:
        target.pop(key, None)
    else:
        target[key] = value


def _is_rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict) and "id" in value[0]


def _shown(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if not _is_rows(value):
        yield path, fingerprint(value)
        return
    yield f"{path}.rows", ",".join(row["id"] for row in value)
    for row in value:
        for key, inner in row.items():
            if key != "id":
                yield from _shown(f"{path}[{row['id']}].{key}", inner)
