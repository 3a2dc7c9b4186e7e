"""One suite for whatever keeps files: a folder, or a bucket that speaks S3 (a fake on a real socket)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from integrations.storage.folder import FolderStorage
from integrations.storage.s3 import S3Storage
from integrations.storage.sigv4 import Credentials
from tests.fakes.s3_server import FakeS3
from webapp import clock
from webapp.ports.storage import MissingFile, StorageError, StoragePort


def bucket(fake: FakeS3, **more: str) -> S3Storage:
    given = {"secret_key": fake.secret_key, "bucket": fake.bucket, "region": fake.region, **more}
    credentials = Credentials(fake.access_key, given["secret_key"], given["region"])
    return S3Storage(
        fake.endpoint,
        given["bucket"],
        credentials,
        now=clock.now,
        prefix=given.get("prefix", ""),
        read_seconds=2,
    )


@pytest.fixture(params=["folder", "s3", "s3 below a prefix"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StoragePort]:
    if request.param == "folder":
        yield FolderStorage(tmp_path / "files")
        return
    with FakeS3() as fake:
        yield bucket(fake, prefix="city/files" if "prefix" in request.param else "")


def test_bytes_are_kept_replaced_and_forgotten(storage: StoragePort) -> None:
    storage.put("drafts/ab12", b"one", "text/plain")
    storage.put("drafts/ab12", b"two", "text/plain")
    assert (storage.get("drafts/ab12"), storage.exists("drafts/ab12")) == (b"two", True)
    storage.delete("drafts/ab12")
    storage.delete("drafts/ab12")
    assert storage.exists("drafts/ab12") is False
    with pytest.raises(MissingFile):
        storage.get("drafts/ab12")


@pytest.mark.parametrize("data", [b"", b"\0\r\n\xff" * 9, bytes(range(256)) * 4000], ids=len)
def test_every_byte_comes_back(storage: StoragePort, data: bytes) -> None:
    storage.put("intake/x/Ab-_9.pdf", data, "application/pdf")
    assert storage.get("intake/x/Ab-_9.pdf") == data


@pytest.mark.parametrize(
    "key",
    ["../up", "a/../../up", "/etc/passwd", "a//b", ".hidden", "a/.b", "", "a\0b", "日本", "a\n", "a\\b/", "a?b", "a" * 901],
)  # fmt: skip
def test_a_key_never_leads_outside(storage: StoragePort, tmp_path: Path, key: str) -> None:
    for work in (storage.get, storage.exists, storage.delete, lambda k: storage.put(k, b"x", "text/plain")):
        with pytest.raises(StorageError, match="not a storage key"):
            work(key)
    assert list(tmp_path.rglob("*")) == []
