"""All settings, read once from the environment into one frozen dataclass."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).resolve().parent.parent
DEMO_SECRET = "demo-only-not-a-secret"  # noqa: S105  (production refuses it)
SANDBOX = "sandbox"


class BadSettings(Exception):
    """The settings do not allow a start; ``complaints`` says why, a line each."""

    def __init__(self, complaints: list[str]) -> None:
        super().__init__("; ".join(complaints))
        self.complaints = complaints


def _derived_key(secret: str) -> bytes:
    return hashlib.sha256(b"madoguchi-answers:" + secret.encode()).digest()


@dataclass(frozen=True)
class Quotas:
    """How much one browser may hold and begin without sign-in; 0 lifts a limit. ADR 8 says why so.

    Whoever has signed in may have ``SIGNED_IN`` times as much, and is not counted by address.
    """

    slots_at_once: int = 20
    slots_an_hour: int = 60
    drafts_an_hour: int = 40
    unfinished_slots_here: int = 100
    """From one address in an hour: held and neither confirmed nor about to be."""
    unfinished_drafts_here: int = 300


@dataclass(frozen=True)
class Settings:
    """Settings of one running city. Paths are absolute, addresses have no trailing slash."""

    mode: Literal["demo", "production"] = "demo"
    secret_key: str = DEMO_SECRET
    database_url: str = ""
    queue_url: str = ""
    city_dir: Path = ROOT / "demo"
    forms_dir: Path = ROOT / "forms"
    data_dir: Path = ROOT / "var"
    cache_dir: Path = ROOT / "var" / "cache"
    """What can be made anew at any time: parsed data files, by hash."""
    base_url: str = "http://localhost:8000"
    """Where residents reach the site; links in messages begin with it."""
    internal_url: str = ""
    """Where this server reaches its own sandboxes; ``base_url`` unless told."""
    trusted_proxies: int = 0
    answer_keys: tuple[tuple[str, bytes], ...] = field(
        default=(("demo", _derived_key(DEMO_SECRET)),), repr=False
    )
    """(key id, 32 bytes); the first one encrypts, all decrypt."""
    identity_plug: str = "sandbox,group_sandbox"
    staff_identity_plug: str = SANDBOX
    payment_plug: str = SANDBOX
    line_plug: str = SANDBOX
    mail_plug: str = SANDBOX
    storage_plug: str = "folder"
    scanner_plug: str = SANDBOX
    maintenance: bool = False
    quotas: Quotas = Quotas()
    plug_options: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Every other ``MADOGUCHI_…`` variable, name in lower case without the prefix, for the plugs."""

    @property
    def is_demo(self) -> bool:
        return self.mode == "demo"

    @classmethod
    def from_environment(cls, env: Mapping[str, str] | None = None) -> Settings:
        """Read ``MADOGUCHI_*``, ``DATABASE_URL``, ``QUEUE_URL`` and ``CITY_DIR``.

        A variable ``X_FILE`` names a file that holds the value of ``X`` (container secrets).
        Raises BadSettings when production settings are unsafe.
        """
        source = _with_files(os.environ if env is None else env)
        mine = {k[len("MADOGUCHI_") :].lower(): v for k, v in source.items() if k.startswith("MADOGUCHI_")}
        mode = mine.pop("mode", "demo")
        if mode not in ("demo", "production"):
            raise BadSettings([f"MADOGUCHI_MODE is {mode!r}: write demo or production"])
        data_dir = Path(mine.pop("data_dir", "") or ROOT / "var").resolve()
        secret = mine.pop("secret_key", DEMO_SECRET)
        base_url = mine.pop("base_url", "http://localhost:8000").rstrip("/")
        database_url = source.get("DATABASE_URL") or f"sqlite:///{data_dir / 'madoguchi.sqlite3'}"
        settings = cls(
            mode=mode,  # type: ignore[arg-type]  # checked two lines above
            secret_key=secret,
            database_url=database_url,
            queue_url=source.get("QUEUE_URL") or f"sqlite:///{data_dir / 'queue.sqlite3'}",
            city_dir=Path(source.get("CITY_DIR") or ROOT / "demo").resolve(),
            forms_dir=Path(mine.pop("forms_dir", "") or ROOT / "forms").resolve(),
            data_dir=data_dir,
            cache_dir=Path(mine.pop("cache_dir", "") or data_dir / "cache").resolve(),
            base_url=base_url,
            internal_url=mine.pop("internal_url", "").rstrip("/") or base_url,
            trusted_proxies=_count("trusted_proxies", mine.pop("trusted_proxies", "0")),
            answer_keys=_keys(mine.pop("answer_keys", ""), secret),
            identity_plug=mine.pop("identity", cls.identity_plug),
            staff_identity_plug=mine.pop("staff_identity", SANDBOX if mode == "demo" else "off"),
            payment_plug=mine.pop("payment", SANDBOX),
            line_plug=mine.pop("line", SANDBOX),
            mail_plug=mine.pop("mail", SANDBOX),
            storage_plug=mine.pop("storage", "folder"),
            scanner_plug=mine.pop("scanner", SANDBOX),
            quotas=_quotas(mine),
            maintenance=mine.pop("maintenance", "") in ("1", "true", "yes"),
            plug_options=mine,
        )
        settings.check()
        return settings

    def _places(self) -> list[str]:
        """What is wrong with the places of the city's data."""
        complaints = []
        if not (self.city_dir / "city.yaml").is_file():
            complaints.append(f"CITY_DIR is {self.city_dir}: there is no city.yaml in it")
        if not self.forms_dir.is_dir():
            complaints.append(f"MADOGUCHI_FORMS_DIR is {self.forms_dir}: there is no such folder")
        return complaints

    def check(self) -> None:
        """Raise BadSettings when data is missing, or production would run on demo parts."""
        complaints = self._places()
        if self.is_demo:
            if complaints:
                raise BadSettings(complaints)
            return
        if self.secret_key == DEMO_SECRET or len(self.secret_key) < 32:
            complaints.append("MADOGUCHI_SECRET_KEY is missing or shorter than 32 characters")
        if any(key_id == "demo" for key_id, _ in self.answer_keys):
            complaints.append("MADOGUCHI_ANSWER_KEYS is missing: write id:base64 of 32 bytes")
        if not self.base_url.startswith("https://"):
            complaints.append("MADOGUCHI_BASE_URL must begin with https://")
        for name in ("identity", "staff_identity", "payment", "line", "mail", "scanner"):
            if any(plug.strip().endswith(SANDBOX) for plug in getattr(self, f"{name}_plug").split(",")):
                complaints.append(f"MADOGUCHI_{name.upper()} is the sandbox: name a real plug, or off")
        if "clock_file" in self.plug_options:
            complaints.append("MADOGUCHI_CLOCK_FILE moves the clock: remove it")
        if complaints:
            raise BadSettings(complaints)


def _with_files(env: Mapping[str, str]) -> dict[str, str]:
    values = dict(env)
    for name, path in env.items():
        bare = name.removesuffix("_FILE")
        is_ours = bare.startswith("MADOGUCHI_") or bare in ("DATABASE_URL", "QUEUE_URL")
        if bare != name and is_ours and bare != "MADOGUCHI_CLOCK" and bare not in env:
            try:
                values[bare] = Path(path).read_text().strip()
            except OSError as error:
                raise BadSettings([f"{name} is {path}: {error.strerror}"]) from None
            del values[name]
    return values


def _count(name: str, text: str) -> int:
    if not text.isdecimal():
        raise BadSettings([f"MADOGUCHI_{name.upper()} is {text!r}: write a number"])
    return int(text)


def _quotas(mine: dict[str, str]) -> Quotas:
    names = {one.name: f"quota_{one.name}" for one in fields(Quotas)}
    return Quotas(**{name: _count(key, mine.pop(key)) for name, key in names.items() if key in mine})


def _keys(text: str, secret: str) -> tuple[tuple[str, bytes], ...]:
    if not text:
        return (("demo", _derived_key(secret)),)
    keys = []
    for part in text.split(","):
        key_id, _, encoded = part.strip().partition(":")
        try:
            raw = base64.b64decode(encoded)
        except ValueError:
            raw = b""
        if len(raw) != 32 or not key_id.isalnum():
            raise BadSettings([f"MADOGUCHI_ANSWER_KEYS: key {key_id!r} is not id:base64 of 32 bytes"])
        keys.append((key_id, raw))
    return tuple(keys)
