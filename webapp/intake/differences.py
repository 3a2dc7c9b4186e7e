"""What a new version of a procedure changes, in sentences a clerk and a resident can read."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from webapp.form_engine.fields import AnyField, Choice
from webapp.form_engine.model import Definition
from webapp.yaml_source import Lang, Text

Kind = Literal[
    "page_added",
    "page_removed",
    "question_added",
    "question_removed",
    "question_renamed",
    "question_moved",
    "kind_changed",
    "now_required",
    "no_longer_required",
    "rule_changed",
    "option_added",
    "option_removed",
    "fee_changed",
    "text_changed",
]

SENTENCES: dict[Kind, Text] = {
    "page_added": Text(
        ja="ページ「{0}」が加わりました", easy="ページ「{0}」が ふえました", en='Page "{0}" was added'
    ),
    "page_removed": Text(
        ja="ページ「{0}」がなくなりました", easy="ページ「{0}」が なくなりました", en='Page "{0}" was removed'
    ),
    "question_added": Text(
        ja="質問「{0}」が加わりました", easy="しつもん「{0}」が ふえました", en='Question "{0}" was added'
    ),
    "question_removed": Text(
        ja="質問「{0}」がなくなりました",
        easy="しつもん「{0}」が なくなりました",
        en='Question "{0}" was removed',
    ),
    "question_renamed": Text(
        ja="質問「{0}」が「{1}」に変わりました",
        easy="しつもん「{0}」が「{1}」に かわりました",
        en='Question "{0}" is now "{1}"',
    ),
    "question_moved": Text(
        ja="質問「{0}」がページ「{1}」に移りました",
        easy="しつもん「{0}」は ページ「{1}」に あります",
        en='Question "{0}" moved to page "{1}"',
    ),
    "kind_changed": Text(
        ja="質問「{0}」の答え方が変わりました",
        easy="「{0}」の こたえかたが かわりました",
        en='"{0}" is answered differently',
    ),
    "now_required": Text(
        ja="「{0}」は必ず答える質問になりました",
        easy="「{0}」は かならず こたえて ください",
        en='"{0}" is now required',
    ),
    "no_longer_required": Text(
        ja="「{0}」は答えなくてもよくなりました",
        easy="「{0}」は こたえなくても いいです",
        en='"{0}" is now optional',
    ),
    "rule_changed": Text(
        ja="「{0}」の書き方の決まりが変わりました",
        easy="「{0}」の きまりが かわりました",
        en='The rules of "{0}" changed',
    ),
    "option_added": Text(
        ja="「{0}」に選択肢「{1}」が加わりました",
        easy="「{0}」に「{1}」が ふえました",
        en='"{0}" has the new choice "{1}"',
    ),
    "option_removed": Text(
        ja="「{0}」の選択肢「{1}」がなくなりました",
        easy="「{0}」の「{1}」が なくなりました",
        en='"{0}" lost the choice "{1}"',
    ),
    "fee_changed": Text(ja="かかるお金が変わりました", easy="おかねが かわりました", en="The fee changed"),
    "text_changed": Text(
        ja="説明の文が変わりました", easy="せつめいが かわりました", en="Explanations changed"
    ),
}


@dataclass(frozen=True)
class Difference:
    """One change: its kind, the question it concerns, and the words of its sentence."""

    kind: Kind
    path: str
    words: tuple[Text, ...] = ()

    def text(self, lang: Lang) -> str:
        """The change as a sentence."""
        return SENTENCES[self.kind].in_(lang).format(*(word.in_(lang) for word in self.words))


def differences(old: Definition, new: Definition) -> list[Difference]:
    """Every change from ``old`` to ``new`` that a reader of the form can notice, in the order of the form."""
    if old.version == new.version:
        return []
    found = [*_pages(old, new), *_questions(old, new)]
    if _plain(old.fee) != _plain(new.fee):
        found.append(Difference("fee_changed", ""))
    return found or [Difference("text_changed", "")]


def _pages(old: Definition, new: Definition) -> Iterator[Difference]:
    before, after = ({page.key: page for page in form.pages} for form in (old, new))
    for key, page in after.items():
        if key not in before:
            yield Difference("page_added", key, (page.title,))
    for key, page in before.items():
        if key not in after:
            yield Difference("page_removed", key, (page.title,))


def _questions(old: Definition, new: Definition) -> Iterator[Difference]:
    before, after = old.fields, new.fields
    for path, question in after.items():
        if path not in before:
            yield Difference("question_added", path, (question.label,))
        else:
            yield from _question(path, before[path], question)
            yield from _moved(path, old, new)
    for path, question in before.items():
        if path not in after:
            yield Difference("question_removed", path, (question.label,))


def _question(path: str, old: AnyField, new: AnyField) -> Iterator[Difference]:
    if old.label.ja != new.label.ja:
        yield Difference("question_renamed", path, (old.label, new.label))
    if old.type != new.type:
        yield Difference("kind_changed", path, (new.label,))
        return
    if old.required != new.required:
        yield Difference(
            "no_longer_required" if new.required is False else "now_required", path, (new.label,)
        )
    if isinstance(old, Choice) and isinstance(new, Choice):
        yield from _options(path, old, new)
    if _rules(old) != _rules(new):
        yield Difference("rule_changed", path, (new.label,))


def _options(path: str, old: Choice, new: Choice) -> Iterator[Difference]:
    before, after = ({option.value: option.label for option in form.options} for form in (old, new))
    for value, label in after.items():
        if value not in before:
            yield Difference("option_added", path, (new.label, label))
    for value, label in before.items():
        if value not in after:
            yield Difference("option_removed", path, (new.label, label))


def _moved(path: str, old: Definition, new: Definition) -> Iterator[Difference]:
    before, after = old.page_of.get(path), new.page_of.get(path)
    if before is not None and after is not None and before.key != after.key:
        yield Difference("question_moved", path, (new.fields[path].label, after.title))


_TEXTS = {
    *("label", "hint", "help", "example", "reading", "note", "messages", "row", "add"),
    *("required", "options", "fields"),
}


def _rules(question: AnyField) -> dict[str, object]:
    return question.model_dump(mode="json", exclude=_TEXTS)


def _plain(part: object) -> object:
    return part.model_dump(mode="json") if hasattr(part, "model_dump") else part
