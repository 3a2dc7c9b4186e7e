"""Templates are data: all load, all render in every language, and none can leak to LINE."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from webapp.errors import InvalidInput
from webapp.messaging import line_message, mail_message, templates
from webapp.messaging.filling import fill
from webapp.messaging.mail_message import Contact, MailParts
from webapp.yaml_source import LANGS, Lang, SourceErrors, Text

LIBRARY = templates.load()
EVENTS = sorted(LIBRARY.templates)
PRIVATE = {"name": "見本花子", "reference": "26-4839-1572", "city": "みほん市"}


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("lang", LANGS)
def test_every_sample_of_every_template_renders_as_mail(event: str, lang: Lang) -> None:
    template = LIBRARY.template(event)
    for sample in template.samples:
        LIBRARY.check(event, sample)
        parts = MailParts(
            lang, {**sample, **PRIVATE}, "https://mihon.example/x", Contact(Text(ja="市民課"), "000")
        )
        subject, body = mail_message.render(template, LIBRARY.frame, LIBRARY.placeholders, parts)
        assert "{" not in subject + body
        assert "https://mihon.example/x" in body
        assert template.why.in_(lang) in body
        assert "市民課" in body


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("lang", LANGS)
def test_no_private_word_of_any_sample_reaches_line(event: str, lang: Lang) -> None:
    template = LIBRARY.template(event)
    for sample in template.samples:
        messages = line_message.render(
            template, LIBRARY.frame, LIBRARY.placeholders,
            lang=lang, values={**sample, **PRIVATE}, url="https://mihon.example/l/x", city="みほん市",
        )  # fmt: skip
        text = str(messages)
        leaked = [
            v for v in (*sample.values(), "見本花子", "26-4839-1572") if str(v) in text and str(v) != ""
        ]
        assert leaked == []
        assert template.why.in_(lang) in text


def test_a_private_placeholder_refuses_to_render_for_line() -> None:
    with pytest.raises(InvalidInput, match="may not go to LINE"):
        fill("{procedure}", {"procedure": "p"}, LIBRARY.placeholders, "ja", public_only=True)


def test_a_template_with_a_private_word_for_line_does_not_load(tmp_path: Path) -> None:
    folder = tmp_path / "messages"
    shutil.copytree(templates.FOLDER, folder)
    file = folder / "paid.yaml"
    file.write_text(
        file.read_text().replace("お支払いを確認しました。, easy", '"{procedure}を確認しました。", easy')
    )
    with pytest.raises(SourceErrors, match=r"paid\.yaml:\d+:\d+: private placeholder procedure"):
        templates.load(folder)


def test_an_unknown_or_missing_placeholder_is_refused_before_anything_is_written() -> None:
    with pytest.raises(InvalidInput, match="unknown"):
        LIBRARY.check("received", {"procedure": "p", "colour": "red"})
    with pytest.raises(InvalidInput, match="missing"):
        LIBRARY.check("payment_wanted", {"procedure": "p"})


def test_a_condition_keeps_its_words_only_when_the_value_is_there() -> None:
    text = "a{?deadline}まで{deadline}{/deadline}b"
    ja = fill(text, {"deadline": "2026-12-04"}, LIBRARY.placeholders, "ja", public_only=False)
    assert ja == "aまで2026年12月4日（金）b"
    assert fill(text, {}, LIBRARY.placeholders, "ja", public_only=False) == "ab"


def test_values_are_not_read_as_placeholders() -> None:
    assert fill("{note}", {"note": "{name}"}, LIBRARY.placeholders, "ja", public_only=False) == "{name}"


def test_rare_letters_survive_in_a_mail() -> None:
    import email
    from email import policy

    raw = mail_message.to_bytes(
        to="a@example.jp", sender="noreply@mihon.example", sender_name="みほん市", subject="髙﨑𠮷様",
        body="葛󠄀城の辻󠄀", key="k", at=datetime(2026, 11, 20, tzinfo=UTC),
    )  # fmt: skip
    message = email.message_from_bytes(raw, policy=policy.default)
    assert message["Subject"] == "髙﨑𠮷様"
    assert message.get_content().strip() == "葛󠄀城の辻󠄀"
    assert message["Message-ID"] == "<k@mihon.example>"


@pytest.mark.parametrize("address", ["taro..x@docomo.example", ".taro@docomo.example", "taro.@ezweb.example"])
def test_odd_addresses_of_carriers_are_written_quoted(address: str) -> None:
    assert mail_message.checked_address(address).startswith('"')


@pytest.mark.parametrize("address", ["no-at", "a@b\r\nBcc: c@d", "<a@b>", "@b", "a b@c"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises((InvalidInput, ValueError)):
        mail_message.to_bytes(
            to=address, sender="n@m.example", sender_name="m", subject="s", body="b", key="k",
            at=datetime(2026, 11, 20, tzinfo=UTC),
        )  # fmt: skip
