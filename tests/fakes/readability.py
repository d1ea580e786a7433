"""How hard a page's running text is to read: the Flesch-Kincaid grade, in the years of an American school.

Why this measure: it needs nothing but the text (no word lists of one publisher), it has been published with its
constants since 1975 (Kincaid et al., Derivation of new readability formulas, Navy CNTT 8-75), and it looks at what writers can
change: long sentences and long words. Reading age nine is the end of grade 3 and grade 4 (age = grade + 5); 5 is
allowed for a whole page, for it is a mean and words such as "humidity" can't be had shorter. It does not see
whether a text makes sense: people must still read it.

Syllables are counted by groups of vowels, as is usual: right for nine English words in ten, and mostly too many where wrong,
which is the safe side here.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

BLOCKS = frozenset(
    {
        "p",
        "li",
        "dd",
        "dt",
        "h1",
        "h2",
        "h3",
        "label",
        "legend",
        "figcaption",
        "button",
        "summary",
        "div",
        "br",
    }
)
"""What ends a sentence even without a full stop."""
SKIPPED = frozenset(
    {"script", "style", "svg", "table", "nav", "header", "head", "footer", "dl", "select", "button", "form"}
)
"""What is no running text: pictures, tables, figures, ways about, and buttons."""
WORD = re.compile(r"[A-Za-z][A-Za-z'’]*|\d[\d.,:]*")
NUMBER_SYLLABLES = 2
"""Of a number in figures: "nine", "twenty-eight"; digits are easier than their words."""
FEW_WORDS = 2


def syllables(word: str) -> int:
    """Return how many syllables a word has, by its groups of vowels; at least one."""
    if word[0].isdigit():
        return NUMBER_SYLLABLES
    plain = re.sub(r"[^a-z]", "", word.lower())
    if len(plain) > 3:
        plain = re.sub(r"(?<![aeiouytd])ed$", "", plain) if plain.endswith("ed") else plain
        plain = re.sub(r"(?<=[^aeioulsxzcg])es$", "s", plain)
        plain = re.sub(r"(?<=[^aeiouyl])e$", "", plain)
    return max(1, len(re.findall(r"[aeiouy]+", plain)))


class _Text(HTMLParser):
    def __init__(self, *, forms: bool) -> None:
        super().__init__()
        self.blocks: list[str] = [""]
        self._skipping = 0
        self._skipped = SKIPPED - ({"form", "label", "legend"} if forms else set())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in self._skipped:
            self._skipping += 1
        elif tag in BLOCKS:
            self.blocks.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._skipped:
            self._skipping -= 1
        elif tag in BLOCKS:
            self.blocks.append("")

    def handle_data(self, data: str) -> None:
        if self._skipping == 0:
            self.blocks[-1] += data


def sentences(html: str, *, forms: bool = False) -> list[list[str]]:
    """Return a page's sentences as words; headings and labels without a full stop are none, for they would flatter.

    ``forms``: what is said within forms too.
    """
    parser = _Text(forms=forms)
    parser.feed(html)
    found = []
    for block in parser.blocks:
        for sentence in re.split(r"(?<=[.!?])\s+", " ".join(block.split())):
            words = WORD.findall(sentence)
            if len(words) >= FEW_WORDS and sentence[-1] in ".!?":
                found.append(words)
    return found


def grade(text: list[list[str]]) -> float:
    """Return the Flesch-Kincaid grade of sentences; 0 of none."""
    if not text:
        return 0.0
    words = [w for sentence in text for w in sentence]
    per_word = sum(syllables(w) for w in words) / len(words)
    return 0.39 * len(words) / len(text) + 11.8 * per_word - 15.59
