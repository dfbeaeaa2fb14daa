"""The known word that somebody probably meant."""

from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word most like this one; None where none is like it."""
    import difflib  # only after a mistake: the usual start needs none of it

    names = list(dict.fromkeys(known))
    by_lower = {name.lower(): name for name in reversed(names)}
    found = difflib.get_close_matches(word.lower(), list(by_lower), 1, 0.6)
    if found:
        return by_lower[found[0]]
    begun = [name for name in names if len(word) > 1 and name.lower().startswith(word.lower())]
    return begun[0] if len(begun) == 1 else None


def suggestion(word: str, known: Iterable[str]) -> str:
    """`did you mean 'api'?`, or nothing."""
    near = nearest(word, known)
    return f"did you mean {near!r}?" if near else ""
