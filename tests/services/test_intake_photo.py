"""Uploaded photos lose the place where they were taken; what a file is, its bytes say."""

import io
import struct
import zipfile
from typing import Any

import pytest
from PIL import Image

from webapp.intake.photo import without_position
from webapp.intake.sniffing import sniff


def tiff_with_position() -> bytes:
    """A TIFF directory with an orientation and a GPS directory holding N 35 deg."""
    main = struct.pack("<H", 2) + struct.pack("<HHIHH", 0x0112, 3, 1, 6, 0)
    main += struct.pack("<HHII", 0x8825, 4, 1, 8 + 2 + 24 + 4) + struct.pack("<I", 0)
    gps_at = 8 + len(main)
    values_at = gps_at + 2 + 24 + 4
    gps = struct.pack("<H", 2) + struct.pack("<HHI4s", 1, 2, 2, b"N\0\0\0")
    gps += struct.pack("<HHII", 2, 5, 3, values_at) + struct.pack("<I", 0)
    return b"II*\0" + struct.pack("<I", 8) + main + gps + struct.pack("<6I", 35, 1, 47, 1, 12345, 100)


def jpeg_with_position() -> bytes:
    exif = b"Exif\0\0" + tiff_with_position()
    app1 = b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif
    xmp = b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta GPSLatitude='35'></x:xmpmeta>"
    app1_xmp = b"\xff\xe1" + struct.pack(">H", len(xmp) + 2) + xmp
    quant = b"\xff\xdb" + struct.pack(">H", 67) + b"\0" + bytes(range(64))
    scan = b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" + b"pixels" + b"\xff\xd9"
    return b"\xff\xd8" + app1 + app1_xmp + quant + scan + b"trailer with GPS"


def test_a_jpeg_loses_position_and_trailer_and_keeps_orientation_and_pixels() -> None:
    clean = without_position(jpeg_with_position(), "image/jpeg")
    assert struct.pack("<I", 12345) not in clean
    assert b"GPS" not in clean
    assert b"pixels\xff\xd9" in clean
    assert b"\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06" in clean


def test_a_tiff_keeps_its_length_and_loses_the_coordinates() -> None:
    before = tiff_with_position()
    clean = without_position(before, "image/tiff")
    assert len(clean) == len(before)
    assert struct.pack("<I", 12345) not in clean


def test_a_png_loses_its_text_and_exif_chunks() -> None:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + b"crc!"

    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", b"x") + chunk(b"eXIf", tiff_with_position())
    png += chunk(b"tEXt", b"Location\0home") + chunk(b"IDAT", b"pixels") + chunk(b"IEND", b"") + b"more"
    clean = without_position(png, "image/png")
    assert b"eXIf" not in clean
    assert b"home" not in clean
    assert b"pixels" in clean
    assert clean.endswith(b"IEND" + b"crc!")


XMP = b"<?xpacket begin=''?><rdf:RDF exif:GPSLatitude='35,1.0N'></rdf:RDF>"
SECRETS = (b"GPSLatitude", b"Hanako", b"SERIAL-77", b"MAKER")


def exif_of_a_phone() -> bytes:
    """The place, the owner and the number of the camera, in every corner that Exif has."""
    exif = Image.Exif()
    exif[0x0112], exif[0x013B] = 6, "Hanako"
    exif.get_ifd(0x8825).update({1: "N", 2: (35.0, 1.0, 2.5), 3: "E", 4: (135.0, 0.0, 4.25)})
    exif.get_ifd(0x8769).update({0xA431: "SERIAL-77", 0x927C: b"MAKER 35.01"})
    return exif.tobytes()


def as_a_phone_writes(kind: str, **options: Any) -> bytes:
    written = io.BytesIO()
    Image.effect_noise((64, 48), 80).convert("RGB").save(written, kind, exif=exif_of_a_phone(), **options)
    return written.getvalue()


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("JPEG", {"xmp": XMP}),
        ("JPEG", {"xmp": XMP, "progressive": True}),
        ("WEBP", {"xmp": XMP}),
        ("WEBP", {"xmp": XMP, "lossless": True}),
    ],
)
def test_a_photo_as_phones_write_it_tells_no_place_and_no_owner_and_looks_the_same(
    kind: str, options: dict[str, Any]
) -> None:
    before = as_a_phone_writes(kind, **options)
    clean = without_position(before, f"image/{kind.lower()}")
    told, shown = Image.open(io.BytesIO(before)), Image.open(io.BytesIO(clean))
    assert told.getexif().get_ifd(0x8825)[2] == (35.0, 1.0, 2.5), "the sample tells where it was taken"
    assert 35.0 not in shown.getexif().get_ifd(0x8825).get(2, ())
    assert shown.getexif()[0x0112] == 6
    assert shown.tobytes() == told.tobytes()
    assert not [secret for secret in SECRETS if secret in clean]


@pytest.mark.parametrize("media_type", ["image/tiff", "image/heic"])
def test_what_cannot_be_taken_out_is_blanked_in_place(media_type: str) -> None:
    told = exif_of_a_phone().removeprefix(b"Exif\0\0")
    box = b"\0\0\0\x18ftypheic" if media_type == "image/heic" else b""
    clean = without_position(box + told + XMP, media_type)
    assert len(clean) == len(box + told + XMP) and clean.startswith(box)
    assert not [secret for secret in SECRETS if secret in clean]
    left = Image.Exif()
    left.load(clean[len(box) :])
    assert 35.0 not in left.get_ifd(0x8825)[2] and left[0x0112] == 6


def test_what_a_jpeg_says_between_and_after_its_scans_goes_too() -> None:
    written = as_a_phone_writes("JPEG", progressive=True)
    tables = written.find(b"\xff\xc4", written.find(b"\xff\xda"))
    said = [b"\xff" + mark + struct.pack(">H", 11) + b"GPS 35.01" for mark in (b"\xfe", b"\xef", b"\xe1")]
    told = written[:2] + b"\0\0\xff" + said[1] + written[2:tables] + said[0] + written[tables:-2] + said[2]
    clean = without_position(told + b"\xff\xd9", "image/jpeg")
    assert b"GPS 35.01" not in clean
    assert Image.open(io.BytesIO(clean)).tobytes() == Image.open(io.BytesIO(written)).tobytes()


def test_a_jpeg_of_nothing_but_marks_is_read_in_no_time_to_speak_of() -> None:
    assert len(without_position(b"\xff\xd8" + b"\xff" * 3_000_000, "image/jpeg")) < 10


@pytest.mark.parametrize("cut", range(0, 60, 7))
def test_a_broken_photo_is_passed_on_and_never_raises(cut: int) -> None:
    without_position(jpeg_with_position()[:cut], "image/jpeg")
    without_position(tiff_with_position()[:cut], "image/tiff")
    without_position(as_a_phone_writes("WEBP", xmp=XMP)[: -cut or None], "image/webp")
    without_position(b"\x89PNG\r\n\x1a\n" + bytes(cut), "image/png")


def zipped(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (b"%PDF-1.7 ...", "application/pdf"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\x00\x00\x00\x18ftypheic", "image/heic"),
        (b"MZ\x90\x00", "application/octet-stream"),
        (b"<html><script>", "application/octet-stream"),
        ("氏名,住所\n".encode(), "text/plain"),
        (zipped("xl/workbook.xml"), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (zipped("xl/workbook.xml", "xl/vbaProject.bin"), "application/octet-stream"),
        (zipped("a.txt"), "application/zip"),
    ],
)
def test_a_file_is_what_its_bytes_say(data: bytes, media_type: str) -> None:
    assert sniff(data) == media_type
