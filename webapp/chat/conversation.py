"""What happens on an event of LINE: the state it changes and the messages that answer it.

Runs inside one transaction and speaks to nobody; answers leave through the outbox.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl

from sqlalchemy.orm import Session

from webapp import clock
from webapp.chat import open_questions, tapping
from webapp.chat.pieces import Message, hit, menu_taps, page, say, text
from webapp.chat.search import Finder
from webapp.city import City
from webapp.errors import InvalidInput
from webapp.messaging import line_menu, linking, one_time_links, try_out, webhook
from webapp.messaging.garbage import GarbageCalendar
from webapp.messaging.line_reply import LINK_TOKEN
from webapp.messaging.models import LineAccount
from webapp.messaging.topics import of, owner_of
from webapp.yaml_source import LANGS, Lang

ROAD_REPORT: Final = "road-report"


@dataclass(frozen=True)
class ChatHouse:
    """What the chat knows. ``links`` return absolute addresses."""

    city: City
    finder: Finder
    links: Mapping[str, Callable[..., str]]
    garbage: GarbageCalendar | None = None


@dataclass(frozen=True)
class Answer:
    """Messages for one user; ``needs_link_token`` when the reply handler must fetch one first."""

    user_id: str
    messages: tuple[Message, ...]
    needs_link_token: bool = False


def respond(session: Session, event: Mapping[str, Any], house: ChatHouse) -> Answer | None:
    """Act on one event and return what to answer; None for events that need no answer.

    Unknown events are ignored. Old follow and unfollow events do not undo newer ones.
    """
    source = event.get("source")
    user_id = source.get("userId") if isinstance(source, dict) else None
    kind, at = str(event.get("type")), int(event.get("timestamp") or 0)
    if not isinstance(user_id, str) or not user_id:
        return None
    if kind == "unsend":
        unsent = event.get("unsend")
        webhook.forget(session, str(unsent.get("messageId") if isinstance(unsent, dict) else ""))
        return None
    account = linking.account_of(session, user_id, at)
    if kind in ("follow", "unfollow"):
        return _followed(account, kind == "follow", at, house)
    if event.get("mode") == "standby":
        return None
    account.reachable = True
    lang = lang_of(account)
    messages, needs_token = _speak(session, event, kind, account, house, lang)
    return Answer(user_id, tuple(messages[:5]), needs_token) if messages else None


def lang_of(account: LineAccount) -> Lang:
    """Return the language of this talk."""
    return next((lang for lang in LANGS if lang == account.lang), "ja")


def _speak(
    session: Session, event: Mapping[str, Any], kind: str, account: LineAccount, house: ChatHouse, lang: Lang
) -> tuple[list[Message], bool]:
    if kind == "message":
        message = event.get("message")
        if isinstance(message, dict) and message.get("type") == "text":
            words = str(message.get("text", ""))
            if code := try_out.code_in(words):
                done = try_out.register(session, account, code)
                return [text(say("try_phone" if done else "link_failed", lang))], False
            return search(session, words, house, lang, channel="line"), False
        return [_report(session, account, house, lang, "photo")], False
    if kind == "postback":
        postback = event.get("postback")
        data = dict(parse_qsl(str(postback.get("data", "")))) if isinstance(postback, dict) else {}
        return _tapped(session, data, account, house, lang)
    if kind == "accountLink":
        return _linked(session, event, account, lang), False
    return [], False


def _followed(account: LineAccount, follows: bool, at: int, house: ChatHouse) -> Answer | None:
    if at < account.seen_event_ms:
        return None
    account.seen_event_ms = at
    account.reachable = follows
    if not follows:
        account.unfollowed_at = clock.now()
        return None
    account.followed_at, account.unfollowed_at = clock.now(), None
    lang = lang_of(account)
    taps = [("やさしい日本語", "lang=easy"), ("English", "lang=en"), *menu_taps(lang)]
    return Answer(account.user_id, (text(say("greeting", lang), taps),))


def search(session: Session, words: str, house: ChatHouse, lang: Lang, *, channel: str) -> list[Message]:
    """Answer plain words with what the city's data say; collect what has no answer for staff."""
    hits = house.finder.find(words)
    if not hits:
        open_questions.collect(session, words, channel=channel, lang=lang)
        front = house.city.front_desk
        hours = front.hours or house.city.hours
        lines = [
            say("nothing", lang),
            f"{say('tel', lang)} {front.tel}",
            f"{say('hours', lang)} {hours.in_(lang)}",
        ]
        return [text("\n".join(lines), menu_taps(lang))]
    city = house.city.name.in_(lang)
    return [text(say("found", lang)), *(hit(city, found, lang) for found in hits[:4])]


def _tapped(
    session: Session, data: Mapping[str, str], account: LineAccount, house: ChatHouse, lang: Lang
) -> tuple[list[Message], bool]:
    city = house.city.name.in_(lang)
    if data.get("lang") in LANGS:
        account.lang = data["lang"]
        now = lang_of(account)
        line_menu.change(session, account, now)
        return [text(say("greeting" if now == "ja" else "language", now), menu_taps(now))], False
    if "topic" in data:
        return tapping.topic_tapped(session, data, owner_of(account), house.city, lang), False
    match data.get("do"):
        case "search":
            return [text(say("ask", lang))], False
        case "topics":
            chosen = {choice.topic for choice in of(session, owner_of(account))}
            return [tapping.topics_message(house.city, chosen, lang)], False
        case "garbage":
            return [_garbage(session, account, house, lang)], False
        case "procedures":
            return [page(city, say("procedures", lang), say("open", lang), house.links["my"]())], False
        case "bookings":
            return [page(city, say("bookings", lang), say("open", lang), house.links["facilities"]())], False
        case "report":
            return [_report(session, account, house, lang, "report")], False
        case "person":
            front = house.city.front_desk
            hours = (front.hours or house.city.hours).in_(lang)
            lines = [say("person", lang), f"{say('tel', lang)} {front.tel}", f"{say('hours', lang)} {hours}"]
            return [text("\n".join(lines))], False
        case "link":
            url = house.links["line_link"]() + LINK_TOKEN
            return [page(city, say("link", lang), say("link_button", lang), url)], True
    return [text(say("ask", lang), menu_taps(lang))], False


def _report(session: Session, account: LineAccount, house: ChatHouse, lang: Lang, words: str) -> Message:
    args = {"slug": ROAD_REPORT, "line_user_id": account.user_id}
    token = one_time_links.make(session, "report", args, resident_id=account.resident_id)
    url = house.links["open_link"](token=token)
    return page(house.city.name.in_(lang), say(words, lang), say("report_button", lang), url)


def _linked(session: Session, event: Mapping[str, Any], account: LineAccount, lang: Lang) -> list[Message]:
    link = event.get("link")
    if not isinstance(link, dict) or link.get("result") != "ok":
        return [text(say("link_failed", lang))]
    try:
        linking.complete(session, account.user_id, str(link.get("nonce", "")), account.seen_event_ms)
    except InvalidInput:
        return [text(say("link_failed", lang))]
    return [text(say("linked", lang))]


def _garbage(session: Session, account: LineAccount, house: ChatHouse, lang: Lang) -> Message:
    areas = [c.area for c in of(session, owner_of(account)) if c.topic == "garbage" and c.area]
    if house.garbage is None or not areas:
        return text(say("garbage_none", lang), [(say("menu_topics", lang), "topic=garbage")])
    lines: list[str] = []
    for key in areas:
        area = house.city.area(key)
        lines.append(area.name.in_(lang) if area else key)
        for day, kinds in house.garbage.next_days(key, clock.today()):
            weekday = f"{day:%a}" if lang == "en" else "月火水木金土日"[day.weekday()]
            lines.append(
                f"{day.month}/{day.day} ({weekday}) " + "・".join(kind.name.in_(lang) for kind in kinds)
            )
    return text("\n".join(lines))
