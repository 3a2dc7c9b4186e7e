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


def zipped(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in {"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<w/>", **files}.items():
            archive.writestr(name, data)
    return out.getvalue()


def relation(kind: str, target: str, mode: str = "External") -> bytes:
    schema = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    tag = f'<Relationship Id="r1" Type="{schema}/{kind}" Target="{target}" TargetMode="{mode}"/>'
    return f"<Relationships>{tag}</Relationships>".encode()


PROGRAM = zipped(**{"run.class": b"\xca\xfe\xba\xbe"})


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "TIFF"])
def test_a_picture_that_is_an_archive_too_is_refused(kind: str) -> None:
    with pytest.raises(FileRefused) as refused:
        files.inspect("a.gif", picture(8, 8, kind) + PROGRAM, question(), already=0)
    assert refused.value.code == "wrong_type"
    assert files.inspect("a.gif", picture(8, 8, kind), question(), already=0)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_what_hangs_behind_a_photo_is_cut_off_or_refused(kind: str) -> None:
    photo = picture(8, 8, kind)
    hidden = b"<script>alert(1)</script>"
    assert hidden not in files.inspect("a.jpg", photo + hidden, question(), already=0).data
    with pytest.raises(FileRefused):
        files.inspect("a.jpg", photo + PROGRAM, question(), already=0)


@pytest.mark.parametrize(
    "data",
    [
        PDF % b"" + PROGRAM,
        b"<html><script>x</script>" + PDF % b"",
        b"MZ\x90\0" + PDF % b"",
        b"GIF89a;" + PDF % b"",
    ],
)
def test_a_pdf_that_is_something_else_too_is_refused(data: bytes) -> None:
    with pytest.raises(FileRefused) as refused:
        files.inspect("a.pdf", data, question("pdf"), already=0)
    assert refused.value.code == "wrong_type"


@pytest.mark.parametrize(
    "inside",
    [
        {"word/_rels/settings.xml.rels": relation("attachedTemplate", "https://evil.example/t.dotm")},
        {"word/_rels/document.xml.rels": relation("oleObject", "file://server/share/x")},
        {"word/activeX/activeX1.bin": b"x"},
        {"word/embeddings/oleObject1.bin": b"x"},
        {"word/media/setup.exe": b"MZ"},
    ],
)
def test_an_office_file_that_runs_or_fetches_something_is_refused(inside: dict[str, bytes]) -> None:
    with pytest.raises(FileRefused) as refused:
        files.inspect("a.docx", zipped(**inside), question("office"), already=0)
    assert refused.value.code == "acts"


def test_an_office_file_with_a_link_in_its_text_is_taken() -> None:
    links = {"word/_rels/document.xml.rels": relation("hyperlink", "https://www.example.jp/")}
    assert files.inspect("a.docx", zipped(**links), question("office"), already=0)


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


CLAMD_LIMIT = 300_000


def read_exactly(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        data += connection.recv(size - len(data)) or b"\0" * size
    return data


def instream(connection: socket.socket) -> bytes:
    """Answer one INSTREAM as clamd does: length-prefixed chunks until an empty one, a limit, one virus."""
    if read_exactly(connection, 10) != b"zINSTREAM\0":
        return b"UNKNOWN COMMAND\0"
    data = b""
    while size := int.from_bytes(read_exactly(connection, 4), "big"):
        data += read_exactly(connection, size)
        if len(data) > CLAMD_LIMIT:
            return b"INSTREAM size limit exceeded. ERROR\0"
    return b"stream: Eicar-Signature FOUND\0" if EICAR in data else b"stream: OK\0"


@pytest.fixture
def clamd() -> Iterator[str]:
    """A clamd that knows one virus, on a real socket."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                connection.sendall(instream(connection))

    threading.Thread(target=serve, daemon=True).start()
    yield f"127.0.0.1:{server.getsockname()[1]}"
    server.close()


def test_the_clamav_scanner_finds_the_eicar_file_across_chunks(clamd: str) -> None:
    scanner = ClamavScanner(clamd, timeout_s=3)
    found = scanner.scan(EICAR)
    assert (found.clean, found.name) == (False, "Eicar-Signature")
    assert not scanner.scan(b"x" * (64 * 1024 - 10) + EICAR).clean
    assert scanner.scan(b"x" * 200_000).clean
    assert scanner.scan(b"").clean


def test_what_is_too_large_for_the_scanner_does_not_pass(clamd: str) -> None:
    with pytest.raises(ScannerUnavailable):
        ClamavScanner(clamd, timeout_s=3).scan(b"x" * (CLAMD_LIMIT + 1))


def test_a_scanner_that_is_down_passes_nothing() -> None:
    with pytest.raises(ScannerUnavailable):
        ClamavScanner("127.0.0.1:1", timeout_s=0.5).scan(b"hello")
