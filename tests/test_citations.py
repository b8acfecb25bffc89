"""Each citation in the repository leads to a place in the repository.

Code and docs cite the protocol reference as `reference §2.5` or `reference §4, quirk 10`, and the guarantees of
`docs/promises.md` as `promise 2`. Links of Markdown files lead to files and headings.
"""

import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
REFERENCE = ROOT / "docs" / "reference" / "ocpp-translation.md"
PROMISES = ROOT / "docs" / "promises.md"

CITED_SECTIONS = re.compile(r"reference ((?:§|quirks? )[\d.]+(?:(?:, | and | to |-)(?:§|quirks? )?[\d.]+)*)")
SECTION = re.compile(r"§(\d+(?:\.\d+)?)")
QUIRKS = re.compile(r"quirks? (\d+(?:(?:, | and )\d+)*)")
CITED_PROMISES = re.compile(r"\bpromises? (\d+)(?:(?:,| and| to) (\d+))*")
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)\s]+)\)")
PATH = re.compile(r"`((?:tests|docs|gateway|consumers|deploy)/[\w./-]+\.\w+)`")


@cache
def tracked(*patterns: str) -> tuple[Path, ...]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
        timeout=60,
    )
    paths = tuple(ROOT / name for name in listed.stdout.split("\0") if name)
    return tuple(path for path in paths if path.is_file() and path != Path(__file__))


def citations(pattern: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    """Where something is cited, and how."""
    for path in tracked("*.py", "*.md"):
        text = " ".join(path.read_text(encoding="utf-8").split())  # a citation may be broken by a line end
        for found in pattern.finditer(text.replace(" # ", " ")):
            yield str(path.relative_to(ROOT)), found[0]


@cache
def sections() -> frozenset[str]:
    return frozenset(re.findall(r"^#{2,3} (\d+(?:\.\d+)?)\.? ", REFERENCE.read_text(), re.MULTILINE))


@cache
def quirks() -> frozenset[str]:
    _, _, after = REFERENCE.read_text().partition("\n## 4. ")
    return frozenset(re.findall(r"^\| (\d+) \|", after.partition("\n## 5. ")[0], re.MULTILINE))


def test_sections_and_quirks_of_the_reference_exist() -> None:
    seen = 0
    for where, cited in citations(CITED_SECTIONS):
        for section in SECTION.findall(cited):
            seen += 1
            assert section in sections(), f"{where}: {cited}"
        for numbers in QUIRKS.findall(cited):
            assert set(re.findall(r"\d+", numbers)) <= quirks(), f"{where}: {cited}"
    assert seen > 40


def test_promises_exist() -> None:
    known = set(re.findall(r"^(\d+)\. \*\*", PROMISES.read_text(), re.MULTILINE))
    seen = 0
    for where, cited in citations(CITED_PROMISES):
        seen += 1
        assert set(re.findall(r"\d+", cited)) <= known, f"{where}: {cited}"
    assert seen > 5


def test_each_promise_names_the_test_that_holds_it() -> None:
    _, *promises = re.split(r"^\d+\. \*\*", PROMISES.read_text(), flags=re.MULTILINE)
    assert len(promises) == 7
    for promise in promises:
        assert "Held by `tests/" in promise


def test_no_document_outside_the_repository_is_cited() -> None:
    assert not list(citations(re.compile(r"design §\d")))


@pytest.mark.parametrize("document", tracked("*.md"), ids=lambda path: str(path.relative_to(ROOT)))
def test_links_and_paths_of_a_document_exist(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    for target in LINK.findall(text):
        name, _, heading = target.partition("#")
        linked = (document.parent / name).resolve() if name else document
        assert linked.exists(), f"{document.name} links to {target}"
        if heading and linked.suffix == ".md":
            assert heading in headings(linked), f"{document.name} links to {target}"
    if "adr" not in document.parts and document.name != "CHANGELOG.md":  # these tell how it was
        for path in PATH.findall(text):
            assert (ROOT / path).exists(), f"{document.name} names {path}"


@cache
def headings(document: Path) -> frozenset[str]:
    """The anchors of the headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return frozenset(re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles)
