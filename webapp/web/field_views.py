"""From what the engine says about a question to what its macro draws."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext as _

from webapp.form_engine import fields as kinds
from webapp.form_engine.fields import AnyField
from webapp.form_engine.outcome import FieldState, Outcome
from webapp.intake import files
from webapp.web.filters import file_size
from webapp.web.widgets import FieldView, Option, RowView, dom_id
from webapp.yaml_source import Lang, Text

FileUrl = Callable[[Mapping[str, Any]], dict[str, str | None]]
AUTOCOMPLETE = {"name": "name", "birth": "bday", "address": "street-address", "tel": "tel", "email": "email"}


@dataclass
class Drawing:
    """Everything about one page that does not come from the definition."""

    outcome: Outcome
    answers: Mapping[str, Any]
    lang: Lang
    errors: Mapping[str, list[str]] = field(default_factory=dict)
    wrong_parts: Mapping[str, frozenset[str]] = field(default_factory=dict)
    provenance: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
    candidates: Mapping[str, list[Option]] = field(default_factory=dict)
    lookups: frozenset[str] = frozenset()
    file_urls: FileUrl | None = None
    only: frozenset[str] | None = None


def page_views(page: str, drawing: Drawing) -> list[FieldView]:
    """The visible questions of a page, top level; rows hang in their groups."""
    state = drawing.outcome.page(page)
    if state is None:
        return []
    questions = [question for question in state.page.fields if question.key in drawing.outcome.fields]
    return list(_views(questions, "", drawing.answers, drawing))


def _views(
    questions: list[AnyField], prefix: str, answers: Mapping[str, Any], drawing: Drawing
) -> Iterator[FieldView]:
    for question in questions:
        path = prefix + question.key
        state = drawing.outcome.fields.get(path)
        if state is not None and state.visible and _is_wanted(path, drawing):
            yield field_view(state, answers.get(question.key), drawing)


def _is_wanted(path: str, drawing: Drawing) -> bool:
    """With ``only`` (a correction), a question shows when it or something inside it is marked."""
    if drawing.only is None:
        return True
    return any(
        path == marked
        or path.startswith((f"{marked}[", f"{marked}."))
        or marked.startswith((f"{path}[", f"{path}."))
        for marked in drawing.only
    )


def field_view(state: FieldState, value: Any, drawing: Drawing) -> FieldView:
    """One question as it is drawn."""
    question, path, lang = state.field, state.path, drawing.lang
    return FieldView(
        path=path,
        id=dom_id(path),
        name=path,
        type=question.type,
        label=_label(question, lang),
        hint=_hint(state, lang),
        help=_in(question.help, lang),
        required=state.required,
        errors=drawing.errors.get(path, ()),
        wrong_parts=drawing.wrong_parts.get(path, frozenset()),
        options=[(option.value, option.label.in_(lang), _in(option.hint, lang)) for option in state.options],
        provenance=None if state.readonly else provenance_text(drawing.provenance.get(path)),
        note=drawing.notes.get(path),
        highlight=path in drawing.notes,
        readonly=state.readonly,
        readonly_reason=_in(state.readonly_reason, lang),
        autocomplete=question.autocomplete or _autocomplete(question),
        **{"value": value, **_particular(question, state, value, drawing)},
    )


def file_view(
    question: kinds.File, path: str, given: list[dict[str, Any]], errors: list[str], lang: Lang
) -> FieldView:
    """A file question on its own, outside of a page."""
    drawing = Drawing(
        Outcome(pages=(), fields={}, answers={}), {}, lang, errors={path: errors} if errors else {}
    )
    return field_view(FieldState(path, question, "", True, required=True), given, drawing)


def provenance_text(mark: Mapping[str, Any] | None) -> str | None:
    """Where a prefilled answer came from, for people; nothing for what they typed themselves."""
    match (mark or {}).get("source"):
        case "card":
            return str(_("マイナンバーカードの情報です"))
        case "profile":
            return str(_("登録してある情報です"))
        case "mandate":
            return str(_("委任した方の情報です"))
        case "previous":
            return str(_("前の申請から写しました"))
        case "lookup":
            return str(_("郵便番号から入れました"))
        case "staff":
            return str(_("窓口の職員が入力しました"))
        case "proxy":
            return str(_("代理の方が入力しました"))
        case "handed_in":
            return str(_("あとから提出しました"))
        case "corrected":
            return str(_("あとから直しました"))
    return None


def _label(question: AnyField, lang: Lang) -> str:
    label = question.label.in_(lang)
    return f"{label}（{question.reading}）" if lang == "easy" and question.reading else label


def _hint(state: FieldState, lang: Lang) -> str | None:
    given = [_in(state.hint, lang) or _in(state.field.hint, lang)]
    if state.field.example:
        given.append(_("例 %(example)s", example=state.field.example))
    return "\n".join(text for text in given if text) or None


def _in(text: Text | None, lang: Lang) -> str | None:
    return text.in_(lang) if text is not None else None


def _autocomplete(question: AnyField) -> str | None:
    return AUTOCOMPLETE.get(question.prefill.from_) if question.prefill else None


def _particular(question: AnyField, state: FieldState, value: Any, drawing: Drawing) -> dict[str, Any]:
    match question:
        case kinds.Group():
            return _group(question, state, value, drawing)
        case kinds.File():
            return _file(question, value, drawing)
        case kinds.Radio():
            return {"inline": len(state.options) == 2 and all(len(o.label.ja) < 8 for o in state.options)}
        case kinds.TextArea():
            return {"lines": question.lines, "max_length": question.max_length}
        case kinds.Integer() | kinds.DecimalField():
            return {"unit": _in(question.unit, drawing.lang)}
        case kinds.Money():
            return {"unit": _("円")}
        case kinds.Postal() | kinds.Address():
            return {
                "lookup": state.path in drawing.lookups,
                "candidates": drawing.candidates.get(state.path, ()),
            }
    return {}


def _group(question: kinds.Group, state: FieldState, value: Any, drawing: Drawing) -> dict[str, Any]:
    rows = value if isinstance(value, list) else []
    name = question.row.in_(drawing.lang)
    may_change = not state.readonly and drawing.only is None
    if drawing.only is not None:
        may_change = state.path in drawing.only
    return {
        "rows": [
            RowView(
                row["id"],
                list(_views(question.fields, f"{state.path}[{row['id']}].", row, drawing)),
                _("%(name)s %(n)s", name=name, n=number),
            )
            for number, row in enumerate(rows, start=1)
        ],
        "may_add": may_change and len(rows) < question.max_rows,
        "may_remove": may_change and len(rows) > question.min_rows,
        "add_label": _in(question.add, drawing.lang),
    }


def _file(question: kinds.File, value: Any, drawing: Drawing) -> dict[str, Any]:
    given = value if isinstance(value, list) else []
    urls = drawing.file_urls or (lambda item: {})
    endings = files.extensions(question)
    kinds_of_file = {
        "pdf": _("PDF"),
        "image": _("写真・画像（JPEG、PNG、HEICなど）"),
        "office": _("ワード・エクセル・パワーポイント"),
        "text": _("テキスト・CSV"),
    }
    limits = _(
        "%(types)s。1つ %(size)sまで、%(count)s個まで。",
        types=_("、").join(kinds_of_file[group] for group in question.allow),
        size=file_size(question.max_mb * files.MEGABYTE),
        count=question.max_files,
    )
    return {
        "value": [{**item, **urls(item)} for item in given if isinstance(item, Mapping)],
        "accept": ",".join(
            [f".{ending}" for ending in endings] + (["image/*"] if "image" in question.allow else [])
        ),
        "max_size": question.max_mb * files.MEGABYTE,
        "max_files": question.max_files,
        "limits": limits,
    }
