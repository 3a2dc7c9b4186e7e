"""What an officer ticks and writes to take a booking beyond its limits."""

from collections.abc import Mapping

TRIAL = "確認"
"""Why a trial passes limits: it is taken back."""


def read(form: Mapping[str, str]) -> str:
    """The reason, once the box is ticked; else nothing, and the limits hold."""
    return form.get("beyond_reason", "").strip() if form.get("beyond") == "yes" else ""


def mistake(form: Mapping[str, str]) -> tuple[str, str]:
    """(control, what to do) while limits are neither kept nor knowingly passed."""
    if form.get("beyond") == "yes":
        return "beyond_reason", "上限をこえて受け付ける理由を書いてください。"
    return "beyond", "上限をこえます。それでも受け付けるときは、しるしを付けて理由を書いてください。"
