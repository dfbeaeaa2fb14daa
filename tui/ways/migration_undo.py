"""Does a migration say how it is undone? Told from its text, by tool.

What the text does not show for certain counts as no: a command that undoes nothing, or stops half-way, is worse than
none. A way back that is there and empty undoes nothing. A repository is hostile: each text is gone through once,
however it is made, so nothing here looks for an end from each of many beginnings.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from tui.model.commit_range import SourceTree


class Migration(NamedTuple):
    """One migration of a tree."""

    revision: str
    path: str
    text: str
    """empty where it is in the target's tree only"""


Undoes = Callable[[Migration, SourceTree], bool]


LONGEST = 64 * 1024
"""characters of a migration that is read; a longer one loads data, and says nothing for certain"""
LONGEST_LINE = 2000
"""the same of a line: a longer one was written by no person"""


def never(one: Migration, tree: SourceTree) -> bool:
    """For tools without a way back."""
    return False


def readable(text: str) -> bool:
    """True if it is a text of a size that people write."""
    return len(text) <= LONGEST and all(len(line) <= LONGEST_LINE for line in text.split("\n"))


# ── reading code ─────────────────────────────────────────────────────────────────────────────────────────────────────

_PAIRS = {"(": ")", "{": "}", "[": "]"}


def _group(text: str, at: int) -> int:
    """The index behind the bracket that closes the one at `at`; the text's length where none does."""
    open_, close, depth, quote = text[at], _PAIRS[text[at]], 0, ""
    while at < len(text):
        char = text[at]
        if quote:
            if char == "\\":
                at += 1
            elif char == quote:
                quote = ""
        elif char in "\"'`":
            quote = char
        elif char == open_:
            depth += 1
        elif char == close:
            depth -= 1
            if not depth:
                return at + 1
        at += 1
    return len(text)


def arguments(text: str, called: str) -> list[list[str]]:
    """The arguments of each call of a function by that name, without those inside of another's."""
    calls: list[list[str]] = []
    end = 0
    for found in re.finditer(rf"\b{called}\(", text):
        if found.start() < end:
            continue
        end = _group(text, found.end() - 1)
        inner, part, at, args = text[found.end() : end - 1], 0, 0, list[str]()
        while at < len(inner):
            if inner[at] in _PAIRS:
                at = _group(inner, at)
                continue
            if inner[at] in "\"'":
                ended = re.compile(r"\"\"\".*?\"\"\"|'''.*?'''|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'", re.DOTALL)
                quoted = ended.match(inner, at)
                at = quoted.end() if quoted else len(inner)
                continue
            if inner[at] == ",":
                args.append(inner[part:at].strip())
                part = at + 1
            at += 1
        calls.append([arg for arg in (*args, inner[part:].strip()) if re.sub(r"#.*", "", arg).strip()])
    return calls


def _plain(code: str) -> str:
    """Code without the comments of C's family."""
    return re.sub(r"/\*.*?(?:\*/|\Z)|(?<![:\"'])//[^\n]*", "", code, flags=re.DOTALL)


_NOTHING = re.compile(
    r"\s*(?:throw\b.*|\$this->(?:throwIrreversible|abortIf|skipIf)\w*\(.*|return(?:\s+Promise\.resolve\(\))?;?\s*)?",
    re.DOTALL,
)


def _body(text: str, name: str) -> str | None:
    """The body of a function in a language with braces, or the expression that it is; None where there is no such."""
    code = _plain(text)
    found = re.search(rf"\b{name}\s*(?:(\()|[:=](?![=:])\s*)", code)
    if found is None:
        return None
    at = found.end() - 1 if found[1] else found.end()
    if re.match(r"(?:false|null|undefined)\b", code[at:]):
        return None
    head = re.match(r"(?:async\b\s*)?(?:function\b\s*\w*\s*)?", code[at:])
    at += head.end() if head else 0
    if code[at : at + 1] == "(":
        at = _group(code, at)
    opens = code.find("{", at)
    line = code[at:].split("\n", 1)[0]
    if opens < 0 or ("=>" in line and "{" not in line):
        return line.partition("=>")[2].strip(" ;") or line.strip(" ;=>")
    return code[opens + 1 : _group(code, opens) - 1]


def braced(*names: str) -> Undoes:
    """True where one of these functions is there and does something."""

    def does(one: Migration, tree: SourceTree) -> bool:
        bodies = [_body(one.text, name) for name in names]
        return any(body is not None and not _NOTHING.fullmatch(body) for body in bodies)

    return does


def _sql(text: str) -> bool:
    """True if there is more than comments."""
    return bool(re.sub(r"--[^\n]*|/\*.*?(?:\*/|\Z)", "", text, flags=re.DOTALL).strip())


def sibling(ending: str, other: str) -> Undoes:
    """True where a file beside it holds what undoes it."""

    def does(one: Migration, tree: SourceTree) -> bool:
        path = one.path.removesuffix(ending) + other
        return path in tree.files and _sql(tree.content(path) or "")

    return does


def below(mark: str) -> Undoes:
    """True where SQL follows that comment."""
    return lambda one, tree: _sql(one.text.partition(mark)[2])


# ── by tool ──────────────────────────────────────────────────────────────────────────────────────────────────────────

_RAILS_NEVER = re.compile(
    r"\bexecute\b|\bchange_column\b|\bt\.change\b|\bremove_columns\b(?!.*\btype:)"
    r"|\bremove_column\b\s*\(?\s*:?\S+?,\s*[:\"']?\w+[\"']?\s*\)?\s*(?:$|,\s*if_exists:)"
    r"|\bt\.remove\b(?!.*\btype:)|\b(?:t\.)?change_(?:column_)?default\b(?!.*\bfrom:.*\bto:|.*\bto:.*\bfrom:)"
    r"|\bchange_(?:column|table)_comment\b(?!.*\bfrom:)|\bdrop_table\b(?!.*(?:\bdo\b|\{))"
    r"|\bremove_index\b(?!.*\bcolumn:)\s*\(?\s*:?[\w\"']+\s*(?:\)|$|,\s*\w+:)"
    r"|\bremove_foreign_key\b(?!.*\bto_table:)\s*\(?\s*:?[\w\"']+\s*(?:\)|$|,\s*\w+:)"
    r"|\bremove_check_constraint\b\s*\(?\s*:?[\w\"']+\s*(?:\)|$|,\s*\w+:)|\bdrop_enum\b\s*\(?\s*:?[\w\"']+\s*\)?\s*$"
    r"|\b(?:update_all|find_each|find_in_batches|in_batches|delete_all|destroy_all|insert_all|upsert_all)\b"
    r"|\.(?:create|save|update|destroy)!?\b(?=[\s(]|$)"
)
"""what a `change` cannot take back, or does once more on its way back"""


def rails(one: Migration, tree: SourceTree) -> bool:
    """`down`, or a `change` of which Rails knows the reverse."""
    text = re.sub(r"^[ \t]*#.*|\s#\s.*$", "", one.text, flags=re.MULTILINE)
    if "IrreversibleMigration" in text:
        return False
    if re.search(r"^[ \t]*def (?:self\.)?up\b", text, re.MULTILINE):
        down = re.search(r"^[ \t]*def (?:self\.)?down\b[^\n;]*[;\n](.*)", text, re.MULTILINE | re.DOTALL)
        return down is not None and re.match(r"\s*(?:end\b|raise\b|nil\b|true\b)", down[1]) is None
    if "def change" not in text:
        return False
    change = re.sub(r",\s*\n\s*", ", ", text.partition("def change")[2])
    if re.search(r"\breversible\b", change):
        return re.search(r"\.down\b", change) is not None
    if re.search(r"\brevert\b", change):
        return True
    return readable(change) and not any(_RAILS_NEVER.search(line) for line in change.splitlines())


def django(one: Migration, tree: SourceTree) -> bool:
    """Each RunPython and RunSQL with its reverse."""

    def reversed_(args: list[str], word: str) -> bool:
        plain = [arg for arg in args if not re.match(r"\w+\s*=(?!=)", arg)]
        named = [arg for arg in args if re.match(rf"{word}\s*=\s*(?!None\b)", arg)]
        return bool(named) or (len(plain) > 1 and plain[1] != "None")

    return all(reversed_(args, "reverse_code") for args in arguments(one.text, "RunPython")) and all(
        reversed_(args, "reverse_sql") for args in arguments(one.text, "RunSQL")
    )


def alembic(one: Migration, tree: SourceTree) -> bool:
    """`downgrade` with more in it than its description."""
    body = re.sub(
        r"^[^\n]*\n\s*(?:\"\"\".*?\"\"\"|'''.*?'''|\"[^\"\n]*\"\s*$)?",
        "",
        one.text.partition("def downgrade")[2],
        count=1,
        flags=re.DOTALL,
    )
    lines = [line.strip() for line in body.splitlines() if line.strip() and not line.strip().startswith("#")]
    return bool(lines) and re.match(r"pass\b|raise\b|return\b|\.\.\.", lines[0]) is None


_ECTO_NEVER = re.compile(
    r"\bexecute[ (]\s*(?:\"\"\"(?:(?!\"\"\").)*\"\"\"|\"[^\"\n]*\"|&[\w.]+/0)\s*\)?\s*$"
    r"|\bdrop(?:_if_exists)?[ (]\s*(?:table|constraint)\b|\bremove[ (]\s*:\w+\s*\)?\s*$|\bremove_if_exists\b"
    r"|\bmodify\b(?![^\n]*\bfrom:)|\b(?:update_all|delete_all|insert_all)\b",
    re.MULTILINE | re.DOTALL,
)
"""what a `change` cannot take back"""


def ecto(one: Migration, tree: SourceTree) -> bool:
    """`down`, or a `change` of which Ecto knows the reverse."""
    text = re.sub(r"^[ \t]*#.*", "", one.text, flags=re.MULTILINE)
    down = re.search(r"^[ \t]*def down\b(?:,\s*do:\s*|\s+do\s+)(\S+)", text, re.MULTILINE)
    if down is not None:
        return down[1] not in ("end", ":ok", "nil", "raise")
    change = re.search(r"^[ \t]*def change\b(.*)", text, re.MULTILINE | re.DOTALL)
    return change is not None and _ECTO_NEVER.search(change[1]) is None


_PHINX_NEVER = re.compile(
    r"->(?:execute|removeColumn|changeColumn|drop|removeIndex|insert|dropTable|getQueryBuilder)\("
)


def phinx(one: Migration, tree: SourceTree) -> bool:
    """`down`, or a `change` of which Phinx knows the reverse."""
    change = _body(one.text, "function change")
    if change is not None:
        return _PHINX_NEVER.search(change) is None
    return braced("function down")(one, tree)


def goose(one: Migration, tree: SourceTree) -> bool:
    """SQL below its mark, or a second function in Go."""
    if one.path.endswith(".sql"):
        return below("-- +goose Down")(one, tree)
    calls = arguments(one.text, r"AddMigration\w*")
    return bool(calls) and all(len(args) > 1 and args[1] != "nil" for args in calls)


def sea_orm(one: Migration, tree: SourceTree) -> bool:
    """`down` that does something."""
    body = _body(one.text, "fn down")
    return body is not None and re.match(r"\s*(?:todo!|unimplemented!|panic!|Ok\(|Err\(|$)", body) is None
