"""The page to explore: its data, and how it behaves in a browser.

The browser's own big-integer arithmetic is compared with certify's, number by number.
"""

from __future__ import annotations

import json
import re
from fractions import Fraction
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from certify.claims import Pair, impulses
from certify.cli import main
from certify.errors import ExitCode
from certify.impulse.prove import prove_impulse
from certify.impulse.sweep import sweep, sweep_all
from certify.model import Network
from certify.reading.weights import read_network
from certify.report.explore.page import explore_page, without_unit
from tests.browser import HAVE_CHROMIUM, WITHOUT, browser, poor_contrasts, wait_for
from tests.examples import EXAMPLES, MODELS, TWO_INTERVALS, save_npz

in_chromium = pytest.mark.skipif(not HAVE_CHROMIUM, reason=WITHOUT)
M8_5 = MODELS / "m8_5.pt"
M16_10 = MODELS / "m16_10.pt"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("explore") / "page.html"
    path.write_text(explore_page(read_network(M8_5), "m8_5.pt"))
    return path


def page_data(text: str) -> Any:
    match = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert match
    return json.loads(match[1])


def test_data_are_those_of_the_sweep(page: Path) -> None:
    network = read_network(M8_5)
    result = prove_impulse(network)
    data = page_data(page.read_text())
    assert data["range"] == [str(end) for end in result.ratios]
    for shown, proved in zip(data["pairs"], result.pairs, strict=True):
        assert (shown["m"], shown["s"]) == proved.pair
        assert shown["margin"] == str(proved.min_margin.value)
        assert shown["right"] == [[str(a), str(b)] for a, b in proved.right_intervals]
    for unit, found in enumerate(data["without"]):
        smaller = without_unit(network, unit)
        for shown, right in zip(result.pairs, found, strict=True):
            expected = sweep(smaller, shown.pair).right_intervals
            assert right == [[str(a), str(b)] for a, b in expected]


def test_removing_a_unit_takes_all_its_weights() -> None:
    smaller = without_unit(TWO_INTERVALS, 1)
    assert smaller.w_ih == (-8, 0, 5, -3, 4)
    assert smaller.w_hh[1] == (0,) * 5
    assert all(row[1] == 0 for row in (*smaller.w_hh, *smaller.w_out))
    assert smaller.w_hh[0] == (-5, 0, 0, 2, -4)


def test_page_is_one_file_that_reaches_for_nothing(page: Path) -> None:
    text = page.read_text()
    assert "default-src 'none'" in text
    assert re.findall(r"""(?:src|href|url|@import|fetch)\s*[=(]\s*["']?[^"')\s>]+""", text) == []
    assert explore_page(read_network(M8_5), "m8_5.pt") == text, "another page for the same model"


def test_names_cannot_become_markup() -> None:
    name = '</script><script>alert(1)</script>&"'
    text = explore_page(EXAMPLES[0].network, name)

    class Scripts(HTMLParser):
        count = 0

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.count += tag == "script"

    parser = Scripts()
    parser.feed(text)
    assert parser.count == 2
    assert page_data(text)["name"] == name


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.name)
def test_every_kind_of_model_has_a_page(example: Any) -> None:
    assert "</html>" in explore_page(example.network, example.name)


def test_command_writes_the_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = save_npz(TWO_INTERVALS, tmp_path / "model.npz")
    output = tmp_path / "p.html"
    assert main(["explore", str(model), "-o", str(output)]) == ExitCode.OK
    assert str(output) in capsys.readouterr().out
    assert main(["explore", str(model), "-o", "-"]) == ExitCode.OK
    assert capsys.readouterr().out == output.read_text()
    assert main(["explore", str(model), "-o", str(tmp_path / "no" / "p.html")]) == ExitCode.USAGE


# -- in a browser ---------------------------------------------------------------------------------

IDLE = "document.body.dataset.idle === 'true'"


def text_of(driver: Any, name: str) -> str:
    found = driver.execute_script(f"return document.getElementById('{name}').textContent")
    assert isinstance(found, str)
    return found


def no_errors(driver: Any) -> None:
    assert driver.get_log("browser") == []
    assert driver.execute_script("return document.getElementById('alarm').hidden")


@in_chromium
@pytest.mark.parametrize(
    "path", [M8_5, pytest.param(M16_10, marks=pytest.mark.slow)], ids=lambda p: p.stem
)
def test_in_chromium_if_installed_numbers_are_the_certificates(tmp_path: Path, path: Path) -> None:
    network = read_network(path)
    result = prove_impulse(network)
    written = tmp_path / "page.html"
    written.write_text(explore_page(network, path.name))
    with browser(tmp_path) as driver:
        driver.get(written.as_uri())
        wait_for(driver, IDLE)
        sweeps = sweep_all(result.model)
        for index in range(0, len(result.pairs), 7):
            proved = result.pairs[index]
            driver.execute_script(f"document.getElementById('pair-{index}').click()")
            wait_for(driver, IDLE)
            shown = text_of(driver, "interval-exact").splitlines()
            assert shown == [f"({a}, {b})" for a, b in proved.right_intervals]
            swept = sweeps[proved.pair]
            margin = swept.margin_at(Fraction(4, 5))
            assert text_of(driver, "exact-margin") == str(margin.value)
            piece = swept.piece_at(Fraction(4, 5))
            assert text_of(driver, "cell-exact") == f"[{piece.lo}, {piece.hi}]"
            assert f"of {len(swept.pieces)}:" in text_of(driver, "cell")
            scale = 1 << (network.shift * (network.seq_len + 1))
            assert text_of(driver, "map-exact").splitlines() == [
                f"logit {j} = {Fraction(a, scale)} M + {Fraction(b, scale)} S"
                for j, (a, b) in enumerate(piece.logits)
            ]
        no_errors(driver)


@in_chromium
def test_in_chromium_if_installed_one_can_drag_and_type(page: Path, tmp_path: Path) -> None:
    from selenium.webdriver import ActionChains

    with browser(tmp_path) as driver:
        driver.get(page.as_uri())
        wait_for(driver, IDLE)
        plot = driver.find_element("css selector", "#margins svg")
        ActionChains(driver).move_to_element(plot).click_and_hold().move_by_offset(
            60, 0
        ).release().perform()
        ratio = driver.find_element("id", "ratio-text")
        dragged = Fraction(ratio.get_attribute("value"))
        assert Fraction(1, 2) < dragged < Fraction(4, 5)
        pair = driver.execute_script("return data.pairs[chosen.pair]")
        margin = sweep(read_network(M8_5), Pair(pair["m"], pair["s"])).margin_at(dragged)
        assert text_of(driver, "exact-margin") == str(margin.value)
        ratio.clear()
        ratio.send_keys("0.5000001")
        assert "r = 5000001/10000000" in text_of(driver, "answer")
        ratio.clear()
        ratio.send_keys("5/4")
        assert ratio.get_attribute("aria-invalid") == "true"
        x = [Fraction(1, 3), Fraction(-1, 50), Fraction(2), Fraction(3, 2), Fraction(0)]
        for i, value in enumerate(x):
            box = driver.find_element("id", f"x-{i}")
            box.clear()
            box.send_keys(str(value))
        network = read_network(M8_5)
        answer = driver.find_element("id", "answer")
        assert answer.get_attribute("data-choice") == str(network.choice(x))
        assert ("RIGHT" in answer.text) == network.is_right(x)
        no_errors(driver)


@in_chromium
def test_in_chromium_if_installed_switches_agree_with_certify(page: Path, tmp_path: Path) -> None:
    network = read_network(M8_5)
    result = prove_impulse(network)
    with browser(tmp_path) as driver:
        driver.get(page.as_uri())
        wait_for(driver, IDLE)

        def press(selector: str) -> None:
            driver.find_element("css selector", selector).click()
            wait_for(driver, IDLE)

        def verdicts(smaller: Network) -> str:
            lo, hi = result.ratios
            right = sum(
                any(a < lo and hi < b for a, b in sweep(smaller, p.pair).right_intervals)
                for p in result.pairs
            )
            return f"{right} of {len(result.pairs)} pairs right"

        press("#states [data-unit='2']")
        assert verdicts(without_unit(network, 2)) in text_of(driver, "tally")
        assert "decided by certify" in text_of(driver, "tally")
        # Two units, and then a weight: nobody decided these ahead.
        press("#removals [data-unit='5']")
        both = without_unit(without_unit(network, 2), 5)
        assert verdicts(both) in text_of(driver, "tally")
        assert "decided by this page" in text_of(driver, "tally")
        press("#restore")
        press("#weights-hh [data-at='3,1']")
        w_hh = [list(row) for row in network.w_hh]
        w_hh[3][1] = 0
        cut = Network(network.shift, network.w_ih, tuple(map(tuple, w_hh)), network.w_out)
        assert verdicts(cut) in text_of(driver, "tally")
        chosen = driver.execute_script("return data.pairs[chosen.pair]")
        pair = Pair(chosen["m"], chosen["s"])
        assert text_of(driver, "interval-exact").splitlines() == [
            f"({a}, {b})" for a, b in sweep(cut, pair).right_intervals
        ]
        answer = driver.find_element("id", "answer").get_attribute("data-choice")
        choice = cut.choice(impulses(pair, Fraction(4, 5), 5))
        assert answer == ("null" if choice is None else str(choice))
        no_errors(driver)


@in_chromium
def test_in_chromium_if_installed_keys_are_enough(page: Path, tmp_path: Path) -> None:
    from selenium.webdriver import ActionChains, Keys

    with browser(tmp_path) as driver:
        driver.get(page.as_uri())
        wait_for(driver, IDLE)
        driver.find_element("id", "pair-0").click()

        def press(*keys: str) -> None:
            for key in keys:
                ActionChains(driver).send_keys(key).perform()

        press(Keys.ARROW_RIGHT, Keys.ARROW_DOWN, Keys.ARROW_DOWN)  # (0, 1), (0, 2), (1, 2), (3, 2)
        assert "m = 3, s = 2" in text_of(driver, "answer")
        driver.execute_script("document.getElementById('ratio').focus()")
        press(Keys.ARROW_LEFT)
        assert "r = 799/1000" in text_of(driver, "answer")
        driver.execute_script("document.querySelector('#weights-hh button').focus()")
        press(Keys.ARROW_DOWN, Keys.ARROW_RIGHT, Keys.SPACE)
        assert "W_hh[1,1]" in text_of(driver, "off")
        driver.execute_script("document.querySelector('#states [data-unit=\"0\"]').focus()")
        press(Keys.SPACE)
        assert "unit 0" in text_of(driver, "off")
        wait_for(driver, "document.activeElement.dataset.unit === '0'", 10)  # the focus is kept
        no_errors(driver)


@in_chromium
@pytest.mark.parametrize("width", [360, 1200])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_in_chromium_if_installed_it_is_legible(
    page: Path, tmp_path: Path, width: int, dark: bool
) -> None:
    with browser(tmp_path, width=width, dark=dark) as driver:
        driver.get(page.as_uri())
        wait_for(driver, IDLE)
        driver.execute_script("document.querySelector('#removals [data-unit]').click()")
        wait_for(driver, IDLE)
        assert poor_contrasts(driver) == []
        overflow = "return document.documentElement.scrollWidth - window.innerWidth"
        assert driver.execute_script(overflow) <= 0, "the page is wider than the screen"
        no_errors(driver)
