"""The smallest writes and reads, on a table that every database has."""

import pytest

from api.db import Tx

only_sqlite = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
only_postgres = pytest.mark.parametrize("engine", ["postgres"], indirect=True)


def note(tx: Tx, name: str, value: str = "") -> str:
    tx.run("insert into meta (name, value) values ($1, $2)", name, value)
    return name


def notes(tx: Tx) -> list[str]:
    return tx.all(str, "select name from meta where name <> 'probe' order by name")


def value(tx: Tx, name: str) -> str:
    return str(tx.value("select value from meta where name = $1", name))
