"""Why a booking was refused, in the reader's language.

Services say it in Japanese with their figures; readers of the other languages get a sentence for the same
rule, with the first figure of the Japanese one.
"""

import math
import re

from flask_babel import gettext as _

from webapp.booking.errors import NotAllowed, Taken, TooManySlots
from webapp.web.languages import lang

FIGURE = re.compile(r"\d+")


def say(refused: NotAllowed | Taken) -> str:
    """One sentence that names the rule and what to do instead."""
    told = refused.say or ""
    if lang() == "ja":
        return told
    if isinstance(refused, Taken):
        return str(_("申し訳ありません。先にほかの方が予約しました。"))
    figure = FIGURE.search(told)
    return _sentences(figure[0] if figure else "").get(refused.rule) or otherwise()


def stopped(many: TooManySlots) -> str:
    """Why no more can be held just now, and what to do."""
    minutes = math.ceil(many.retry_after / 60)
    if many.rule == "hold.at_once":
        return str(
            _(
                "一度にお取りできるのは%(n)sコマまでです。下の予約を確定するか、やめてから、もう一度お選びください。",
                n=many.figure,
            )
        )
    if many.rule == "hold.here":
        return str(
            _(
                "お使いの回線から、確定していない予約が続いています。サインインすると、すぐに予約できます。"
                "サインインしないときは、%(n)s分ほど待つか、下の番号にお電話ください。",
                n=minutes,
            )
        )
    return str(
        _(
            "短いあいだに多くの時間が選ばれました。%(n)s分ほど待つか、下の番号にお電話ください。",
            n=minutes,
        )
    )


def otherwise() -> str:
    """A refusal whose rule is not known here."""
    return str(_("この内容では予約できません。日や時間を変えるか、施設にお電話ください。"))


def _sentences(n: str) -> dict[str, str]:
    phone = _("施設にお電話ください。")
    return {
        "day": _("年・月・日を、実際にある日付で入れてください。"),
        "start": _("始まる時刻を選び直してください。"),
        "end": _("終わる時刻は、始まる時刻より後を選んでください。"),
        "bands": _("続いた時間帯を選んでください。間を空けるときは、予約を2つに分けてください。"),
        "hours": _("開館時間の中で、時間を選び直してください。"),
        "max_hours": _("1回に使えるのは%(n)s時間までです。", n=n),
        "active": _("利用前の予約は%(n)s件までです。使い終わってからお申し込みください。", n=n),
        "per_month": _("同じ月に予約できるのは%(n)s件までです。ほかの月をお選びください。", n=n),
        "bands_per_month": _(
            "同じ月に予約できるのは%(n)sつの時間帯までです。ほかの月をお選びください。", n=n
        ),
        "consecutive": _("続けて使えるのは%(n)s日までです。日を空けてお選びください。", n=n),
        "cancellations": _("取消しが多いため、いまは予約できません。") + " " + phone,
        "capacity": _("使う人数が定員を超えています。広い部屋をお選びください。"),
        "min_persons": _("使う人数が足りません。この部屋は大きな団体で使えます。"),
        "extended": _("延長は1回までです。入力を続けて、時間内に確定してください。"),
        "too_many": _("一度に選べるのは%(n)s日までです。", n=n),
        "weekly": _("この施設では、曜日を決めた定期の利用はできません。日を選び直してください。"),
        "price_changed": _("料金が変わりました。もう一度内容を確かめてください。"),
        "refund_changed": _("お返しする額が変わりました。もう一度内容を確かめてください。"),
        "change_over": _("変更できる期限を過ぎました。") + " " + phone,
        "changes": _("変更できるのは%(n)s回までです。", n=n) + " " + phone,
        "approval": _("この変更には審査が必要です。施設の窓口でお申し込みください。"),
        "payment_under_way": _(
            "お支払いの手続きの途中です。支払いを済ませるか、1時間ほどたってから変更してください。"
        ),
        "started": _("利用の開始を過ぎたため、取り消せません。") + " " + phone,
        "online_over": _("インターネットで取り消せる期限を過ぎました。施設の窓口にお電話ください。"),
        "no_price": _("この使い方の料金は表にありません。施設の窓口でお申し込みください。"),
        "too_late": _("申込みの期限を過ぎました。施設にお電話ください。"),
        "too_early": _("受付はまだ始まっていません。"),
        "closed_day": _("休館日です。ほかの日をお選びください。"),
        "past": _("過ぎた日時です。これからの日時をお選びください。"),
        "registration_expires": _("利用者登録の期限より後の日です。"),
    }
