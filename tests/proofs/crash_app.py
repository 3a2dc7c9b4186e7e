"""The application as the crash proof serves it; with PROOF_CONTROL its messages are written too late."""

from __future__ import annotations

import os
import time
from typing import Any

from wsgi import app as counter

app: Any = counter


def _tell_after_the_commit() -> None:
    from flask import after_this_request

    from webapp.casework import telling
    from webapp.web.services import services

    inside = telling.tell_resident

    def late(session: Any, case: Any, event: str, **given: Any) -> None:
        @after_this_request
        def write(response: Any) -> Any:
            time.sleep(0.15)
            with services().database.transaction() as fresh:
                inside(fresh, case, event, **given)
            return response

    telling.tell_resident = late


if os.environ.get("PROOF_CONTROL"):
    _tell_after_the_commit()
