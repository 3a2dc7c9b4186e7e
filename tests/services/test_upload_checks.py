"""Uploads are judged by what they are: disguises, bombs and files that act by themselves are refused."""

from __future__ import annotations

import io
import socket
import threading
import zipfile
import zlib
from collections.abc import Iterator

import pytest
from PIL import Image

from integrations.scanner.clamav import ClamavScanner
from integrations.scanner.sandbox import SandboxScanner
from webapp.form_engine.fields import File
from webapp.intake import files, hazards
from webapp.intake.files import FileRefused
from webapp.ports.scanner import ScannerUnavailable

# In parts: scanners read repositories too.
EICAR = b"".join((rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$", b"EICAR-STANDARD-", b"ANTIVIRUS-TEST-FILE!$H+H*"))
PDF = b"%%PDF-1.7\n1 0 obj <</Type /Catalog %s>> endobj\n%%%%EOF"


def picture(width: int, height: int, kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.new("1" if kind == "PNG" else "RGB", (width, height)).save(out, kind)
    return out.getvalue()


def question(*allow: str, **more: object) -> File:
    return File.model_validate(
        {"key": "photo", "type": "file", "label": "写真", "allow": list(allow or ("image", "pdf")), **more}
    )


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("photo.jpg", b"<html><script>alert(1)</script>", "wrong_type"),
        ("photo.jpg", b"<svg onload=alert(1)>", "wrong_type"),
        ("photo.jpg", b"MZ\x90\x00" + b"\0" * 100, "wrong_type"),
        ("photo.jpg", b"", "empty"),
        ("big.png", picture(9000, 9000), "picture_bomb"),
        ("form.pdf", PDF % b"/OpenAction <</S /JavaScript /JS (app.alert(1))>>", "acts"),
        ("form.pdf", PDF % b"/OpenAction <</S /J#61vaScript /J#53 (x)>>", "acts"),
        ("form.pdf", PDF % b"/OpenAction <</S /Launch /F (cmd.exe)>>", "acts"),
        ("form.pdf", PDF % b"/Names <</EmbeddedFiles 3 0 R>> /Type /EmbeddedFile", "acts"),
    ],
)
def test_a_harmful_file_is_refused_with_its_reason(name: str, data: bytes, code: str) -> None:
    with pytest.raises(FileRefused) as refused:
        files.inspect(name, data, question(), already=0)
    assert refused.value.code == code


def test_a_script_packed_into_an_object_stream_is_found() -> None:
    packed = zlib.compress(b"5 0 <</S /JavaScript /JS (x)>>")
    data = (
        b"%PDF-1.7\n4 0 obj <</Type /ObjStm /Filter /FlateDecode>>\nstream\n" + packed + b"\nendstream\n%%EOF"
    )
    assert hazards.found(data, "application/pdf") == "acts"


def test_ordinary_files_are_taken() -> None:
    assert files.inspect("a.png", picture(800, 600), question(), already=0).media_type == "image/png"
    assert files.inspect("a.pdf", PDF % b"", question(), already=0).media_type == "application/pdf"


def test_a_zip_bomb_in_an_office_file_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", b"\0" * 40_000_000)
    with pytest.raises(FileRefused) as refused:
        files.inspect("bomb.docx", out.getvalue(), question("office"), already=0)
    assert refused.value.code == "zip_bomb"


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "..\\..\\boot.ini", "a/b/c.png", "\u202egnp.exe", "con\0.png"]
)
def test_a_name_never_leaves_its_folder(name: str) -> None:
    kept = files.inspect(name, picture(8, 8), question(), already=0).name
    assert not set(kept) & set("/\\\0\u202e")
    assert kept.endswith(".png")


def test_too_many_and_too_large_are_refused() -> None:
    with pytest.raises(FileRefused):
        files.inspect("a.png", picture(8, 8), question(max_files=2), already=2)
    with pytest.raises(FileRefused):
        files.inspect("a.pdf", PDF % b"" + b"x" * 2_000_000, question(max_mb=1), already=0)


def test_the_sandbox_scanner_finds_the_eicar_file() -> None:
    assert not SandboxScanner().scan(EICAR).clean
    assert SandboxScanner().scan(b"hello").clean


@pytest.fixture
def clamd() -> Iterator[str]:
    """A clamd that knows one virus, speaking INSTREAM."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                data = b""
                while not data.endswith(b"\0\0\0\0"):
                    data += connection.recv(65536)
                answer = b"stream: Eicar-Signature FOUND\0" if b"EICAR" in data else b"stream: OK\0"
                connection.sendall(answer)

    threading.Thread(target=serve, daemon=True).start()
    yield f"127.0.0.1:{server.getsockname()[1]}"
    server.close()


def test_the_clamav_scanner_finds_the_eicar_file(clamd: str) -> None:
    scanner = ClamavScanner(clamd, timeout_s=3)
    assert not scanner.scan(EICAR).clean
    assert scanner.scan(b"x" * 200_000).clean


def test_a_scanner_that_is_down_passes_nothing() -> None:
    with pytest.raises(ScannerUnavailable):
        ClamavScanner("127.0.0.1:1", timeout_s=0.5).scan(b"hello")
