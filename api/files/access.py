"""The only function that returns a file for somebody."""

from collections.abc import Callable, Mapping

from api.auth import Actor
from api.db import Tx
from api.errors import FileNotReady, FileQuarantined, NotFound
from api.files import queries
from api.files.types import File, Purpose

# May this actor read what a file of this purpose hangs on?
Reader = Callable[[Tx, Actor, str], bool]
Readers = Mapping[Purpose, Reader]


def file_for_reading(tx: Tx, actor: Actor, file_id: str, readers: Readers) -> File:
    """What hangs on nothing is its uploader's alone. Raises NotFound, FileNotReady, FileQuarantined."""
    file = queries.file(tx, file_id)
    if file is None or not _may_read(tx, actor, file, readers):
        raise NotFound
    if file.state == "pending":
        raise FileNotReady
    if file.state == "quarantined":
        raise FileQuarantined
    return file


def _may_read(tx: Tx, actor: Actor, file: File, readers: Readers) -> bool:
    if file.subject is None:
        return file.owner_id == actor.id
    reader = readers.get(file.purpose)
    return reader is not None and reader(tx, actor, file.subject)
