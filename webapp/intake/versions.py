"""Kept versions of definitions: stored whole under their content hash, so that nothing in flight breaks."""

import json
from functools import lru_cache

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from webapp.errors import NotFound
from webapp.form_engine.model import Definition
from webapp.intake.models import DefinitionVersion


def keep(session: Session, definition: Definition) -> str:
    """Store this version unless it is already kept; returns its hash."""
    if session.get(DefinitionVersion, definition.version) is None:
        body = json.dumps(definition.to_json(), ensure_ascii=False)
        row = DefinitionVersion(hash=definition.version, slug=definition.slug, body=body)
        try:
            with session.begin_nested():
                session.add(row)
        except IntegrityError:
            pass  # another process kept the same content a moment ago: the same row serves both
    return definition.version


def load(session: Session, version: str) -> Definition:
    """The definition kept under this hash. Raises NotFound."""
    body = session.scalar(select(DefinitionVersion.body).where(DefinitionVersion.hash == version))
    if body is None:
        raise NotFound(f"definition version {version}")
    return _parsed(version, body)


@lru_cache(maxsize=512)
def _parsed(version: str, body: str) -> Definition:
    return Definition.from_json(json.loads(body))
