"""``certify.testing``, as a project of its own uses it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

import certify
from certify.testing import assert_certified
from tests.examples import HANDCRAFTED, MODELS, ROOT

RIGHT, WRONG = MODELS / "m4_3.pt", MODELS / "m3_3.pt"


@pytest.mark.parametrize(
    "claim",
    [
        {},
        {"ratio": "4/5"},
        {"ratio": (0.5, "9/10")},
        {"noise": "1/50"},
        {"noise": 0.02, "ratio": ("7/10", "4/5")},
        {"accuracy": ".98", "budget": 60},
    ],
)
def test_a_model_that_is_right(claim: dict[str, Any]) -> None:
    result = assert_certified(RIGHT, **claim)
    assert result.verdict == "proved"
    assert result.model.sha256 == certify.load(RIGHT).sha256


def test_a_model_in_memory() -> None:
    assert assert_certified(HANDCRAFTED).verdict == "proved"
    network = certify.load(RIGHT)
    arrays = {
        "rnn.weight_ih_l0": network.floats.w_ih[:, None],
        "rnn.weight_hh_l0": network.floats.w_hh,
        "linear.weight": network.floats.w_out,
    }
    assert assert_certified(arrays, noise="1/50").verdict == "proved"


@pytest.mark.parametrize(
    ("claim", "message"),
    [
        (
            {},
            r"not proved right on pair \(m=\d, s=\d\): on x = .* margin over position \d is -?\d",
        ),
        ({"noise": "1/50"}, r"not proved right on pair \(m=\d, s=\d\): on x = "),
        ({"accuracy": ".99"}, r"P\(right\) >= 0\.\d+ is proved .* less than 99/100"),
    ],
)
def test_a_model_that_is_wrong(claim: dict[str, Any], message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        assert_certified(WRONG, **claim)


@pytest.mark.parametrize(
    "claim",
    [
        {"accuracy": ".9", "noise": "1/50"},
        {"accuracy": ".9", "ratio": "4/5"},
        {"budget": 3},
        {"noise": "1"},
        {"accuracy": "most"},
    ],
)
def test_what_cannot_mean_anything(claim: dict[str, Any]) -> None:
    with pytest.raises(certify.UsageError):
        assert_certified(RIGHT, **claim)


PROJECT = """
import sys
sys.modules["hypothesis"] = None  # it is not installed here
import certify
assert "site" in certify.__file__, certify.__file__
from certify.testing import assert_certified

def test_it():
    assert_certified({model!r}, ratio=("7/10", .9))
    assert_certified({model!r}, noise="1/100")
    assert_certified({model!r}, accuracy=".98", budget=60)

def test_three_lines():
    model = certify.load({model!r})
    result = certify.prove(model)
    result.certificate().write("c.json")
    assert certify.check("c.json", {model!r}).kind == "impulse"

def test_strategies_say_what_they_need():
    from certify.testing import networks
    try:
        networks()
    except certify.CertifyError as error:
        assert "pip install hypothesis" in str(error)
    else:
        raise AssertionError
"""


@pytest.mark.slow
def test_a_project_that_has_only_installed_the_wheel(tmp_path: Path) -> None:
    """No source tree, no test of ours, no Hypothesis: a wheel and an empty folder."""

    def run(*command: str, cwd: Path) -> str:
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PYTHONPATH": str(site)}
        done = subprocess.run(
            [sys.executable, *command], cwd=cwd, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    site, project, source = (tmp_path / name for name in ("site", "project", "source"))
    project.mkdir()
    site.mkdir()
    ignored = shutil.ignore_patterns("__pycache__")  # what an earlier build left is not copied
    shutil.copytree(ROOT / "certify", source / "certify", ignore=ignored)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    build = ["-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-w", str(tmp_path)]
    run(*build, str(source), cwd=tmp_path)
    (wheel,) = tmp_path.glob("certify-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        archive.extractall(site)
    assert {"certify/py.typed", "certify/__init__.pyi"} <= set(names)
    (project / "model.pt").write_bytes(RIGHT.read_bytes())
    (project / "test_mine.py").write_text(PROJECT.format(model="model.pt"))
    run("-m", "pytest", "-q", "-p", "no:hypothesispytest", "-p", "no:cacheprovider", cwd=project)
    assert "PROVED" in run("-m", "certify", "model.pt", "--no-smt", cwd=project)
