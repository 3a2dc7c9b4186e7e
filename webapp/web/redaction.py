"""Log lines without personal text or secrets, whoever writes them: one filter in front of every record."""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Callable
from typing import Any

SECRET = re.compile(
    r"(?i)([?&\s\"'](?:code|state|token|nonce|password|csrf_token|client_assertion|id_token|access_token|q|text)"
    r"[\"']?\s*[=:]\s*[\"']?)[^&\s\"',;]+"
)
BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}")
PATHS = re.compile(r"(/(?:apply|l|pay|staff/invitation|mandates|sign-in/mail)/)[A-Za-z0-9_-]{10,}")
MAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}")
TELEPHONE = re.compile(r"(?<![\d.])0\d{1,4}-?\d{1,4}-?\d{3,4}(?![\d.])")
LONG_NUMBER = re.compile(r"(?<![\d.])\d{12}(?![\d.])")
BREAKS = re.compile(r"[\r\n\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]+")


def redacted(text: str) -> str:
    """Return the text with secrets, addresses and numbers of people masked, on one line."""
    text = SECRET.sub(r"\1***", text)
    text = BEARER.sub(r"\1 ***", text)
    text = PATHS.sub(r"\1***", text)
    text = MAIL.sub("***@***", text)
    text = LONG_NUMBER.sub("************", text)
    text = TELEPHONE.sub("0**-****-****", text)
    return BREAKS.sub(" ", text)


def _redacted_traceback(text: str) -> str:
    """Return it with every line redacted and set in, so that no line break in an error begins a log line."""
    return "\n".join(f"  | {redacted(line)}" for line in text.splitlines())


def install() -> None:
    """Redact every record of this process from now on; safe to call twice."""
    before: Callable[..., logging.LogRecord] = logging.getLogRecordFactory()
    if getattr(before, "redacts", False):
        return

    def factory(*args: Any, **options: Any) -> logging.LogRecord:
        record = before(*args, **options)
        try:
            record.msg, record.args = redacted(record.getMessage()), ()
        except (TypeError, ValueError):
            record.msg, record.args = redacted(str(record.msg)), ()
        if record.exc_info and record.exc_info[0] is not None:
            record.exc_text = _redacted_traceback("".join(traceback.format_exception(*record.exc_info)))
        return record

    factory.redacts = True  # type: ignore[attr-defined]  # the mark that keeps it from being put in twice
    logging.setLogRecordFactory(factory)
