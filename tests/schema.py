"""Builds the schema for tests by running the migrations, as production does."""

from __future__ import annotations

import importlib
import pkgutil

import webapp
from webapp.db import Base, Database


def import_models() -> None:
    """Import every module named models so that the metadata is whole."""
    importlib.import_module("webapp.audit")
    for package in pkgutil.iter_modules(webapp.__path__, "webapp."):
        if package.ispkg:
            for module in pkgutil.iter_modules([f"{webapp.__path__[0]}/{package.name.split('.')[1]}"]):
                if module.name == "models" or module.name.endswith("_models"):
                    importlib.import_module(f"{package.name}.{module.name}")


def build(url: str) -> None:
    """Create all tables in an empty database."""
    import_models()
    database = Database(url)
    Base.metadata.create_all(database.engine)
    database.dispose()
