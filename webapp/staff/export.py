"""Taking cases away: chosen columns as CSV, spreadsheet or JSON, and attachments as a ZIP."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from werkzeug.wrappers import Response

from webapp import audit, clock
from webapp.applications import export_files, export_table, export_write
from webapp.applications import export_templates as templates
from webapp.applications.export_table import Read
from webapp.applications.export_write import Written
from webapp.casework.models import Case
from webapp.casework.office_models import ExportTemplate
from webapp.casework.scope import chosen as chosen_cases
from webapp.errors import InvalidInput
from webapp.identity import four_eyes
from webapp.staff import desk, typed
from webapp.web.downloads import disposition
from webapp.web.guards import current_actor, prove_again, staff_required, staff_scope
from webapp.web.services import services
from webapp.web.transaction import commit, db

blueprint = Blueprint("export", __name__, url_prefix="/export")

MOST = 2000
EXPORT = "case.export"
FORMATS = {
    "csv": "CSV(UTF-8)",
    "csv_sjis": "CSV(Shift_JIS、置き換えた文字の一覧付き)",
    "xlsx": "表計算(xlsx)",
    "json": "JSON(すべての項目)",
    "zip": "添付ファイルのZIP",
}


@blueprint.post("")
@staff_required("case.export")
def choose() -> str:
    return _page({})


@blueprint.post("/template")
@staff_required("case.export")
def use_template() -> str:
    """The same page with the choices of a template; nothing leaves the house."""
    template = templates.find(db(), typed.number(request.form.get("template"), otherwise=0), desk.officer())
    return _page({}, chosen=template)


@blueprint.post("/template/drop")
@staff_required("case.export")
def drop_template() -> str:
    templates.drop(db(), typed.number(request.form.get("template"), otherwise=0), desk.officer())
    return _page({})


@blueprint.post("/file")
@staff_required("case.export")
def file() -> Response | tuple[str, int]:
    kind = request.form.get("format", "")
    chosen = request.form.getlist("column")
    try:
        if kind not in FORMATS:
            raise InvalidInput("format", field="format", say="書き出す形式を選んでください。")
        if request.form.get("_action") == "keep":
            return _page({}, chosen=_keep(kind, chosen)), 200
        if kind not in ("json", "zip") and not chosen:
            raise InvalidInput("columns", field="columns", say="書き出す項目を1つ以上選んでください。")
        found = _read()
        pattern = request.form.get("pattern", "") or export_files.USUAL
        wished = export_files.wanted(db(), found, pattern) if kind == "zip" else []
    except InvalidInput as wrong:
        return _page({wrong.field or "format": wrong.say or "入力を確かめてください。"}), 422
    if len(found) > four_eyes.BULK:
        if (away := prove_again()) is not None:
            return away
        if (waits := _second_person(kind, chosen, found)) is not None:
            return waits
    _record(kind, found, len(chosen))
    name = f"cases-{clock.tokyo(clock.now()):%Y%m%d-%H%M}"
    if kind == "zip":
        commit()
        archive = export_files.pack(wished, services().storage.get)
        return send_file(archive, "application/zip", as_attachment=True, download_name=f"{name}.zip")
    return _send(_writers(found, chosen, name)[kind]())


def _second_person(kind: str, chosen: list[str], found: list[Read]) -> Response | tuple[str, int] | None:
    """Use the consent of a second person to exactly this file, or ask for it; None: go ahead."""
    payload = {
        "references": sorted(one.case.reference for one in found),
        "format": kind,
        "columns": sorted(chosen),
        "pattern": request.form.get("pattern", "") or export_files.USUAL,
    }
    departments = sorted({one.case.department for one in found})
    whose = desk.officer().id
    if four_eyes.use(db(), EXPORT, object_id=whose, payload=payload, departments=departments):
        return None
    reason = request.form.get("reason", "").strip()
    if not reason:
        return _page({"reason": "ほかの職員の承認が要ります。何に使うかを入力してください。"}), 422
    asked = four_eyes.ask(
        db(), desk.officer(), EXPORT, object_id=whose, payload=payload, departments=departments, reason=reason
    )
    if asked is None:
        return None
    flash("承認を求めました。承認されると、下の「書き出す」から取り出せます。", "success")
    return redirect(url_for("staff.approvals.overview"), code=303)


def _keep(kind: str, chosen: list[str]) -> ExportTemplate:
    kept = templates.keep(
        db(),
        desk.officer(),
        request.form.get("template_name", ""),
        chosen,
        format=kind,
        pattern=request.form.get("pattern", "") or export_files.USUAL,
        is_shared=request.form.get("is_shared") == "yes",
    )
    flash(f"書き出しの型「{kept.name}」を保存しました。", "success")
    return kept


def _writers(found: list[Read], chosen: list[str], name: str) -> dict[str, Callable[[], Written]]:
    return {
        "csv": lambda: export_write.csv_utf8(export_table.table(found, chosen), name),
        "csv_sjis": lambda: export_write.csv_shift_jis(export_table.table(found, chosen), name),
        "xlsx": lambda: export_write.spreadsheet(export_table.table(found, chosen), name),
        "json": lambda: export_write.json_file(export_table.as_json(found), name),
    }


def _read() -> list[Read]:
    return export_table.read(db(), _cases(), desk.calendar())


def _cases() -> list[Case]:
    """The chosen cases that lie inside the officer's scope; others are left out without a word."""
    references = list(dict.fromkeys(request.form.getlist("reference")))[:MOST]
    return chosen_cases(db(), staff_scope("case.export"), references)


def _record(kind: str, found: list[Read], columns: int) -> None:
    for one in found:
        audit.record(
            db(),
            current_actor(),
            "case.export",
            object_kind="case",
            object_id=one.case.id,
            case_id=one.case.id,
            details={"format": kind, "columns": columns},
        )


def _send(written: Written) -> Response:
    response = Response(written.data, mimetype=written.media_type)
    response.headers["Content-Disposition"] = disposition("attachment", written.name)
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _page(errors: dict[str, str], chosen: ExportTemplate | None = None) -> str:
    found = _read()
    given = request.form if "format" in request.form or "pattern" in request.form else None
    columns = given.getlist("column") if given is not None else export_table.USUAL
    return render_template(
        "staff/export_choose.html",
        references=[one.case.reference for one in found],
        withheld=sum(one.is_withheld for one in found),
        about_case=export_table.case_columns(),
        answers=export_table.answer_columns(found),
        chosen=set(chosen.columns if chosen else columns),
        formats=FORMATS,
        format=chosen.format if chosen else request.form.get("format", "csv"),
        pattern=chosen.pattern if chosen else request.form.get("pattern", "") or export_files.USUAL,
        templates=templates.usable(db(), desk.officer()),
        template=chosen,
        template_name=chosen.name if chosen else request.form.get("template_name", ""),
        is_shared=chosen.staff_id is None if chosen else request.form.get("is_shared") == "yes",
        places=export_files.PLACES,
        bulk=four_eyes.BULK,
        reason=request.form.get("reason", ""),
        errors=errors,
        error_list=desk.error_list(errors),
    )
