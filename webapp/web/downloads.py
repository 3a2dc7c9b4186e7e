"""The header that names a file in any script."""

from __future__ import annotations

from urllib.parse import quote


def disposition(kind: str, name: str) -> str:
    """Return a Content-Disposition value: ``kind`` is inline or attachment (RFC 6266, RFC 5987).

    Headers hold Latin-1 only, so a Japanese name travels percent-encoded beside a plain one.
    """
    clean = "".join(mark for mark in name if mark.isprintable() and mark not in '"\\')
    if clean.isascii():
        return f'{kind}; filename="{clean}"'
    dot, ending = clean.rpartition(".")[1:]
    fallback = f"file.{ending}" if dot and ending.isascii() and ending.isalnum() else "file"
    return f"{kind}; filename=\"{fallback}\"; filename*=UTF-8''{quote(clean, safe='')}"
