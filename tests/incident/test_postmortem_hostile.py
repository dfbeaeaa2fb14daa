"""Text that others wrote, put wherever it can come from, changes nothing of the document but what it says."""

import functools
import re
from collections.abc import Callable
from datetime import UTC

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from msgspec.structs import replace

from tests.incident import stories
from tests.incident.facts import later
from tests.incident.stories import Said
from tui.incident import events as ev
from tui.incident.postmortem import markdown, write
from tui.incident.postmortem.escape import block, code, prose
from tui.incident.postmortem.looking_back import QUESTIONS
from tui.incident.postmortem.record import safe
from tui.model.incident import Closing
from tui.model.postmortem import Field
from tui.model.trail import Sent
from tui.model.verification import Check, Verdict
from tui.text import redact

ATTACKS = (
    "![x](http://evil.example/a.png)",
    "[click](javascript:alert(1))",
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "<!-- hidden",
    "&lt;b&gt; &#60;i&#62;",
    "http://evil.example/?q=1 www.evil.example bob@evil.example",
    "@here @channel <!everyone> <@U123>",
    "# heading",
    "- [x] done",
    "1. one",
    "1) one",
    "> quote",
    "```sh\nrm -rf /\n```",
    "~~~",
    "===",
    "---",
    "a\n\n## Incident: another",
    "| a | b |\n|---|---|\n| 1 | 2 |",
    "*bold* _it_ **b** ~~s~~ $x$ `code` ``c`` ` unfinished",
    "\\`not escaped\\`",
    "[ref]: http://evil.example",
    "trailing \\",
    "`@here` ``@here` @`` @a``b",
    "\x1b[31mred\x1b[0m \u202etxt.exe",
    "    indented code",
    "\ttab",
    "$(id) ${HOME} %s",
    "fixes #12 GH-12 acme/ops#12 :tada:",
    "(http://evil.example), \"@here\"; '@here'.",
)
MARKS = list("\\`*_[](){}<>#+-.!|~&@:/=$\"' \n\t^%1ax\u202e\u200b")
hostile = st.one_of(
    st.sampled_from(ATTACKS),
    st.text(st.sampled_from(MARKS), min_size=1, max_size=30),
    st.text(min_size=1, max_size=30),
)


def story(text: str) -> list[Said]:
    """An incident in which everything that others can write says this."""
    made = stories.made()
    plan = replace(
        made,
        leaving=replace(made.leaving, subject=text),
        target=replace(made.target, subject=text),
        skipped=(("release:3", text),),
    )
    found: list[Said] = []
    for one in stories.whole():
        match one:
            case ev.Opened():
                found.append(replace(one, reason=text, by=f"x{text}"))
            case ev.PlanMade():
                found.append(replace(one, plan=plan))
            case ev.Answered():
                found.append(replace(one, evidence=f"x{text}"))
            case Sent():
                found.append(replace(one, argv=(*one.argv, text)))
            case ev.ChecksDone():
                check = Check(name="health", verdict=Verdict.PASSED, evidence=f"x{text}")
                found.append(replace(one, checks=(check,)))
            case ev.DeliveryRecorded(delivery=delivery):
                found.append(replace(one, delivery=replace(delivery, detail=f"x{text}", delivered=False)))
            case ev.Settled():
                found.append(replace(one, left_over=(f"x{text}",)))
            case _:
                found.append(one)
    close = ev.CloseAsked(at=later(1240), closing=Closing.RECOVERED, reason=f"x{text}")
    found = [s for s in found if not isinstance(s, ev.WatchTimerFired)]
    found.insert(-1, close)
    found.append(ev.DecisionNoted(at=later(1300), text=f"x{text}"))
    one_line = " ".join(text.split()).replace(";", ",")
    said: tuple[Field, ...] = (
        Field.DESCRIPTION,
        Field.ROOT_CAUSE,
        Field.USERS,
        Field.REVENUE,
        Field.LESSONS,
        Field.ACTIONS,
    )
    said += tuple(question.field for question in QUESTIONS)
    found += [ev.PostMortemNoted(at=later(1400), field=field, text=f"x{one_line}", by=f"x{text}") for field in said]
    return found


def document(text: str) -> str:
    return markdown.render(write(stories.read(story(text))), lambda at: at.astimezone(UTC))


def shape(tokens: list[Token]) -> list[str]:
    """The blocks of a document: what they are, not what they say."""
    return [token.type + token.tag for token in tokens]


def drawn(tokens: list[Token]) -> set[str]:
    """What is drawn within the blocks besides text."""
    return {child.type for token in tokens for child in token.children or ()}


@functools.cache
def plain(dialect: str) -> list[str]:
    """The blocks of a document in which nobody wrote anything bad."""
    return shape(MarkdownIt(dialect).parse(document("plain")))


def each_attack(test: Callable[[str], None]) -> Callable[[str], None]:
    """Tried by itself, whatever else is drawn."""
    return functools.reduce(lambda made, text: example(text)(made), ATTACKS, test)


@settings(max_examples=80, deadline=None)
@given(hostile)
@each_attack
def test_nothing_becomes_a_block_a_link_an_image_or_html(text: str) -> None:
    written = document(text)
    for dialect in ("commonmark", "gfm-like"):
        ours = MarkdownIt(dialect).parse(written)
        if safe(text):
            assert shape(ours) == plain(dialect)
        assert drawn(ours) <= {"text", "text_special", "softbreak", "strong_open", "strong_close", "code_inline"}
        strong = [child for token in ours for child in token.children or () if child.type == "strong_open"]
        assert len(strong) == 3 + len(QUESTIONS), "Date, Duration, Severity, and a title for each question"


@settings(max_examples=300, deadline=None)
@given(hostile.filter(safe))
@pytest.mark.parametrize("made", [prose, block, code])
def test_the_text_is_read_as_it_was_written(made: Callable[[str], str], text: str) -> None:
    line = " ".join(safe(text).split())
    if not line:
        return
    (begin, inline, end) = MarkdownIt("commonmark").parse(("" if made is block else "x ") + made(line))
    assert (begin.type, end.type) == ("paragraph_open", "paragraph_close")
    shown = "".join(child.content for child in inline.children or ())
    assert (shown if made is block else shown[2:]) == line


@given(st.sampled_from(ATTACKS))
def test_no_bare_address_or_mention_is_left_for_a_renderer_that_looks_for_them(text: str) -> None:
    outside = "".join(
        child.content
        for token in MarkdownIt("commonmark").parse(document(text))
        for child in token.children or ()
        if child.type != "code_inline"
    )
    assert not re.search(r"@\w|://|www\.|#\d|:tada:", outside)


def test_secrets_are_nowhere_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redact, "_known", {"hunter2-hunter2"})
    found = write(stories.read(story("the password is hunter2-hunter2")))
    assert "hunter2" not in markdown.render(found, lambda at: at)
    assert "hunter2" not in repr(found)
    assert "[redacted]" in repr(found)
