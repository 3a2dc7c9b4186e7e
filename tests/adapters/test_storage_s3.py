"""The bucket: signatures that a server makes again by itself, and every way in which it may fail."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from integrations import catalogue
from integrations.storage.s3 import S3Storage
from integrations.storage.sigv4 import Credentials, signed
from tests.adapters.test_storage_contract import bucket
from tests.fakes.s3_server import FakeS3
from webapp import clock
from webapp.ports.storage import MissingFile, StorageError

PUBLISHED = Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1")


@pytest.fixture
def fake() -> Iterator[FakeS3]:
    with FakeS3() as running:
        yield running


def test_the_example_of_the_published_rules_gives_the_published_signature() -> None:
    """Amazon S3 API reference, "Signature calculations for the Authorization header", GET Object."""
    at = datetime(2013, 5, 24, tzinfo=UTC)
    headers = signed(
        PUBLISHED, "GET", "examplebucket.s3.amazonaws.com", "/test.txt", {"Range": "bytes=0-9"}, b"", at
    )
    assert headers["authorization"].endswith(
        "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    )
    assert "wJalr" not in repr(PUBLISHED)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"secret_key": "another secret"}, "SignatureDoesNotMatch"),
        ({"region": "us-east-1"}, "InvalidAccessKeyId"),
        ({"bucket": "somebody-elses"}, "NoSuchBucket"),
    ],
)
def test_what_the_server_does_not_believe_is_an_error_and_not_a_missing_file(
    fake: FakeS3, wrong: dict[str, str], code: str
) -> None:
    storage = bucket(fake, **wrong)
    for work in (lambda: storage.put("a/b", b"x", "text/plain"), lambda: storage.get("a/b")):
        with pytest.raises(StorageError, match=code) as refused:
            work()
        assert not isinstance(refused.value, MissingFile)
    assert fake.objects == {}


def test_a_clock_that_goes_wrong_is_named(fake: FakeS3) -> None:
    fake.now = lambda: clock.now() + timedelta(hours=1)
    with pytest.raises(StorageError, match="RequestTimeTooSkewed"):
        bucket(fake).get("a/b")


@pytest.mark.parametrize("fault", ["503", "drop"])
def test_a_hiccup_is_tried_again_and_a_breakdown_is_told(fake: FakeS3, fault: str) -> None:
    left = [fault]
    fake.faults = lambda _method: left.pop() if left else None
    storage = bucket(fake)
    storage.put("a/b", b"x", "text/plain")
    assert storage.get("a/b") == b"x"
    fake.faults = lambda _method: fault
    for work in (storage.get, storage.exists, storage.delete):
        with pytest.raises(StorageError):
            work("a/b")


def test_bytes_that_changed_on_the_way_are_not_handed_out(fake: FakeS3) -> None:
    storage = bucket(fake)
    storage.put("a/b", b"the true bytes", "text/plain")
    fake.faults = lambda _method: "changed"
    with pytest.raises(StorageError, match="came back changed"):
        storage.get("a/b")


def test_a_redirect_is_not_followed(fake: FakeS3) -> None:
    fake.faults = lambda _method: "redirect"
    with pytest.raises(StorageError, match="307"):
        bucket(fake).get("a/b")


@pytest.mark.parametrize(
    ("endpoint", "name"),
    [
        ("http://s3.example.jp", "mihon-files"),
        ("ftp://s3.example.jp", "mihon-files"),
        ("https://s3.example.jp/path", "mihon-files"),
        ("https://s3.example.jp", "../other"),
        ("https://s3.example.jp", "A"),
    ],
)
def test_unsafe_settings_stop_the_start(endpoint: str, name: str) -> None:
    with pytest.raises(ValueError, match="MADOGUCHI_S3"):
        S3Storage(endpoint, name, PUBLISHED, now=clock.now)


def test_an_inner_address_needs_the_citys_word() -> None:
    storage = S3Storage("https://10.0.0.1", "mihon-files", PUBLISHED, now=clock.now)
    with pytest.raises(StorageError, match="inner address"):
        storage.get("a/b")


def test_the_catalogue_builds_it_from_settings(fake: FakeS3, tmp_path: object) -> None:
    options = {
        "s3_endpoint": fake.endpoint, "s3_bucket": fake.bucket, "s3_access_key": fake.access_key,
        "s3_secret_key": fake.secret_key, "s3_region": fake.region,
    }  # fmt: skip
    ground = catalogue.Ground(options, "http://localhost", "http://localhost", tmp_path, "x", clock.now)  # type: ignore[arg-type]
    storage = catalogue.build("storage", "s3", ground)
    storage.put("a/b", b"x", "text/plain")
    assert fake.objects.keys() == {"a/b"}
