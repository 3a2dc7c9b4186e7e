"""Notices, messages of unknown fate and open questions of the crawl."""

from __future__ import annotations

from sqlalchemy.orm import Session

from tests.fakes.outbox import wish
from tests.proofs import hostile
from tests.proofs.crawl_town import Town
from webapp.chat import open_questions
from webapp.messaging import broadcasts
from webapp.messaging.broadcasts import Draft
from webapp.outbox import relay
from webapp.outbox.enqueue import enqueue
from webapp.yaml_source import Text


def furnish(session: Session, town: Town) -> None:
    """Write notices in each state, lose two messages, stop a channel, leave questions unanswered."""
    city, author = town.services.city, town.actor("publicist")
    words = Text(ja=hostile.MARKUP[0])
    for turn in range(3):
        row = broadcasts.save(session, Draft(city.topics[0].key, words, words), city, author)
        if turn:
            broadcasts.ask(session, row, author, line_on=True)
        town.desk += [f"/staff/broadcasts/{row.id}", *([] if turn else [f"/staff/broadcasts/{row.id}/edit"])]
    for number in range(2):
        key = f"crawl-{number}"
        enqueue(session, "tell", {"n": number}, lane="transactional", dedupe_key=key, channel="line")
        lost = wish(session, key)
        lost.status, lost.template = "unknown", "decided@1"
        open_questions.collect(session, hostile.MARKUP[number], channel="web", lang="ja")
    relay.pause_channel(session, "line", hostile.MARKUP[2])
