"""A page of forty questions: ours, the same form by hand in WTForms with its widgets, and plain Jinja.

Medians in one run; the ratios count. "Render" makes the form of a filled-in draft and draws all its
questions; "validate" takes what a browser posts and judges it; "load" reads and checks the definition
from its file, nothing cached. ``bench form`` also times the largest procedure of ``forms/``.
"""

from __future__ import annotations

import gc
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask, render_template_string
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional, Regexp

from webapp import clock
from webapp.form_engine.evaluate import evaluate
from webapp.form_engine.load import load_definition, load_library
from webapp.form_engine.model import Definition
from webapp.form_engine.outcome import Context
from webapp.form_engine.parse import parse_page
from webapp.form_engine.problems import problems
from webapp.web.field_views import Drawing
from webapp.web.pages import page_form

ROUNDS = 200
KINDS = ("text", "text", "text", "kana", "tel", "email", "integer", "radio", "select", "textarea")
OPTIONS = [("a", "はい"), ("b", "いいえ"), ("c", "わからない")]
GOALS = {"render": 0.5, "validate": 1.5}
HINT = "例のとおりに入力してください。"
SAMPLE = {
    "kana": "ミホン",
    "tel": "0000-55-1234",
    "email": "a@mihon.example",
    "integer": "3",
    "radio": "a",
    "select": "b",
}
HEAD = """form: 1
slug: forty
kind: request
title: 四十の質問
summary: 四十の質問
category: opinion
department: pr
law: [{name: 例}]
purpose_of_use: 測定
retention: {years: 1}
identity: {level: none}
who: だれでも
declaration: 正しい
pages:
  - key: all
    title: すべて
    fields:
"""
WTFORMS = """{% for f in form if f.name != "csrf_token" %}<div
 class="field{% if f.errors %} field--error{% endif %}">
{{ f.label(class="field__label") }}<span>※必須</span>
{% if f.description %}<p class="field__hint" id="{{ f.id }}-hint">{{ f.description }}</p>{% endif %}
{{ f(class="input", **{"aria-describedby": f.id ~ "-hint"}) }}
{% for error in f.errors %}<p class="field__error">{{ error }}</p>{% endfor %}</div>{% endfor %}"""
PLAIN = """{% macro box(q) %}<div class="field">
<label class="field__label" for="f-{{ q.name }}">{{ q.label }}</label>
<span>※必須</span><p class="field__hint" id="f-{{ q.name }}-hint">{{ q.hint }}</p>
{% if q.type in ("radio", "select") %}{% for v, l in q.options %}<label>
<input type="radio" name="{{ q.name }}" value="{{ v }}"{% if v == q.value %} checked{% endif %}>{{ l }}</label>
{% endfor %}
{% elif q.type == "textarea" %}<textarea id="f-{{ q.name }}" name="{{ q.name }}">{{ q.value }}</textarea>
{% else %}<input id="f-{{ q.name }}" name="{{ q.name }}" value="{{ q.value }}"
 aria-describedby="f-{{ q.name }}-hint">
{% endif %}</div>{% endmacro %}{% for q in questions %}{{ box(q) }}{% endfor %}"""
OURS = '{% import "components/ui.html" as ui %}{{ ui.fields(fields) }}'


def main(_arguments: list[str]) -> int:
    app = _app()
    with tempfile.TemporaryDirectory() as folder, app.test_request_context("/", method="POST"):
        path = Path(folder) / "forty"
        path.mkdir()
        (path / "form.yaml").write_text(HEAD + "".join(map(_question, range(40))))
        definition = load_definition(path)
        typed = {name: [value] for name, value in _typed().items()}
        answers = dict(parse_page(definition, "all", typed, {}, _context()))
        assert problems(definition, answers, _context()) == []
        table = {
            "render": _times(
                ours=lambda: _render_ours(definition, answers),
                wtforms=lambda: _render_by_hand(_typed()),
                jinja=lambda: render_template_string(PLAIN, questions=_questions()),
            ),
            "validate": _times(
                ours=lambda: _judge(definition, typed),
                wtforms=lambda: _by_hand()(formdata=MultiDict(_typed())).validate(),
            ),
            "load": _times(ours=lambda: load_definition(path), rounds=20),
        }
    _print("forty questions", table)
    failed = [name for name, goal in GOALS.items() if table[name]["ours"] / table[name]["wtforms"] > goal]
    _largest(app)
    print("goals missed: " + ", ".join(failed) if failed else "goals held: render <= 0.5x, validate <= 1.5x")
    return 1 if failed else 0


def _largest(app: Flask) -> None:
    """The procedure of forms/ with the most questions: each of its pages rendered empty, and judged."""
    library = load_library([Path("forms")])
    largest = max(library.procedures(), key=lambda definition: len(definition.fields))
    pages = [page.key for page in largest.pages]
    with app.test_request_context("/", method="POST"):
        table = {
            "render": _times(ours=lambda: [_render_ours(largest, {}, key) for key in pages], rounds=40),
            "validate": _times(ours=lambda: problems(largest, {}, _context()), rounds=40),
            "load": _times(ours=lambda: load_definition(Path("forms") / largest.slug), rounds=10),
        }
    _print(f"largest procedure: {largest.slug}, {len(largest.fields)} questions, {len(pages)} pages", table)


def _app() -> Flask:
    from tests.fakes.counter import counter
    from tests.schema import build

    folder = Path(tempfile.mkdtemp(prefix="bench-form-"))
    build(f"sqlite:///{folder / 'bench.sqlite3'}")
    app: Flask = counter(f"sqlite:///{folder / 'bench.sqlite3'}", folder)
    app.config["WTF_CSRF_ENABLED"] = False
    return app


def _context() -> Context:
    return Context(today=clock.today(), now=clock.now())


def _kind(number: int) -> str:
    return KINDS[number % len(KINDS)]


def _question(number: int) -> str:
    kind = _kind(number)
    lines = [f"key: q{number}", f"type: {kind}", f"label: 質問 {number}", f"hint: {HINT}"]
    if kind in ("radio", "select"):
        options = ", ".join(f"{{value: {value}, label: {label}}}" for value, label in OPTIONS)
        lines.append(f"options: [{options}]")
    return "      - " + "\n        ".join(lines) + "\n"


def _typed() -> dict[str, str]:
    return {f"q{number}": SAMPLE.get(_kind(number), "見本の答え") for number in range(40)}


def _questions() -> list[dict[str, Any]]:
    same = {"hint": HINT, "options": OPTIONS}
    return [
        {"name": name, "label": f"質問 {n}", "type": _kind(n), "value": value, **same}
        for n, (name, value) in enumerate(_typed().items())
    ]


def _judge(definition: Definition, typed: dict[str, list[str]]) -> Any:
    return problems(definition, parse_page(definition, "all", typed, {}, _context()), _context())


def _render_ours(definition: Definition, answers: dict[str, Any], page: str = "all") -> str:
    outcome = evaluate(definition, answers, _context())
    state = outcome.page(page)
    if state is None:
        return ""
    form = page_form(definition, state.page)(answers, _context(), "ja")
    return render_template_string(OURS, fields=form.views(Drawing(outcome, answers, "ja")))


def _render_by_hand(values: dict[str, str]) -> str:
    return render_template_string(WTFORMS, form=_by_hand()(formdata=None, data=values))


_made: list[type[FlaskForm]] = []


def _by_hand() -> type[FlaskForm]:
    if not _made:
        _made.append(type("ByHand", (FlaskForm,), {f"q{n}": _wtfield(n) for n in range(40)}))
    return _made[0]


def _wtfield(number: int) -> Any:
    kind, label, hint = _kind(number), f"質問 {number}", HINT
    required = InputRequired("入力してください。")
    if kind == "integer":
        return IntegerField(label, [required, NumberRange(min=0)], description=hint)
    if kind == "radio":
        return RadioField(label, [required], choices=OPTIONS, description=hint)
    if kind == "select":
        return SelectField(label, [required], choices=OPTIONS, description=hint)
    if kind == "textarea":
        return TextAreaField(label, [required, Length(max=2000)], description=hint)
    extra = {
        "kana": Regexp(r"^[ァ-ヶー\s]+$", message="カタカナで入力してください。"),
        "tel": Regexp(r"^[0-9+()\-\s]{9,20}$", message="電話番号を入力してください。"),
        "email": Regexp(r"^[^@\s]+@[^@\s]+$", message="メールアドレスを入力してください。"),
    }.get(kind, Optional())
    return StringField(label, [required, Length(max=200), extra], description=hint)


def _times(*, rounds: int = ROUNDS, **works: Callable[[], Any]) -> dict[str, float]:
    """Median milliseconds of each work, rounds taken in turns so that all see the same machine."""
    taken: dict[str, list[float]] = {name: [] for name in works}
    for work in works.values():
        work()
    gc.collect()
    for _ in range(rounds):
        for name, work in works.items():
            start = time.perf_counter()
            work()
            taken[name].append((time.perf_counter() - start) * 1000)
    return {name: statistics.median(values) for name, values in taken.items()}


def _print(title: str, table: dict[str, dict[str, float]]) -> None:
    print(title)
    for name, row in table.items():
        told = ", ".join(f"{who} {ms:.2f} ms" for who, ms in row.items())
        ratio = f"   ours/wtforms {row['ours'] / row['wtforms']:.2f}" if "wtforms" in row else ""
        print(f"  {name:<9}{told}{ratio}")
