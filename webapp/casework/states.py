"""The life of a case by its kind: which states there are, and which step leads where.

This table is the whole truth; ``steps.take`` refuses what it does not list.
行政手続法: 申請 is examined and answered (7条, 8条); a 届出 is fulfilled on arrival when formally
complete and knows no acceptance (37条).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from webapp.errors import IllegalStep, InvalidInput
from webapp.yaml_source import Text

Tone = Literal["neutral", "attention", "progress", "good", "bad"]


@dataclass(frozen=True)
class State:
    """A state with the word residents read, the word staff use, and the tone of its tag."""

    key: str
    public: Text
    staff: str
    tone: Tone = "neutral"
    closed: bool = False


@dataclass(frozen=True)
class Step:
    """A legal step: from which states, to which, and what an officer must give."""

    key: str
    label: str
    origins: frozenset[str]
    target: str
    by_staff: bool = True
    needs_reasons: bool = False
    needs_message: bool = False
    is_decision: bool = False
    takes_conditions: bool = False


@dataclass(frozen=True)
class Life:
    """All states and steps of one kind."""

    kind: str
    label: Text
    initial: str
    states: Mapping[str, State]
    steps: Mapping[str, Step] = field(repr=False)

    def state(self, key: str) -> State:
        return self.states[key]

    def legal(self, status: str) -> list[Step]:
        """Return the steps that may be taken from ``status``, in table order."""
        return [step for step in self.steps.values() if status in step.origins]

    def step(self, key: str, status: str) -> Step:
        """Return the step; raises IllegalStep naming it when it may not be taken from ``status``."""
        step = self.steps.get(key)
        if step is None or status not in step.origins:
            label = step.label if step else key
            shown = self.states[status].staff if status in self.states else status
            raise IllegalStep(key, state=status, say=f"「{shown}」の案件では「{label}」はできません。")
        return step


def _text(ja: str, easy: str, en: str) -> Text:
    return Text(ja=ja, easy=easy, en=en)


RECEIVED = State("received", _text("受け付けました", "うけつけました", "Received"), "受付", tone="attention")
EXAMINING = State(
    "examining",
    _text("審査しています", "いま 書類を 見ています", "Being examined"),
    "審査中",
    tone="progress",
)
CORRECTION = State(
    "correction",
    _text(
        "直していただきたいところがあります",
        "なおして ほしい ところが あります",
        "Please correct your application",
    ),
    "補正待ち",
    tone="attention",
)
WITHDRAWN = State("withdrawn", _text("取り下げました", "とりさげました", "Withdrawn"), "取下げ", closed=True)
ACCEPTED = State(
    "accepted", _text("認められました", "みとめられました", "Accepted"), "承認", tone="good", closed=True
)
REFUSED = State(
    "refused",
    _text("認められませんでした", "みとめられませんでした", "Refused"),
    "不承認",
    tone="bad",
    closed=True,
)
COMPLETED = State(
    "completed",
    _text("手続きが終わりました", "てつづきが おわりました", "Completed"),
    "完了",
    tone="good",
    closed=True,
)
RETURNED = State(
    "returned", _text("お返ししました", "かえしました", "Returned"), "返戻", tone="bad", closed=True
)
HANDLING = State(
    "handling", _text("対応しています", "いま しらべて います", "Being handled"), "対応中", tone="progress"
)
ANSWERED = State(
    "answered",
    _text("対応が終わりました", "おわりました", "Dealt with"),
    "対応済み",
    tone="good",
    closed=True,
)
FORWARDED = State(
    "forwarded",
    _text("担当する機関に引き継ぎました", "ほかの ところに つたえました", "Passed on to the body in charge"),
    "引継ぎ済み",
    tone="good",
    closed=True,
)
CONFIRMED = State("confirmed", _text("確定しました", "きまりました", "Confirmed"), "確定", tone="good")
DECLINED = State(
    "declined",
    _text("お受けできませんでした", "できませんでした", "Declined"),
    "お断り",
    tone="bad",
    closed=True,
)
USED = State(
    "completed",
    _text("ご利用が終わりました", "つかう 日が おわりました", "The use is over"),
    "利用済み",
    closed=True,
)
CANCELLED = State("cancelled", _text("取り消しました", "とりけしました", "Cancelled"), "取消し", closed=True)


def _life(kind: str, label: Text, states: tuple[State, ...], steps: tuple[Step, ...]) -> Life:
    return Life(
        kind,
        label,
        states[0].key,
        MappingProxyType({state.key: state for state in states}),
        MappingProxyType({step.key: step for step in steps}),
    )


def _from(*origins: str) -> frozenset[str]:
    return frozenset(origins)


_OPEN = _from("received", "examining")


def _examination(first: str = "審査を始める") -> tuple[Step, ...]:
    return (
        Step("start", first, _from("received"), "examining"),
        Step("ask_correction", "補正を求める", _OPEN, "correction"),
        Step("answer_correction", "補正の提出", _from("correction"), "examining", by_staff=False),
        Step("call_off_correction", "補正の求めを取りやめる", _from("correction"), "examining"),
    )


def _withdraw(*more: str) -> Step:
    return Step(
        "withdraw", "取下げ", _from("received", "examining", "correction", *more), "withdrawn", by_staff=False
    )


_UNDECIDED = _from("received", "examining", "correction")
LIVES: Mapping[str, Life] = MappingProxyType(
    {
        "application": _life(
            "application",
            _text("申請", "もうしこみ", "Application"),
            (RECEIVED, EXAMINING, CORRECTION, ACCEPTED, REFUSED, COMPLETED, WITHDRAWN),
            (
                *_examination(),
                Step("accept", "承認する", _OPEN, "accepted", is_decision=True, takes_conditions=True),
                Step("refuse", "承認しない", _UNDECIDED, "refused", is_decision=True, needs_reasons=True),
                Step("complete", "交付・発送を済ませて完了する", _from("accepted", *_OPEN), "completed"),
                _withdraw(),
                Step(
                    "reopen",
                    "審査に戻す",
                    _from("accepted", "refused", "completed"),
                    "examining",
                    needs_reasons=True,
                ),
            ),
        ),
        "notification": _life(
            "notification",
            _text("届出", "とどけで", "Notification"),
            (RECEIVED, EXAMINING, CORRECTION, COMPLETED, RETURNED, WITHDRAWN),
            (
                *_examination("形式の確認を始める"),
                Step("complete", "届出の完了を確認する", _OPEN, "completed", is_decision=True),
                Step("return", "返戻する", _UNDECIDED, "returned", is_decision=True, needs_reasons=True),
                _withdraw(),
                Step("reopen", "確認に戻す", _from("completed", "returned"), "examining", needs_reasons=True),
            ),
        ),
        "report": _life(
            "report",
            _text("通報", "おしらせ", "Report"),
            (RECEIVED, HANDLING, ANSWERED, FORWARDED, WITHDRAWN),
            (
                Step("start", "対応を始める", _from("received"), "handling"),
                Step(
                    "answer",
                    "対応を終えて回答する",
                    _from("received", "handling"),
                    "answered",
                    is_decision=True,
                    needs_message=True,
                ),
                Step(
                    "forward",
                    "他の機関に引き継ぐ",
                    _from("received", "handling"),
                    "forwarded",
                    is_decision=True,
                    needs_message=True,
                ),
                Step("withdraw", "取下げ", _from("received", "handling"), "withdrawn", by_staff=False),
                Step("reopen", "対応に戻す", _from("answered", "forwarded"), "handling", needs_reasons=True),
            ),
        ),
        "request": _life(
            "request",
            _text("相談・申込", "そうだん・もうしこみ", "Request"),
            (RECEIVED, EXAMINING, CORRECTION, CONFIRMED, DECLINED, COMPLETED, WITHDRAWN),
            (
                *_examination("確認を始める"),
                Step(
                    "confirm", "申込みを確定する", _OPEN, "confirmed", is_decision=True, takes_conditions=True
                ),
                Step("decline", "お断りする", _UNDECIDED, "declined", is_decision=True, needs_reasons=True),
                Step("complete", "完了する", _from("confirmed", *_OPEN), "completed"),
                _withdraw("confirmed"),
                Step(
                    "reopen",
                    "確認に戻す",
                    _from("confirmed", "declined", "completed"),
                    "examining",
                    needs_reasons=True,
                ),
            ),
        ),
        "booking": _life(
            "booking",
            _text("予約", "よやく", "Booking"),
            (RECEIVED, CONFIRMED, DECLINED, CANCELLED, USED),
            (
                Step(
                    "confirm",
                    "予約を確定する",
                    _from("received"),
                    "confirmed",
                    is_decision=True,
                    takes_conditions=True,
                ),
                Step(
                    "decline",
                    "お断りする",
                    _from("received"),
                    "declined",
                    is_decision=True,
                    needs_reasons=True,
                ),
                Step("withdraw", "取消し", _from("received", "confirmed"), "cancelled", by_staff=False),
                Step(
                    "cancel",
                    "予約を取り消す",
                    _from("received", "confirmed"),
                    "cancelled",
                    needs_reasons=True,
                ),
                Step("complete", "利用済みにする", _from("confirmed"), "completed"),
                Step("reopen", "受付に戻す", _from("declined"), "received", needs_reasons=True),
            ),
        ),
    }
)


def life(kind: str) -> Life:
    """Return the life of ``kind``; raises InvalidInput for an unknown kind."""
    try:
        return LIVES[kind]
    except KeyError:
        raise InvalidInput(f"unknown kind of case: {kind}", field="kind") from None


def state_of(kind: str, status: str) -> State:
    """Return the state of a case of ``kind`` that stands at ``status``."""
    return life(kind).state(status)
