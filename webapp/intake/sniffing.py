"""What a file really is, from its first bytes; the name and the browser's word are not trusted."""

import io
import zipfile

_OFFICE = {
    "word/": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xl/": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ppt/": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
_HEIF_BRANDS = {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"}

EXTENSIONS = {
    "application/pdf": ("pdf",),
    "image/jpeg": ("jpg", "jpeg"),
    "image/png": ("png",),
    "image/gif": ("gif",),
    "image/webp": ("webp",),
    "image/heic": ("heic", "heif"),
    "image/tiff": ("tif", "tiff"),
    _OFFICE["word/"]: ("docx",),
    _OFFICE["xl/"]: ("xlsx",),
    _OFFICE["ppt/"]: ("pptx",),
    "application/zip": ("zip",),
    "text/plain": ("txt", "csv"),
}

SHOWN_INLINE = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp", "application/pdf"})
"""Types a browser may show in the page; everything else is only downloaded."""


def sniff(data: bytes) -> str:
    """The media type of ``data``; ``application/octet-stream`` when it is none that is known here."""
    if data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"%PDF-"):
        return "application/pdf"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data[:6] in (b"GIF87a", b"GIF89a"):
        return "image/gif"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data[4:8] == b"ftyp" and data[8:12] in _HEIF_BRANDS:
        return "image/heic"
    if data[:4] in (b"II*\x00", b"MM\x00*"):
        return "image/tiff"
    return _zip_or_text(data)


def _zip_or_text(data: bytes) -> str:
    if data.startswith(b"PK\x03\x04"):
        return _inside_zip(data)
    sample = data[:4096]
    if sample and not any(byte < 9 or 13 < byte < 32 for byte in sample) and b"<" not in sample:
        return "text/plain"
    return "application/octet-stream"


def _inside_zip(data: bytes) -> str:
    try:
        names = zipfile.ZipFile(io.BytesIO(data)).namelist()
    except zipfile.BadZipFile:
        return "application/octet-stream"
    if any("vbaProject" in name for name in names):
        return "application/octet-stream"
    for folder, media_type in _OFFICE.items():
        if any(name.startswith(folder) for name in names):
            return media_type
    return "application/zip"
