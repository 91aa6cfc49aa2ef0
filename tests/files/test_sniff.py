"""Bytes in, type out: no server is needed to tell."""

import io
import struct
import wave
import zipfile

import pytest

from api.files.sniff import sniff
from tests.files.conftest import PDF, TEXT, WORD, archive, document
from tests.files.pictures import photo

OOXML = "application/vnd.openxmlformats-officedocument."


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def film(brand: bytes, *handlers: bytes) -> bytes:
    tracks = [box(b"trak", box(b"mdia", box(b"hdlr", bytes(8) + handler + bytes(12)))) for handler in handlers]
    return box(b"ftyp", brand + bytes(4)) + box(b"moov", box(b"mvhd", bytes(100)) + b"".join(tracks))


def spoken(seconds: float = 1.0) -> bytes:
    target = io.BytesIO()
    with wave.open(target, "wb") as made:
        made.setnchannels(1)
        made.setsampwidth(2)
        made.setframerate(8000)
        made.writeframes(bytes(round(16_000 * seconds)))
    return target.getvalue()


def ogg(codec: bytes) -> bytes:
    return b"OggS" + bytes(22) + bytes([1, len(codec)]) + codec + bytes(100)


MP3 = (b"\xff\xfb\x90\x00" + bytes(413)) * 3
OPEN = "application/vnd.oasis.opendocument.text"

TAKEN = {
    "image/jpeg": photo(),
    "image/png": photo(kind="PNG"),
    "image/webp": photo(kind="WEBP"),
    "image/gif": photo(kind="GIF"),
    "image/heic": film(b"heic"),
    "application/pdf": PDF,
    "text/plain": TEXT,
    f"{OOXML}wordprocessingml.document": document(WORD),
    f"{OOXML}spreadsheetml.sheet": document(f"{OOXML}spreadsheetml.sheet.main+xml"),
    f"{OOXML}presentationml.presentation": document(f"{OOXML}presentationml.presentation.main+xml"),
    OPEN: archive({"mimetype": OPEN.encode(), "content.xml": b"<x/>"}),
    "video/mp4": film(b"isom", b"vide", b"soun"),
    "audio/mp4": film(b"mp42", b"soun"),
    "audio/mpeg": MP3,
    "audio/ogg": ogg(b"OpusHead"),
    "audio/wav": spoken(),
}
REFUSED = {
    "a program of Windows": b"MZ" + bytes(100),
    "a program of Linux": b"\x7fELF" + bytes(100),
    "a script": b"#!/bin/sh\nrm -rf /\n",
    "a page": b"<!DOCTYPE html><script>alert(1)</script>",
    "a page behind blanks and a mark": b"\xef\xbb\xbf \n<html>",
    "a page's script": b"<?php system($_GET[0]); ?>",
    "a drawing": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "a drawing behind a comment": b"<!-- x --><svg><foreignObject/></svg>",
    "a drawing with an entity": b'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg>&x;</svg>',
    "text with a NUL": b"Hello\0world",
    "text with an escape": b"Hello \x1b[31mred",
    "text in Latin 1": "März".encode("latin-1"),
    "text in UTF-16": "Hello".encode("utf-16"),
    "text that ends in the middle of a letter": "Mä".encode()[:-1],
    "blanks": b" \n\t\n",
    "an archive": archive({"note.txt": TEXT}),
    "an archive of archives": archive({f"{n}.zip": archive({"0": bytes(1000)}) for n in range(16)}),
    "a document with macros": document(WORD.replace("document.main", "document.macroEnabled.main")),
    "a document with a program in it": document(WORD, {"word/vbaProject.bin": b"x"}),
    "a document of two kinds": document(f"{WORD} {OOXML}spreadsheetml.sheet.main+xml"),
    "a document that fills the disk": document(WORD, {"word/media/1.bin": bytes(600 << 20)}),
    "a document that unpacks to much": document(WORD, {"word/media/1.bin": bytes(40 << 20)}),
    "a document of ten thousand parts": document(WORD, {f"word/{n}": b"" for n in range(10_000)}),
    "half a document": document(WORD)[:200],
    "an archive of Java": archive({"META-INF/MANIFEST.MF": b"Main-Class: X"}),
    "a film of another kind": film(b"qt  ", b"vide"),
    "a film without tracks": film(b"isom"),
    "boxes that contain each other": box(b"ftyp", b"isom" + bytes(4)) + struct.pack(">I4s", 2**31, b"moov") + bytes(50),
    "ogg with no sound in it": ogg(b"\x80theora"),
    "one frame of sound": MP3[:417],
    "RIFF of another kind": b"RIFF" + bytes(4) + b"AVI " + bytes(100),
    "nothing we know": bytes(range(256)),
}


@pytest.mark.parametrize("kind", TAKEN)
def test_a_file_is_what_is_in_it(kind: str) -> None:
    assert sniff(io.BytesIO(TAKEN[kind]), "invoice.exe") == kind


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_not_on_the_list_is_nothing(what: str) -> None:
    assert sniff(io.BytesIO(REFUSED[what]), "invoice.pdf") is None


def test_a_csv_is_a_text_with_that_name() -> None:
    assert sniff(io.BytesIO(b"a,b\n1,2\n"), "List.CSV") == "text/csv"


def test_text_is_looked_at_to_its_end() -> None:
    assert sniff(io.BytesIO(b"a" * 200_000 + b"\0"), "note.txt") is None
    assert sniff(io.BytesIO(b"a" * 65_535 + "ä".encode() + b"a" * 9), "note.txt") == "text/plain"


def test_an_archive_that_lies_about_its_directory_is_refused() -> None:
    whole = bytearray(document(WORD))
    end = whole.rfind(b"PK\x05\x06")
    whole[end + 12 : end + 16] = struct.pack("<L", 2**31)
    assert sniff(io.BytesIO(bytes(whole)), "offer.docx") is None


def test_a_stored_document_needs_no_unpacking() -> None:
    types = f'<Types><Override ContentType="{WORD}"/></Types>'.encode()
    content = archive({"[Content_Types].xml": types}, zipfile.ZIP_STORED)
    assert sniff(io.BytesIO(content), "offer.docx") == f"{OOXML}wordprocessingml.document"
