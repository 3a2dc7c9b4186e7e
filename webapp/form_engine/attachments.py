"""Papers: given, missing, or to follow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from webapp.conditions.dates import shift
from webapp.form_engine.fields import File
from webapp.form_engine.outcome import AttachmentState, FieldState
from webapp.form_engine.situation import Situation


def attachment_states(fields: Mapping[str, FieldState], situation: Situation) -> Iterator[AttachmentState]:
    """Yield what is known about every paper that is asked for here."""
    for path, state in fields.items():
        if isinstance(state.field, File) and state.visible:
            yield _attachment(path, state, state.field, situation)


def _attachment(path: str, state: FieldState, field: File, situation: Situation) -> AttachmentState:
    holder = state.row[-1] if state.row else situation.answers
    if holder.get(field.key):
        return AttachmentState(path, field.label, "given", None, field.original)
    if not state.required:
        return AttachmentState(path, field.label, "optional", None, field.original)
    if field.later is None:
        return AttachmentState(path, field.label, "missing", None, field.original)
    due = shift(situation.today, field.later.within, 1, situation.calendar)
    return AttachmentState(path, field.label, "owed", due, field.original)
