"""The base of every value: frozen, keyword-only, compared by content, hashable, journalled as it is.

msgspec structs instead of dataclasses, because the journal has to read tagged unions of them back years later:
a field added with a default stays readable in both directions.
"""

from typing import Any, dataclass_transform

import msgspec


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(msgspec.field,))
class ValueType(msgspec.StructMeta):
    """Makes frozen and keyword-only the default of every subclass: msgspec does not pass keyword-only on."""

    def __new__(mcls, name: str, bases: tuple[type, ...], body: dict[str, Any], **options: Any) -> Any:
        return super().__new__(mcls, name, bases, body, **{"frozen": True, "kw_only": True, **options})


class Value(msgspec.Struct, metaclass=ValueType):
    """An immutable value. Sequences inside are tuples, so that every value can be hashed."""
