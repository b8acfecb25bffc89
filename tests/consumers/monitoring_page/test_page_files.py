"""The files of the page, as they are written: nothing becomes HTML, nothing is elsewhere's, all text can be read."""

import re
from itertools import product
from pathlib import Path

import pytest

from tests.support.monitoring_api import PAGE

OURS = [path for path in sorted(PAGE.rglob("*")) if path.suffix in (".js", ".css", ".html")]
WRITTEN = [path for path in OURS if "vendor" not in path.parts]
LONGEST_MODULE = 250


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.name)
def test_no_file_writes_html_or_styles_from_text_or_names_another_host(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|unsafe|eval\(|document\.write", text)
    assert not re.findall(r"\sstyle=|<style|\son[a-z]+=\"", text)
    assert not [url for url in re.findall(r"https?://[^\s\"'`)]+", text) if "www.w3.org" not in url]


def test_modules_have_one_subject_each() -> None:
    assert not [
        path.name
        for path in WRITTEN
        if path.suffix == ".js" and len(path.read_text().splitlines()) > LONGEST_MODULE
    ]


def test_every_module_is_asked_for_at_once() -> None:
    named = set(
        re.findall(r'modulepreload" href="([^"]+)"', (PAGE / "index.html").read_text(encoding="utf-8"))
    )
    modules = {path.relative_to(PAGE).as_posix() for path in OURS if path.suffix == ".js"}
    used = {
        (path.parent / name).resolve().relative_to(PAGE).as_posix()
        for path in OURS
        if path.suffix == ".js"
        for name in re.findall(
            r"""(?:from|import)\s*["'](\.[^"']+\.js)["']""", path.read_text(encoding="utf-8")
        )
    }
    assert named == used
    assert modules == used | {"app/main.js"}


INKS = [
    "ink", "ink-soft", "accent", "available", "charging", "occupied", "reserved", "unavailable", "faulted", "unknown", "offline",
]  # fmt: skip
GROUNDS = ["page", "surface", "raised", "sunken", "hover"]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_all_text_is_readable(theme: str) -> None:
    """WCAG 2.2, 1.4.3: a contrast of 4.5 to 1."""
    blocks = re.findall(
        r"(:root\S*) \{(.*?)\}", (PAGE / "style" / "tokens.css").read_text(encoding="utf-8"), re.DOTALL
    )
    colours = {
        selector: dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block)) for selector, block in blocks
    }
    light, dark = colours[":root"], colours[':root[data-theme="dark"]']
    assert dark == colours[':root:not([data-theme="light"])'], "both ways to the dark are one"
    shown = light if theme == "light" else dark
    pairs = [
        *product(INKS, GROUNDS),
        ("on-accent", "accent"),
        ("on-accent", "faulted"),
        ("ink", "accent-soft"),
    ]
    pairs += [(ink, f"{tone}-soft") for ink, tone in product(["ink", "accent"], ["faulted", "offline"])]
    weak = {pair: ratio for pair in pairs if (ratio := _contrast(shown[pair[0]], shown[pair[1]])) < 4.5}
    assert weak == {}


def _contrast(one: str, other: str) -> float:
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
