"""What a clerk can get wrong, and what the check says: the place, what is wrong, what to write instead."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from webapp.form_engine.report import check

GOOD = """\
form: 1
slug: sample-form
kind: application
title: {ja: 見本の申請, easy: 見本, en: Sample}
summary: {ja: 見本です。, easy: 見本です。, en: A sample.}
category: certificates
department: citizen
law: [{name: 見本法, article: 第1条}]
purpose_of_use: {ja: 見本に使います。, easy: 使います。, en: For the sample.}
retention: {years: 3, then: delete}
identity: {level: none}
who: {ja: だれでも, easy: だれでも, en: Anyone}
processing: {within: {business_days: 5}}
declaration: {ja: 間違いありません。, easy: 正しいです。, en: Correct.}
once: {same: [kind], within: {days: 7}}
conditions:
  starts: {field: kind, is: start}
stops:
  - key: stopped
    if: {field: kind, is: stop}
    reason: {ja: できません。, easy: できません。, en: Not here.}
    instead: {ja: 窓口に来てください。, easy: 来てください。, en: Please come.}
    at: kind
notices:
  - key: told
    if: {field: copies, at_least: 3}
    at: copies
    text: {ja: 多いです。, easy: 多いです。, en: Many.}
routing:
  - {department: tax, if: {field: kind, is: stop}}
pages:
  - key: first
    title: {ja: はじめ, easy: はじめ, en: First}
    fields:
      - key: kind
        type: radio
        label: {ja: 種類, easy: 種類, en: Kind}
        options:
          - {value: start, label: {ja: 開始, easy: 開始, en: Start}}
          - {value: stop, label: {ja: 中止, easy: 中止, en: Stop}}
      - key: copies
        type: integer
        label: {ja: 通数, easy: 何枚, en: Copies}
        min: 1
        max: 10
      - key: day
        type: date
        label: {ja: 希望日, easy: いつ, en: Day}
        show_if: {shared: starts}
        earliest: {of: today, plus: {business_days: 3}}
      - key: reasons
        type: multiselect
        label: {ja: 理由, easy: どうして, en: Reasons}
        options:
          - {value: work, label: {ja: 仕事, easy: 仕事, en: Work}}
          - {value: other, label: {ja: その他, easy: ほか, en: Other}}
      - key: agree
        type: checkbox
        label: {ja: 同意します, easy: いいです, en: I agree}
  - key: second
    title: {ja: つぎ, easy: つぎ, en: Second}
    fields:
      - key: people
        type: group
        label: {ja: 家族, easy: 家族, en: Family}
        row: {ja: 家族, easy: 家族, en: Person}
        min_rows: 0
        max_rows: 5
        fields:
          - {key: name, type: text, label: {ja: 氏名, easy: 名前, en: Name}}
          - key: school
            type: text
            label: {ja: 学校, easy: 学校, en: School}
            show_if: {field: .name, answered: true}
      - key: memo
        type: text
        label: {ja: メモ, easy: メモ, en: Memo}
        required: {field: reasons, includes: other}
      - key: paper
        type: file
        label: {ja: 書類, easy: 書類, en: Paper}
        allow: [pdf]
        max_files: 2
fee:
  lines:
    - key: copy
      label: {ja: 手数料, easy: お金, en: Fee}
      yen: 300
      quantity: {field: copies}
    - key: kinds
      label: {ja: 種類, easy: 種類, en: Kind}
      choice: {field: kind, yen: {start: 100, stop: 200}}
    - key: table
      label: {ja: 郵送料, easy: ゆうびん, en: Postage}
      bands: {by: {field: copies}, table: [{up_to: 4, yen: 110}, {up_to: 10, yen: 180}]}
  reductions:
    - key: less
      label: {ja: 減免, easy: 安い, en: Less}
      if: {field: kind, is: stop}
      rate: "1/2"
      lines: [copy]
"""
CASES = """\
base: {kind: start}
cases:
  - name: 見本
    at: 2026-06-01T10:00
    expect: {visible: [day]}
"""

WITH_OPTIONS = """\
        options:
          - {value: work, label: {ja: 仕事, easy: 仕事, en: Work}}
          - {value: other, label: {ja: その他, easy: ほか, en: Other}}
"""

# id, what stands there, what the clerk writes, where the complaint must point, what it must say
MISTAKES = [
    ("a tab as indentation", "  - key: first\n", "\t- key: first\n", "\t- key: first", "YAML"),
    ("a bracket not closed", "law: [{name: 見本法, article: 第1条}]", "law: [{name: 見本法", None, "YAML"),
    ("a key written twice", "category: certificates\n", "category: certificates\ncategory: tax\n", None, "duplicate"),
    ("an unknown key at the top", "category:", "categorie:", "categorie:", "category"),
    ("an unknown key in a question", "        min: 1\n", "        minn: 1\n", "minn:", "minn"),
    ("an unknown key in a condition", "{field: kind, is: start}", "{field: kind, iss: start}", "starts:", "iss"),
    ("a title left out", "title: {ja: 見本の申請, easy: 見本, en: Sample}\n", "", None, "title"),
    ("a text without ja", "{ja: 通数, easy: 何枚, en: Copies}", "{en: Copies}", "{en: Copies}", "ja"),
    ("an unknown language", "en: Copies}", "fr: Copies}", "fr: Copies", "fr"),
    ("an unknown kind of procedure", "kind: application", "kind: applikation", "kind: applikation", "application"),
    ("an unknown type of question", "type: integer", "type: intager", "type: intager", "integer"),
    ("a question without type", "        type: integer\n", "", "- key: copies", "type"),
    ("a question without label", "        label: {ja: 通数, easy: 何枚, en: Copies}\n", "", "- key: copies", "label"),
    ("a key with capitals", "key: copies\n        type", "key: Copies\n        type", "key: Copies", "small letters"),
    ("a key in Japanese", "key: copies\n        type", "key: 通数\n        type", "key: 通数", "small letters"),
    ("a key the counter uses itself", "key: memo", "key: rows", "key: rows", "another word"),
    ("a key used twice", "key: memo", "key: copies", None, "twice"),
    ("a slug with an underscore", "slug: sample-form", "slug: sample_form", "slug:", "small letters, digits and -"),
    ("a slug that is not the folder", "slug: sample-form", "slug: other-form", "slug:", "slug: sample-form"),
    ("no pages", "pages:\n", "pagez:\n", "pagez:", "pages"),
    ("a page without questions", "    fields:\n      - key: people", "    fieldz:\n      - key: people", None, "fields"),
    ("a number in quotes", "        min: 1\n", '        min: "one"\n', 'min: "one"', "whole number"),
    ("a choice without options", WITH_OPTIONS, "", "- key: reasons", "options"),
    ("two options of one value", "{value: stop, label", "{value: start, label", None, "twice"),
    ("an option value in Japanese", "{value: work,", "{value: 仕事,", "{value: 仕事", "small letters"),
    ("an option without label", "{value: work, label: {ja: 仕事, easy: 仕事, en: Work}}", "{value: work}", "{value: work}", "label"),
    ("min_rows above max_rows", "min_rows: 0", "min_rows: 9", None, "max_rows"),
    ("a group without row", "        row: {ja: 家族, easy: 家族, en: Person}\n", "", "- key: people", "row"),
    ("a file of an unknown kind", "allow: [pdf]", "allow: [pfd]", "allow: [pfd]", "pdf"),
    ("more files needed than allowed", "max_files: 2", "max_files: 2\n        min_files: 3", None, "max_files"),
    ("a condition on a missing question", "{field: copies, at_least: 3}", "{field: copiez, at_least: 3}", "copiez", "copies"),
    ("a condition on a page", "{field: copies, at_least: 3}", "{field: first, at_least: 3}", "field: first", "page"),
    ("a condition on a later question", "show_if: {shared: starts}", "show_if: {field: memo, answered: true}", "field: memo", "later"),
    ("a condition on itself", "show_if: {shared: starts}", "show_if: {field: day, answered: true}", "field: day", "later"),
    ("a condition on a later question through a shared one", "  starts: {field: kind, is: start}", "  starts: {field: memo, is: a}", "shared: starts", "later"),
    ("a shared condition that does not exist", "{shared: starts}", "{shared: startz}", "startz", "starts"),
    ("a condition without comparison", "{field: copies, at_least: 3}", "{field: copies}", "if: {field: copies}", "comparison"),
    ("a condition with two comparisons", "{field: copies, at_least: 3}", "{field: copies, at_least: 3, at_most: 4}", "at_most: 4", "one comparison"),
    ("a condition about nothing", "{field: copies, at_least: 3}", "{at_least: 3}", "if: {at_least", "one thing"),
    ("a condition about two things", "{field: copies, at_least: 3}", "{field: copies, channel: [web], is: 3}", "channel: [web]", "one thing"),
    ("a comparison of text with a number", "{field: kind, is: stop}\n    reason", "{field: kind, at_least: 2}\n    reason", "at_least: 2}", "cannot be compared"),
    ("includes on a radio question", "{field: kind, is: stop}\n    reason", "{field: kind, includes: stop}\n    reason", "includes: stop}\n    reason", "multiselect"),
    ("is on a multiselect question", "{field: reasons, includes: other}", "{field: reasons, is: other}", "is: other", "includes"),
    ("an option that does not exist", "{field: kind, is: stop}\n    reason", "{field: kind, is: stopp}\n    reason", "stopp}", "stop"),
    ("a box that is false", "required: {field: reasons, includes: other}", "required: {field: agree, is: false}", "agree, is: false", "answered: false"),
    ("a number compared with text", "{field: copies, at_least: 3}", '{field: copies, is: "three"}', "three", "number"),
    ("a day compared with a radio question", "earliest: {of: today,", "earliest: {of: kind,", "of: kind", "date"),
    ("a day that does not exist", "earliest: {of: today,", "earliest: {of: todai,", "todai", "todai"),
    ("a length of time in two units", "{business_days: 3}", "{business_days: 3, weeks: 1}", "weeks: 1", "one unit"),
    ("a length of time in an unknown unit", "{business_days: 3}", "{workdays: 3}", "workdays", "workdays"),
    ("a question of the same row without a dot", "show_if: {field: .name, answered: true}", "show_if: {field: name, answered: true}", "field: name, answered", "dot"),
    ("a question of a group from outside", "required: {field: reasons, includes: other}", "required: {field: people.name, answered: true}", "people.name", "many answers"),
    ("counting something that does not repeat", "{field: copies, at_least: 3}", "{count: copies, at_least: 3}", "count: copies", "group"),
    ("a sum that is not of a group", "{field: copies, at_least: 3}", "{sum: copies, at_least: 3}", "sum: copies", "sum"),
    ("an age of something that is no day", "{field: copies, at_least: 3}", "{age: kind, at_least: 3}", "age: kind", "birth"),
    ("a stop without instead", "    instead: {ja: 窓口に来てください。, easy: 来てください。, en: Please come.}\n", "", "- key: stopped", "instead"),
    ("a stop at a place that is not there", "    at: kind\n", "    at: kynd\n", "at: kynd", "kind"),
    ("a fee without an amount", "      yen: 300\n", "", "- key: copy", "yen, bands, choice, share"),
    ("a fee with two amounts", "      yen: 300\n", "      yen: 300\n      share: {of: copies, rate: \"1/4\"}\n", None, "exactly one amount"),
    ("a fee below zero", "      yen: 300\n", "      yen: -300\n", "yen: -300", "greater than or equal"),
    ("a fee with sen", "      yen: 300\n", "      yen: 300.5\n", "yen: 300.5", "whole number"),
    ("a fee per question that cannot be counted", "quantity: {field: copies}", "quantity: {field: memo}", "field: memo", "counted"),
    ("an amount for an option that is not there", "{start: 100, stop: 200}", "{start: 100, stop: 200, halt: 5}", "halt", "option"),
    ("an option without amount", "{start: 100, stop: 200}", "{start: 100}", "yen: {start: 100}", "stop"),
    ("a broken fraction", 'rate: "1/2"', 'rate: "0.5"', "rate:", "1/4"),
    ("a reduction of more than everything", 'rate: "1/2"', 'rate: "3/2"', "rate:", "part of a whole"),
    ("a reduction of a line that is not there", "lines: [copy]", "lines: [copi]", "copi]", "copy"),
    ("an unknown identity level", "identity: {level: none}", "identity: {level: kard}", "level: kard", "card"),
    ("a table of who without the question", "identity: {level: none}", "identity: {level: none, table: [{who: [self], level: card}]}", None, "asked_in"),
    ("a retention without length", "retention: {years: 3, then: delete}", "retention: {then: delete}", "retention:", "years"),
    ("a retention that does something else", "then: delete", "then: burn", "then: burn", "delete"),
    ("an online status without reason", "department: citizen\n", "department: citizen\nonline: {status: partial}\n", "online:", "reason"),
    ("a window that ends before it begins", "department: citizen\n", "department: citizen\nwindow: {note: 期間, periods: [{from: 2026-05-01, until: 2026-04-01}]}\n", "window:", "swap"),
    ("a yearly window with one end", "department: citizen\n", 'department: citizen\nwindow: {note: 期間, periods: [{yearly_from: "04-01"}]}\n', "window:", "yearly_until"),
    ("a time that is none", "department: citizen\n", 'department: citizen\nwindow: {note: 期間, periods: [{from: 2026-04-01, closes_at: "25:00"}]}\n', "window:", "15:00"),
    ("a route without a way", "- {department: tax, if: {field: kind, is: stop}}", "- {department: tax}", "- {department: tax}", "area"),
    ("an area without towns", "- {department: tax, if: {field: kind, is: stop}}", "- {department: tax, area: memo}", "- {department: tax", "towns"),
    ("once about a question that is not there", "once: {same: [kind]", "once: {same: [kynd]", "kynd", "kind"),
    ("a version of the language that is not there", "form: 1\n", "form: 2\n", "form: 2", "1"),
    ("a shared part that is not there", "      - key: memo\n", "      - use: people/nobody\n        key: memo\n", "use: people/nobody", "people/nobody"),
]  # fmt: skip

CASE_MISTAKES = [
    ("a case without at", "    at: 2026-06-01T10:00\n", "", "- name", "at"),
    ("a moment that is none", "2026-06-01T10:00", "2026-13-01T10:00", "at:", "at"),
    ("an expectation nobody knows", "visible: [day]", "visibel: [day]", "visibel", "visible"),
    (
        "an answer to a question that is not there",
        "base: {kind: start}",
        "base: {kynd: start}",
        "base:",
        "kynd",
    ),
    ("an expectation that does not come out", "visible: [day]", "hidden: [day]", "- name", "hidden"),
    ("a fee that is another", "visible: [day]", "fee: 5", "- name", "expected 5"),
]


def complaints(folder: Path, form: str, cases: str = CASES) -> list[str]:
    place = folder / "forms" / "sample-form"
    place.mkdir(parents=True)
    (place / "form.yaml").write_text(form)
    (place / "cases.yaml").write_text(cases)
    return [
        str(one) for one in check([folder / "forms"], today=date(2026, 4, 1), processes=lambda *_: ()).errors
    ]


def test_the_form_all_mistakes_are_made_in_has_none(tmp_path: Path) -> None:
    assert complaints(tmp_path, GOOD) == []


def test_at_least_sixty_mistakes_are_tried() -> None:
    assert len(MISTAKES) + len(CASE_MISTAKES) >= 60


@pytest.mark.parametrize(
    ("old", "new", "at", "says"), [pytest.param(*rest, id=name) for name, *rest in MISTAKES]
)
def test_a_mistake_is_told_with_its_place_and_what_to_write(
    tmp_path: Path, old: str, new: str, at: str | None, says: str
) -> None:
    assert GOOD.count(old) == 1 or old in ("kind: application",), f"{GOOD.count(old)} times"
    form = GOOD.replace(old, new, 1)
    said = complaints(tmp_path, form)
    fitting = [one for one in said if says in one]
    assert fitting, said
    if at is not None:
        line = form[: form.index(at)].count("\n") + 1
        assert any(f"form.yaml:{line}:" in one for one in fitting), (line, said)
    assert all(", " in one.split(": ", 1)[1] for one in fitting), fitting


@pytest.mark.parametrize(
    ("old", "new", "at", "says"), [pytest.param(*rest, id=name) for name, *rest in CASE_MISTAKES]
)
def test_a_mistake_in_a_case_is_told_with_its_place(
    tmp_path: Path, old: str, new: str, at: str, says: str
) -> None:
    cases = CASES.replace(old, new, 1)
    said = complaints(tmp_path, GOOD, cases)
    line = cases[: cases.index(at)].count("\n") + 1
    assert any(says in one and f"cases.yaml:{line}:" in one for one in said), (line, said)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    form = GOOD.replace("type: integer", "type: intager").replace("max_files: 2", "max_filez: 2")
    assert len(complaints(tmp_path, form)) >= 2
