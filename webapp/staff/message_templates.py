"""What cases and bookings say to people: every template with its samples, as LINE and mail will show them."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template

from webapp.errors import NotFound
from webapp.messaging import line_lint, line_message, mail_message, templates
from webapp.messaging.mail_message import Contact, MailParts
from webapp.messaging.templates import Template
from webapp.staff import outbox_words
from webapp.web.guards import staff_required
from webapp.web.services import services
from webapp.yaml_source import LANGS, Lang

blueprint = Blueprint("message_templates", __name__, url_prefix="/message-templates")
MAY_SEE = ("message.broadcast", "message.approve", "content.manage")
SAMPLE_NAME = "見本　花子"
SAMPLE_REFERENCE = "26-0000-0000"


@dataclass(frozen=True)
class Preview:
    """One sample in one language; ``line`` is the words of the bubble, the button last."""

    lang: Lang
    subject: str
    mail: str
    line: list[str]
    complaints: list[str]


@blueprint.get("")
@staff_required(*MAY_SEE)
def overview() -> str:
    """List the templates."""
    listed = sorted(templates.load().templates.values(), key=lambda template: template.id)
    return render_template(
        "staff/message_templates_overview.html", templates=listed, lanes=outbox_words.LANE_WORDS
    )


@blueprint.get("/<name>")
@staff_required(*MAY_SEE)
def show(name: str) -> str:
    """Show every sample of one template in three languages."""
    template = templates.load().templates.get(name)
    if template is None:
        raise NotFound(f"template {name}")
    return render_template(
        "staff/message_templates_show.html",
        template=template,
        samples=[[_preview(template, sample, lang) for lang in LANGS] for sample in template.samples],
        lanes=outbox_words.LANE_WORDS,
    )


def _preview(template: Template, sample: dict[str, object], lang: Lang) -> Preview:
    library, city = templates.load(), services().city
    url = services().links["home"]()
    values = {**sample, "city": city.name.in_(lang), "name": SAMPLE_NAME, "reference": SAMPLE_REFERENCE}
    contact = Contact(city.front_desk.name, city.front_desk.tel, city.front_desk.email or "")
    subject, body = mail_message.render(
        template, library.frame, library.placeholders, MailParts(lang, values, url, contact)
    )
    messages = line_message.render(
        template, library.frame, library.placeholders, lang=lang, values=values, url=url,
        city=city.name.in_(lang),
    )  # fmt: skip
    bubble = messages[0]["contents"]
    words = [part["text"] for part in bubble["body"]["contents"]]
    words += [f"［{part['action']['label']}］" for part in bubble.get("footer", {}).get("contents", [])]
    return Preview(lang, subject, body, words, line_lint.complaints(messages))
