"""Builds the schema for tests by running the migrations, as production does."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config

from webapp.db import Database

ROOT = Path(__file__).resolve().parent.parent


def build(url: str) -> None:
    """Migrate an empty database to the newest schema."""
    database = Database(url)
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.attributes["engine"] = database.engine
    command.upgrade(config, "head")
    database.dispose()
