"""The base of every value: frozen, compared by content, hashable, and written to the journal as it stands.

msgspec structs instead of dataclasses, because the journal has to read tagged unions of them back years later:
a field added with a default stays readable in both directions.
"""

import msgspec


class Value(msgspec.Struct, frozen=True, kw_only=True):
    """An immutable value. Sequences inside are tuples, so that every value can be hashed."""
