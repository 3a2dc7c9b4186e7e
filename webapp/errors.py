"""What can go wrong, as one tree.

Every exception carries ``say``: a short Japanese sentence for people, which the error pages show
when it is set. Exceptions without it show the general sentence of their kind.
"""

from __future__ import annotations


class MadoguchiError(Exception):
    """Base of everything this application raises on purpose."""

    status = 500

    def __init__(self, message: str = "", *, say: str | None = None) -> None:
        super().__init__(message or type(self).__name__)
        self.say = say


class NotFound(MadoguchiError):
    """There is no such thing, or the person asking may not know that there is."""

    status = 404


class Forbidden(MadoguchiError):
    """The person is known and may not do this."""

    status = 403


class IllegalStep(MadoguchiError):
    """A state machine was asked for a step that its table does not have."""

    status = 409

    def __init__(self, step: str = "", *, state: str = "", say: str | None = None) -> None:
        super().__init__(f"illegal step {step!r} from {state!r}", say=say)
        self.step = step
        self.state = state


class InvalidInput(MadoguchiError):
    """What was typed cannot be taken; ``field`` names where."""

    status = 422

    def __init__(self, message: str = "", *, field: str | None = None, say: str | None = None) -> None:
        super().__init__(message, say=say)
        self.field = field


class TooMany(MadoguchiError):
    """Too many attempts; ``retry_after`` is in seconds."""

    status = 429

    def __init__(self, message: str = "", *, retry_after: int = 60, say: str | None = None) -> None:
        super().__init__(message, say=say)
        self.retry_after = retry_after


class Unavailable(MadoguchiError):
    """A counterpart outside does not answer, or the counter is closed for maintenance."""

    status = 503
