"""The three steps of paying online: begin (commit), the port's start (nothing open), store (commit).

A crash between any two is repaired by beginning again: the row keeps its key and its request, so the
provider is asked for the very same thing.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp import clock
from webapp.db import new_token
from webapp.errors import IllegalStep, InvalidInput, NotFound
from webapp.payment import charges, states
from webapp.payment.models import Charge, PaymentAttempt
from webapp.ports.payment import Method, Order, OrderLine, Started

PAGE_LIFE = timedelta(minutes=60)
LEAST_TIME = timedelta(minutes=1)
KONBINI_LIMIT_YEN = 300_000
KONBINI_DAYS = 7
_SAY = {
    "nothing": "この料金は、いまお支払いいただくものがありません。",
    "blocked": "金額を確認しています。確認が終わるとお知らせします。",
    "desk": "この料金は、窓口でお支払いください。",
    "late": "お支払いの期限を過ぎました。もう一度お申し込みください。",
}


@dataclass(frozen=True)
class Addresses:
    """Where the provider sends the payer back to."""

    return_url: str
    cancel_url: str


Step = Literal["start", "go", "end_first"]


@dataclass(frozen=True)
class Begun:
    """What to do next: ``start`` at the port, ``go`` to the open page, or ``end_first`` the old try."""

    attempt: PaymentAttempt
    order: Order
    step: Step


def begin(
    session: Session,
    charge: Charge,
    *,
    provider: str,
    methods: Sequence[Method],
    addresses: Addresses,
    lang: str = "ja",
) -> Begun:
    """Return the one open attempt of a charge, making it if there is none.

    Raises IllegalStep when nothing is left to pay, the charge is cancelled or blocked, or its time is
    over; InvalidInput when no method remains.
    """
    charge = charges.lock(session, charge.id)
    old = charges.open_attempt(charge)
    if old is not None:
        return Begun(old, order_of(old), _next_step(charge, old, provider))
    _may_be_paid(charge)
    usable = usable_methods(charge, methods)
    if not usable:
        raise InvalidInput("no payment method is left for this charge", field="method", say=_SAY["desk"])
    attempt = _fix(charge, provider, usable, addresses, lang)
    charge.attempts.append(attempt)
    charges.restate(charge)
    session.flush()
    return Begun(attempt, order_of(attempt), "start")


def store_started(session: Session, attempt: PaymentAttempt, started: Started) -> PaymentAttempt:
    """Keep what the provider answered; the second of two answers to one key changes nothing."""
    charges.lock(session, attempt.charge_id)
    attempt = get(session, attempt.id)
    attempt.provider_id = started.provider_id
    attempt.redirect_url = started.redirect_url
    if attempt.status in ("created", "started"):
        states.step_attempt(attempt, "start")
    session.flush()
    return attempt


def abandon(session: Session, attempt: PaymentAttempt, *, why: str) -> PaymentAttempt:
    """End an attempt the provider never took, or says is over. Money may still come; it is then late."""
    charge = charges.lock(session, attempt.charge_id)
    attempt = get(session, attempt.id)
    states.step_attempt(attempt, "refuse" if attempt.status == "created" else "abandon")
    attempt.failure = why
    attempt.ended_at = clock.now()
    charges.restate(charge)
    session.flush()
    return attempt


def get(session: Session, attempt_id: int) -> PaymentAttempt:
    """Read an attempt anew; raises NotFound."""
    attempt = session.get(PaymentAttempt, attempt_id, populate_existing=True)
    if attempt is None:
        raise NotFound(f"attempt {attempt_id}")
    return attempt


def find(session: Session, provider: str, provider_id: str, reference: str) -> PaymentAttempt | None:
    """Find the attempt a truth speaks of: by the provider's id, or by our key when a crash lost that."""
    statement = select(PaymentAttempt).where(PaymentAttempt.provider == provider)
    found = session.scalars(statement.where(PaymentAttempt.provider_id == provider_id)).one_or_none()
    if found is None and reference:
        found = session.scalars(
            statement.where(PaymentAttempt.key == reference, PaymentAttempt.provider_id.is_(None))
        ).one_or_none()
    return found


def usable_methods(charge: Charge, methods: Sequence[Method]) -> list[Method]:
    """Leave out what the charge does not allow, and the konbini above 300,000 yen or past its last day."""
    konbini = charge.open_yen < KONBINI_LIMIT_YEN and konbini_days(charge) >= 1
    allowed = [method for method in methods if charge.methods is None or method in charge.methods]
    return [method for method in allowed if method != "konbini" or konbini]


def konbini_days(charge: Charge) -> int:
    """How many days a konbini slip may run (to 23:59:59 Tokyo); 0 when there is no time for one."""
    last_day = charge.konbini_until if charge.pay_before else charge.due_on
    if last_day is None:
        return 0 if charge.pay_before else KONBINI_DAYS
    return max(0, min((last_day - clock.today()).days, KONBINI_DAYS))


def order_of(attempt: PaymentAttempt) -> Order:
    """The order as it was fixed before the first call."""
    fixed: dict[str, Any] = dict(attempt.request)
    fixed.pop("till", None)
    fixed["lines"] = tuple(OrderLine(**line) for line in fixed["lines"])
    fixed["methods"] = tuple(fixed["methods"])
    for instant in ("opened_at", "expires_at"):
        fixed[instant] = datetime.fromisoformat(fixed[instant])
    return Order(**fixed)


def _may_be_paid(charge: Charge) -> None:
    if charge.open_yen <= 0 or charge.cancelled_at is not None:
        raise IllegalStep("begin", state=charge.status, say=_SAY["nothing"])
    if charge.blocked:
        raise IllegalStep("begin", state="blocked", say=_SAY["blocked"])
    if charge.pay_before is not None and charge.pay_before - clock.now() < LEAST_TIME:
        raise IllegalStep("begin", state="late", say=_SAY["late"])


def _next_step(charge: Charge, attempt: PaymentAttempt, provider: str) -> Step:
    gone = charge.cancelled_at is not None or attempt.amount_yen != charge.open_yen
    if gone or attempt.provider != provider:
        return "end_first"
    if attempt.status == "pending":
        return "go"
    if attempt.expires_at <= clock.now():
        return "end_first"
    return "go" if attempt.redirect_url else "start"


def _fix(
    charge: Charge, provider: str, methods: Sequence[Method], addresses: Addresses, lang: str
) -> PaymentAttempt:
    moment = clock.now().replace(microsecond=0)
    expires_at = moment + PAGE_LIFE
    if charge.pay_before is not None:
        expires_at = min(expires_at, charge.pay_before)
    key = "pay_" + new_token(18)
    order = Order(
        key=key,
        account=charge.payee,
        amount_yen=charge.open_yen,
        title=in_language(charge.title, lang),
        lines=_order_lines(charge, lang),
        methods=tuple(methods),
        return_url=addresses.return_url,
        cancel_url=addresses.cancel_url,
        opened_at=moment,
        expires_at=expires_at,
        reference=key,
        email=charge.payer.get("email") or None,
        lang=lang,
        konbini_days=max(1, konbini_days(charge)),
    )
    request = asdict(order) | {"opened_at": moment.isoformat(), "expires_at": expires_at.isoformat()}
    return PaymentAttempt(
        key=key,
        provider=provider,
        account=order.account,
        amount_yen=order.amount_yen,
        methods=list(methods),
        request=request,
        status="created",
        expires_at=expires_at,
        created_at=moment,
    )


def _order_lines(charge: Charge, lang: str) -> tuple[OrderLine, ...]:
    """The charge's lines when they add up to what is open, else one line for the difference."""
    if charge.open_yen == charge.lines_yen:
        return tuple(OrderLine(in_language(line.label, lang), line.amount_yen) for line in charge.lines)
    return (OrderLine(in_language(charge.title, lang), charge.open_yen),)


def in_language(text: dict[str, Any], lang: str) -> str:
    """One language of a stored Text, falling back to Japanese."""
    if lang == "ja@easy":
        lang = "easy"
    return str(text.get(lang) or text.get("ja") or "")
