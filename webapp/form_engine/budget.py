"""The budget of a benefit: what is left decides whether one more application is taken."""

from __future__ import annotations

from webapp.form_engine.model import Definition
from webapp.form_engine.outcome import Context, Fee, Stop
from webapp.yaml_source import Text

SPENT = Text(
    ja="予算の上限に達したため、今年度の受付を終わりました。",
    easy="お金が なくなりました。今年度は もう うけつけません。",
    en="This year's budget is used up, so applications are closed.",
)


def stops(definition: Definition, benefit: Fee | None, context: Context) -> list[Stop]:
    """Stop online where the benefit is more than what is left; nothing is promised in part.

    Paper that staff enter is not stopped: it has arrived and needs an answer. Without a known rest
    (``Context.budget_left`` None) nothing is decided.
    """
    rule, left = definition.budget, context.budget_left
    if rule is None or left is None or context.channel not in ("web", "line"):
        return []
    asked = (benefit.total if benefit else None) or 1
    return [Stop("budget", rule.reason or SPENT, rule.instead)] if asked > left else []
