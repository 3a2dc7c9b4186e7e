"""Error pages: what happened, what to do next, whom to call. Nothing typed is lost."""

from __future__ import annotations

import logging
import secrets
from typing import Any

from flask import Flask, current_app, g, make_response, redirect, render_template, request
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.wrappers import Response

from webapp.errors import MadoguchiError, TooMany
from webapp.form_engine.furigana import KANJI
from webapp.web import guards, held, open_api, sessions, transaction
from webapp.web.languages import lang
from webapp.web.services import services

log = logging.getLogger(__name__)


def reference() -> str:
    """Return the number of this request that a person can read out on the telephone and the log carries."""
    number: str = g.setdefault("request_reference", secrets.token_hex(4))
    return number


def _words(status: int) -> tuple[str, str]:
    texts = {
        400: (
            _("送られた内容を読み取れませんでした"),
            _("前の画面に戻り、もう一度お試しください。"),
        ),
        403: (
            _("この画面は開けません"),
            _("別の画面から操作するか、お困りのときは下の電話番号へご連絡ください。"),
        ),
        404: (
            _("ページが見つかりません"),
            _("アドレスが違うか、ページがなくなった可能性があります。トップページから探してください。"),
        ),
        409: (
            _("この操作は、いまはできません"),
            _("ほかの画面で先に変わったか、時間が過ぎました。最新の状態を開いて、もう一度操作してください。"),
        ),
        413: (
            _("送られたファイルが大きすぎます"),
            _("ファイルを小さくするか、枚数を減らして、もう一度送ってください。"),
        ),
        422: (
            _("入力した内容を確かめてください"),
            _("前の画面に戻り、内容を直してから、もう一度送ってください。"),
        ),
        429: (
            _("回数が多すぎるため、少しのあいだ止めています"),
            _("しばらく待ってから、もう一度お試しください。お急ぎのときは下の電話番号へご連絡ください。"),
        ),
        503: (
            _("ただいま混み合っているか、点検中です"),
            _("入力した内容は失われていません。しばらく待ってから、もう一度お試しください。"),
        ),
    }
    fallback = (
        _("申し訳ありません。処理ができませんでした"),
        _("時間をおいて、もう一度お試しください。続くときは、下の番号を添えてお電話ください。"),
    )
    return texts.get(status, fallback)


def _staff_words(status: int) -> str | None:
    """What an officer does next, where it is not what a resident would do; there is no number below."""
    return {
        403: "あなたの役割では開けません。必要なときは、システム管理の担当者に役割の追加を頼んでください。",
        404: "アドレスが違うか、あなたの担当の範囲にない案件です。受付箱から探してください。",
        429: "しばらく待ってから、もう一度お試しください。",
    }.get(status)


def page(status: int, *, say: str | None = None) -> Response:
    """Return the error page of a status; ``say`` replaces the general sentence."""
    title, advice = _words(status)
    if sessions.current().side == "staff":
        advice = _staff_words(status) or advice
    if say and lang() == "en" and KANJI.search(say):
        say = None  # services speak Japanese; the general sentence is there in English
    if request.path.startswith(open_api.PREFIX):
        transaction.close()
        return open_api.problem(status, title, say or advice)
    values: dict[str, Any] = {
        "status": status,
        "title": title,
        "advice": say or advice,
        "reference": reference() if status >= 500 else None,
        "is_staff_side": sessions.current().side == "staff",
    }
    transaction.close()
    try:
        body = render_template("errors/error.html", **values)
    except Exception:
        # The error page must appear even when the shared layout is what is broken.
        log.exception("error page failed, reference %s", reference())
        body = _bare(title, values["advice"])
    return make_response(body, status)


def install(app: Flask) -> None:
    """Register the handlers."""

    @app.errorhandler(CSRFError)
    def _expired(_error: CSRFError) -> Response:
        way_back = guards.way_back()
        if way_back is not None:
            return redirect(way_back, code=303)
        return send_again_page(
            request.full_path.rstrip("?"),
            held.typed_values(),
            sorted(name for name, file in request.files.items() if file.filename),
        )

    @app.errorhandler(MadoguchiError)
    def _on_purpose(error: MadoguchiError) -> Response:
        if error.status >= 500:
            log.error("%s: %s, reference %s", type(error).__name__, error, reference())
        response = page(error.status, say=error.say)
        if isinstance(error, TooMany):
            response.headers["Retry-After"] = str(error.retry_after)
        return response

    @app.errorhandler(HTTPException)
    def _http(error: HTTPException) -> Response | HTTPException:
        if error.code is None or error.code < 400:
            return error
        response = page(error.code)
        if isinstance(error, MethodNotAllowed) and error.valid_methods:
            response.headers["Allow"] = ", ".join(error.valid_methods)
        return response

    @app.errorhandler(StaleDataError)
    def _stale(_error: StaleDataError) -> Response:
        return page(409)

    @app.errorhandler(OperationalError)
    def _busy(error: OperationalError) -> Response:
        log.error("database: %s, reference %s", error.orig, reference())
        return page(503)

    @app.errorhandler(Exception)
    def _unexpected(error: Exception) -> Response:
        log.exception("unexpected %s, reference %s", type(error).__name__, reference())
        if current_app.config.get("PROPAGATE_EXCEPTIONS"):
            raise error
        return page(500)


def send_again_page(path: str, typed: list[tuple[str, str]], files: list[str]) -> Response:
    """Return the page that keeps every typed value in hidden inputs, with a fresh token and one button."""
    body = render_template(
        "errors/send_again.html",
        path=path,
        typed=typed,
        files=files,
        is_staff_side=sessions.current().side == "staff",
    )
    return make_response(body, 400)


def _bare(title: str, advice: str) -> str:
    city = services().city
    return (
        f'<!doctype html><html lang="ja"><meta charset="utf-8"><title>{title}</title>'
        f"<main><h1>{title}</h1><p>{advice}</p><p>{city.name}</p><p>{reference()}</p></main></html>"
    )
