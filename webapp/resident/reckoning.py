"""The steps of a price in the reader's language; the engine writes them in the ordinance's Japanese."""

import re

from flask_babel import gettext as _

from webapp.web.languages import lang

PRODUCT = re.compile(r"^(?P<yen>[\d,]+)円×(?P<count>[\d.,/]+)(?P<unit>\D*)$")
ROUNDED = re.compile(r"^(?P<yen>\d+)円未満(?P<mode>切り捨て|切り上げ|四捨五入)$")
YEN = re.compile(r"([\d,.]+)円")


def reckoning(operation: str) -> str:
    """「1,910円×1区分」 as `¥1,910 × 1 period`; what has another form keeps it, with its yen as `¥`."""
    if lang() == "ja":
        return operation
    if product := PRODUCT.match(operation):
        unit = _units().get(product["unit"], product["unit"])
        return f"{_yen(product['yen'])} × {product['count']} {unit}".rstrip()
    if rounded := ROUNDED.match(operation):
        modes = {
            "切り捨て": _("%(yen)s未満は切り捨て", yen=_yen(rounded["yen"])),
            "切り上げ": _("%(yen)s未満は切り上げ", yen=_yen(rounded["yen"])),
            "四捨五入": _("%(yen)s未満は四捨五入", yen=_yen(rounded["yen"])),
        }
        return str(modes[rounded["mode"]])
    return YEN.sub(lambda found: _yen(found[1]), operation)


def _yen(figure: str) -> str:
    return f"¥{figure}" if lang() == "en" else f"{figure}円"


def _units() -> dict[str, str]:
    return {
        "区分": _("つの時間帯"),
        "時間": _("時間"),
        "回": _("回"),
        "日": _("日間"),
        "泊": _("泊"),
        "人": _("人"),
        "人・時間": _("人・時間"),
        "㎡・時間": _("㎡・時間"),
        "㎡・日": _("㎡・日"),
    }
