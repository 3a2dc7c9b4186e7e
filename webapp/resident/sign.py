"""Signing an application with the card: the exact text is shown, signed, and judged before it may be sent."""

from __future__ import annotations

import logging
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from webapp import clock
from webapp.errors import Unavailable
from webapp.form_engine.present import present
from webapp.identity import flows, signatures
from webapp.identity.models import Resident, SignInFlow
from webapp.identity.proof_models import Signature
from webapp.intake import files
from webapp.ports.identity import IdentityProvider, Level
from webapp.resident import desk, sign_in_refused
from webapp.resident.desk import Desk
from webapp.web import guards
from webapp.web.services import services
from webapp.web.transaction import commit, db

blueprint = Blueprint("sign", __name__)
log = logging.getLogger(__name__)


@blueprint.get("/apply/<token>/sign")
@guards.resident_required
def show(token: str) -> str | Response:
    """Show exactly what will be signed."""
    opened = desk.open_desk(token)
    if (away := guards.step_up(Level.CARD, url_for(".show", token=token))) is not None:
        return away
    return render_template(
        "resident/sign_show.html",
        desk=opened,
        definition=opened.definition,
        sections=present(opened.definition, opened.draft.answers, "ja", opened.outcome),
        is_signed=is_signed(opened),
        simulated=_plug().simulated,
        department=desk.department(opened),
    )


@blueprint.post("/apply/<token>/sign")
@guards.resident_required
def start(token: str) -> Response:
    """Keep the document, register its digest with nothing open, send the browser to the card."""
    opened = desk.open_desk(token)
    if (away := guards.step_up(Level.CARD, url_for(".show", token=token))) is not None:
        return away
    plug = _plug()
    if plug.signing is None:
        raise Unavailable(
            "signing is not configured", say=_("電子署名は、いま使えません。窓口でお手続きください。")
        )
    row = signatures.prepare(db(), _me(), token, document_of(opened))
    row_id, digest = row.id, bytes.fromhex(row.document_sha256)
    commit()
    try:
        begun = plug.signing.sign_begin(digest, redirect_uri=sign_in_refused.redirect_uri())
    except sign_in_refused.REFUSALS as refusal:
        return sign_in_refused.page(refusal, _resume(token))
    db().get_one(Signature, row_id).transaction_id = begun.transaction_id
    flow = flows.open_flow(
        db(),
        begun.begun,
        provider=plug.id,
        browser=sign_in_refused.browser(),
        level=Level.SIGNED,
        resume=_resume(token),
        purpose="sign",
    )
    flow.secrets = {**flow.secrets, "transaction": begun.transaction_id, "signature": row_id}
    return redirect(begun.begun.redirect_to, code=303)


def finish(flow: SignInFlow) -> Response:
    """Fetch and judge the signature of a flow that came back; called by the one registered callback.

    Raises a subclass of IdentityRefused.
    """
    plug = _plug()
    if plug.signing is None or plug.verifier is None:
        raise Unavailable("signing is not configured")
    row = db().get_one(Signature, flow.secrets["signature"])
    document, at = row.document, clock.now()
    commit()
    signed = plug.signing.sign_complete(
        request.args.to_dict(),
        state=flow.secrets["state"],
        secrets=flow.secrets,
        transaction_id=flow.secrets["transaction"],
        redirect_uri=sign_in_refused.redirect_uri(),
    )
    verdict = signatures.judge(plug.verifier, document, signed, at=at)
    keep = verdict.simulated or services().settings.plug_options.get("keep_certificates") == "yes"
    stored = signatures.store(db(), row, signed, verdict, guards.current_actor(), keep_certificate=keep)
    assert stored.verdict is not None
    if stored.verdict["outcome"] == "invalid":
        failed = [check["code"] for check in stored.verdict["checks"] if check["ok"] is False]
        log.warning("signature refused: %s", ", ".join(failed))
        body = render_template("resident/sign_refused.html", failed=failed, token=row.draft_token)
        return Response(body, 422, mimetype="text/html")
    flash(_("電子署名を確かめました。内容を見て、送信してください。"), "success")
    return redirect(url_for("resident.send.check", token=row.draft_token), code=303)


def is_needed(opened: Desk) -> bool:
    """Tell whether this application must be signed."""
    return opened.outcome.level == "signed"


def is_signed(opened: Desk) -> bool:
    """Tell whether a good signature covers exactly what would be sent now."""
    return signatures.good_one(db(), opened.draft.token, document_of(opened)) is not None


def document_of(opened: Desk) -> bytes:
    """Return the bytes to sign: definition and version, answers, file hashes, fee, and the text shown."""
    definition, answers = opened.definition, opened.outcome.answers
    shown = [
        [section.title, [[row.label, row.text] for row in section.rows]]
        for section in present(definition, opened.draft.answers, "ja", opened.outcome)
    ]
    fee = opened.outcome.fee
    content: dict[str, Any] = {
        "kind": "application",
        "procedure": definition.slug,
        "version": opened.draft.version,
        "draft": opened.draft.token,
        "answers": _without_floats(answers),
        "files": sorted(_hashes(opened)),
        "fee_yen": fee.total if fee is not None else None,
        "shown": shown,
    }
    return signatures.canonical(content)


def _hashes(opened: Desk) -> list[str]:
    ids = files.file_ids(opened.outcome.answers)
    return [files.find(db(), file_id, draft_id=opened.draft.id).sha256 for file_id in ids]


def _without_floats(value: Any) -> Any:
    if isinstance(value, float):
        return str(value)
    if isinstance(value, dict):
        return {key: _without_floats(inner) for key, inner in value.items()}
    return [_without_floats(inner) for inner in value] if isinstance(value, list) else value


def _resume(token: str) -> dict[str, Any]:
    return {"endpoint": "resident.sign.show", "args": {"token": token}, "query": []}


def _plug() -> IdentityProvider:
    found = next((plug for plug in services().identity.values() if plug.signing is not None), None)
    if found is None:
        raise Unavailable("no identity plug", say=_("電子署名は、いま使えません。窓口でお手続きください。"))
    return found


def _me() -> Resident:
    resident = guards.current_resident()
    assert resident is not None  # the guard has made sure
    return resident
