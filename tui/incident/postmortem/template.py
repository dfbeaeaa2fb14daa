"""A team's own template: a Markdown file in which `{{ name }}` is a field of the post-mortem.

Alone on its line a field may be several lines (a list, paragraphs); among other words it is one line. All values are
escaped as in the house's own document. A name that is not known, and a bracket that is not closed, are errors with file
and line, all of them at once: a field that silently stays empty would be missed until somebody needs it.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from tui.incident.postmortem import markdown
from tui.incident.postmortem.escape import block, code, prose
from tui.incident.postmortem.looking_back import QUESTIONS
from tui.incident.postmortem.markdown import Local
from tui.model.errors import ConfigError
from tui.model.postmortem import Fact, Moment, PostMortem
from tui.text.clean import clean_line
from tui.text.nearest import nearest

_FIELD = re.compile(r"\{\{((?:(?!\}\}).)*)\}\}")
_BETWEEN_CELLS = re.compile(r"(?<!\\)\|")
"""what would end the cell of a table, in code too"""
_OPEN = re.compile(r"\{\{|\}\}")
Lines = Callable[[PostMortem, Local], Iterable[str]]


def _single(attribute: str) -> Lines:
    def lines(found: PostMortem, _: Local) -> Iterable[str]:
        fact: Fact = getattr(found, attribute)
        return (markdown.text(fact),)

    return lines


def _moment(position: int) -> Lines:
    def lines(found: PostMortem, _: Local) -> Iterable[str]:
        moment: Moment = found.milestones[position]
        if moment.at is None:
            return (f"TODO: {prose(moment.source)}" if moment.gap else f"none ({prose(moment.source)})",)
        return (f"{moment.at:%Y-%m-%d %H:%M} UTC",)

    return lines


def _taught(name: str) -> Lines:
    def lines(found: PostMortem, _: Local) -> Iterable[str]:
        return tuple(markdown.text(fact) for fact in found.taught if fact.name == name)

    return lines


FIELDS: Mapping[str, Lines] = {
    "incident": lambda found, _: (code(found.incident),),
    "service": lambda found, _: (block(found.service),),
    "app": lambda found, _: (block(found.app),),
    "host": lambda found, _: (block(found.host),),
    "description": _single("title"),
    "date": _single("date"),
    "duration": lambda found, _: (markdown.duration(found),),
    "severity": _single("severity"),
    "deployed": _moment(0),
    "detected": _moment(1),
    "initiated": _moment(2),
    "restored": _moment(3),
    "timeline": lambda found, _: markdown.timeline(found),
    "charts": lambda found, _: markdown.drawn(found),
    "root_cause": _single("root_cause"),
    "users_affected": _single("users"),
    "error_rate": _single("error_rate"),
    "revenue_impact": _single("revenue"),
    "impact": lambda found, _: markdown.impact(found),
    "resolution": lambda found, _: ("\n\n".join(markdown.text(fact) for fact in found.resolution),),
    "action_items": lambda found, _: markdown.actions(found),
    "lessons_learned": _single("lessons"),
    **{question.name: _taught(question.name) for question in QUESTIONS},
    "record": lambda found, local: markdown.behind(found, local),
}
"""every field by its name, with the lines that it becomes"""


def check(text: str, path: str) -> None:
    """Raises ConfigError, with file, line and field, for a template that cannot be filled."""
    wrong = list(_problems(text, path))
    if wrong:
        raise ConfigError("\n".join(wrong), f"known fields: {', '.join(FIELDS)}")


def fill(text: str, path: str, found: PostMortem, local: Local) -> str:
    """The template (the text of the file `path`) with this post-mortem in it. Raises ConfigError as `check`."""
    check(text, path)
    return "\n".join(_filled(line, found, local) for line in text.rstrip("\n").split("\n")) + "\n"


def _problems(text: str, path: str) -> Iterator[str]:
    for number, line in enumerate(text.split("\n"), 1):
        for match in _FIELD.finditer(line):
            name = match[1].strip()
            if name not in FIELDS:
                near = nearest(name, FIELDS)
                meant = f", did you mean {near}?" if near else ""
                yield f"{path}:{number}: {{{{ {clean_line(name, 60)} }}}}: no field of a post-mortem{meant}"
        if _OPEN.search(_FIELD.sub("", line)):
            yield f"{path}:{number}: a field begins with {{{{ and ends with }}}} on the same line"


def _filled(line: str, found: PostMortem, local: Local) -> str:
    alone = _FIELD.fullmatch(line.strip())
    if alone is not None:
        return "\n".join(FIELDS[alone[1].strip()](found, local))

    def one_line(match: re.Match[str]) -> str:
        lines = "\n".join(FIELDS[match[1].strip()](found, local)).split("\n")
        said = " ".join(part for part in lines if part.strip())
        return _BETWEEN_CELLS.sub(r"\|", said) if line.lstrip().startswith("|") else said

    return _FIELD.sub(one_line, line)
