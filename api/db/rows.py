"""Rows into Structs: columns are matched to fields by name, once for each query."""

from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from typing import Any, get_args, get_type_hints

import msgspec

from api.clock import Time, rfc3339

Make = Callable[[Sequence[Any]], Any]


class Record(msgspec.Struct, rename="camel"):
    """A row that is also an answer: snake_case columns, camelCase JSON."""


@cache
def parameters(rows: int, columns: int) -> str:
    """`($1, $2), ($3, $4)` for two rows of two."""
    one = [", ".join(f"${row * columns + column}" for column in range(1, columns + 1)) for row in range(rows)]
    return ", ".join(f"({parameters})" for parameters in one)


@lru_cache(maxsize=1024)
def maker(kind: Callable[..., Any], columns: tuple[str, ...]) -> Make:
    """How a row of these columns becomes a `kind`. Raises TypeError where names and fields differ.

    Epoch milliseconds become RFC 3339 where the field is a Time, 0 and 1 become bool, and JSON text becomes whatever
    list, dict or Struct the field declares. A `kind` that is not a Struct is called with the columns in order.
    """
    if not (isinstance(kind, type) and issubclass(kind, msgspec.Struct)):
        return lambda row: kind(*row)
    fields = kind.__struct_fields__[: len(columns)]
    if fields != columns:
        raise TypeError(f"{kind.__name__} has the fields {fields}, the query the columns {columns}")
    hints = get_type_hints(kind, include_extras=True)
    changes = [(i, change) for i, name in enumerate(columns) if (change := _change(hints[name]))]
    if not changes:
        return lambda row: kind(*row)

    def make(row: Sequence[Any]) -> Any:
        values = list(row)
        for i, change in changes:
            if values[i] is not None:
                values[i] = change(values[i])
        return kind(*values)

    return make


def _change(hint: Any) -> Callable[[Any], Any] | None:
    options = [option for option in get_args(hint) if option is not type(None)] if hint != Time else []
    if len(options) == 1 and type(None) in get_args(hint):
        return _change(options[0])
    if hint == Time:
        return rfc3339
    if hint is bool:
        return bool
    origin = getattr(hint, "__origin__", hint)
    if isinstance(origin, type) and (origin in (list, dict, tuple) or issubclass(origin, msgspec.Struct)):
        return msgspec.json.Decoder(hint).decode
    return None
