"""Names in a comment: whoever opens a pull request chooses them, and they show as they are and do nothing."""

import re
from html import unescape
from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from policies.gate.escaping import code, inline
from policies.pack.message import printable

HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "</details></td></table><script>",
    "a | b | c",
    "\\| a",
    "`code` and ``more``",
    "[click](https://evil.example)",
    "![x](https://evil.example/pixel.png)",
    "<!-- keyturn-gate -->",
    "**bold** _it_ ~~gone~~",
    "# heading",
    "&lt;b&gt; &amp; &#64;",
    "line\nbreak\r\n| --- |",
    "tab\tand \x1b[31m red",
    "$x^2$ :tada:",
    "https://evil.example www.evil.example",
    "right\u202eleft",
)


class Seen(HTMLParser):
    """What a reader sees, and with which tags."""

    def __init__(self, markdown):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(MarkdownIt("commonmark", {"html": True}).enable("table").render(markdown))

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


def seen(cell):
    return Seen(f"| x |\n|---|\n| {cell} |\n")


def shown(text):
    """The text as a browser shows it: blanks and what cannot be printed are one blank."""
    return " ".join(printable(text).split())


TABLE = ["table", "thead", "tr", "th", "tbody", "tr", "td"]


@given(st.text(max_size=60))
@pytest.mark.parametrize("escape", [inline, code])
@example("<img src=x onerror=alert(1)>")
def test_any_name_shows_as_it_is_and_adds_no_tag(escape, text):
    cell = seen(escape(text))

    assert shown(cell.text.replace("\u200b", "").replace("x", "", 1)) == shown(text)
    assert [tag for tag, _ in cell.tags if tag != "code"] == TABLE


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("escape", [inline, code])
def test_a_hostile_name_has_no_effect(escape, text):
    cell = seen(escape(text))

    assert [tag for tag, _ in cell.tags if tag != "code"] == TABLE
    assert all(not attributes for _, attributes in cell.tags)
    assert shown(cell.text.replace("\u200b", "").replace("x", "", 1)) == shown(text)


@pytest.mark.parametrize("text", ["@octocat", "@org/team", "me@example.com", "see #12", "(#12)"])
def test_nobody_is_notified_and_no_issue_is_linked(text):
    read = unescape(re.sub(r"\\(.)", r"\1", inline(text)))

    assert not re.search(r"[@#](?!\u200b)", read)
    assert read.replace("\u200b", "") == text


@pytest.mark.parametrize("escape", [inline, code])
@pytest.mark.parametrize("text", ["www.evil.example", "(WWW.evil.example"])
def test_no_address_is_linked_that_a_code_host_finds_by_itself(escape, text):
    assert "www." not in escape(text).lower()
    assert shown(seen(escape(text)).text.replace("x", "", 1)) == text


def test_a_long_name_is_cut():
    assert len(inline("a" * 10_000)) == 500
    assert inline("a" * 10_000).endswith("…")
