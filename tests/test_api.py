"""The use cases as a user calls them from Python."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import certify
from certify.certificate import Certificate
from certify.result import Result
from tests.examples import EXAMPLES, HANDCRAFTED, MODELS, PROOFS, ROOT

THREE = next(e.network for e in EXAMPLES if e.name == "three inputs")
M4_3 = MODELS / "m4_3.pt"


def test_every_public_name_is_there_and_typed() -> None:
    typed = (ROOT / "certify" / "__init__.pyi").read_text()
    for name in certify.__all__:
        assert getattr(certify, name) is not None
        assert f"as {name}\n" in typed or f"{name}: " in typed
    assert set(certify.__all__) <= set(dir(certify))
    with pytest.raises(AttributeError, match="no attribute 'prov'"):
        certify.prov  # type: ignore[attr-defined]  # noqa: B018


def test_no_submodule_bears_the_name_of_a_public_function() -> None:
    modules = {p.stem for p in (ROOT / "certify").iterdir()}
    assert not modules & set(certify.__all__)


@pytest.mark.parametrize(
    ("code", "foreign"),
    [
        ("import certify", set()),
        ("import certify; certify.CertifyError", set()),
        ("import certify.testing", {"numpy"}),
        ("import certify; certify.check('proofs/m2_2.impulse.json', 'models/m2_2.pt')", set()),
        ("import certify; certify.load('models/m2_2.pt')", {"numpy"}),
        ("import certify; certify.prove('models/m2_2.pt')", {"numpy", "flint"}),
    ],
)
def test_only_what_a_use_case_needs_is_imported(code: str, foreign: set[str]) -> None:
    listing = (
        f"import sys; before = set(sys.modules); {code};"
        "new = {m.split('.')[0] for m in set(sys.modules) - before} - {'certify'};"
        "print(*sorted(n for n in new - sys.stdlib_module_names if n != '__mp_main__'"
        " and 'cython' not in n))"
    )
    done = subprocess.run(
        [sys.executable, "-c", listing], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert {name.lstrip("_") for name in done.stdout.split()} <= foreign


class Module:
    """What torch calls a module."""

    def __init__(self, state: dict[str, Any]) -> None:
        self.state = state

    def state_dict(self) -> dict[str, Any]:
        return self.state


def test_a_model_may_be_many_things() -> None:
    network = certify.load(str(M4_3))
    floats = network.floats
    arrays: dict[str, Any] = {
        "rnn.weight_ih_l0": floats.w_ih[:, None],
        "rnn.weight_hh_l0": floats.w_hh,
        "linear.weight": floats.w_out,
    }
    lists = {name: array.tolist() for name, array in arrays.items()}
    for source in (M4_3, network, arrays, lists, Module(arrays)):
        assert certify.load(source) == network
    with pytest.raises(certify.ModelFileError, match="not int"):
        certify.load(3)  # type: ignore[arg-type]
    with pytest.raises(certify.CertifyError, match=r"no-such\.pt"):
        certify.load("no-such.pt")


@pytest.mark.parametrize(
    "ratio",
    ["4/5", "0.8", "8e-1", Fraction(4, 5), Decimal("0.8"), ("4/5", "0.8"), ["4/5"]],
)
def test_numbers_as_people_write_them(ratio: Any) -> None:
    assert certify.prove(HANDCRAFTED, ratio).ratios == (Fraction(4, 5), Fraction(4, 5))


def test_floats_are_what_they_are() -> None:
    for value in (0.8, np.float64(0.8)):
        assert certify.prove(HANDCRAFTED, value).ratios.lo == Fraction(0.8) != Fraction(4, 5)
    assert certify.prove(HANDCRAFTED, np.float32(0.5)).ratios.lo == Fraction(1, 2)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"ratio": "2"}, "ratio needs 0 < LO <= HI < 1, got 2"),
        ({"ratio": ("0.9", "0.8")}, r"ratio needs .* got 0\.9 0\.8"),
        ({"ratio": float("nan")}, "ratio is nan"),
        ({"ratio": None, "pairs": []}, "pairs is empty"),
        ({"ratio": None, "pairs": [(0, 0)]}, "two different positions from 0 to 1"),
        ({"ratio": None, "pairs": [(0, 2)]}, "two different positions from 0 to 1"),
        ({"ratio": None, "pairs": [(0, 1, 2)]}, r"a pair is two positions \(m, s\)"),
    ],
)
def test_errors_speak_of_arguments(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(certify.UsageError, match=message):
        certify.prove(HANDCRAFTED, **arguments)


RESULTS: dict[str, Callable[[], Result[Any]]] = {
    "impulse": lambda: certify.prove(THREE, "4/5"),
    "impulse, some pairs": lambda: certify.prove(M4_3, pairs=[(0, 1), (2, 1)]),
    "noise": lambda: certify.prove_noise(M4_3, "1/50", jobs=1),
    "noise, one pair": lambda: certify.prove_noise(THREE, "1/50", pairs=[(0, 1)], jobs=1),
    "accuracy": lambda: certify.accuracy(M4_3, digits=5),
    "accuracy by cones": lambda: certify.accuracy(MODELS / "m6_4.pt", boxes=200, jobs=1),
}


@pytest.mark.parametrize("make", RESULTS.values(), ids=RESULTS)
def test_every_result_has_one_shape(make: Callable[[], Result[Any]], tmp_path: Path) -> None:
    result = make()
    answer = result.to_dict()
    assert json.loads(json.dumps(answer, allow_nan=False)) == answer
    assert answer["claim"] == result.claim
    assert answer["verdict"] == result.verdict
    assert answer["task"] == "second-argmax"
    assert answer["model"]["sha256"] == result.model.sha256
    assert len(repr(result)) < 80
    assert result.verdict.upper() in result._repr_html_()
    assert result.counterexamples == tuple(
        p.counterexample for p in result.pairs if p.verdict == "refuted"
    )
    assert all(not result.model.is_right(x) for x in result.counterexamples)
    assert result.seconds > 0
    path = result.certificate().write(tmp_path / "c")
    for model in (result.model, result.model.source):
        accepted = certify.check(path, model) if model else None
        assert accepted is None or accepted.kind == result.claim
    with pytest.raises(AttributeError):
        result.seconds = 0.0  # type: ignore[misc]


def test_each_exact_number_has_its_float_beside_it() -> None:
    def look(value: Any) -> None:
        if isinstance(value, dict):
            for name, entry in value.items():
                if f"{name}_float" in value:
                    flat = np.ravel(entry)
                    assert [float(Fraction(v)) for v in flat] == np.ravel(
                        value[f"{name}_float"]
                    ).tolist()
                look(entry)
        elif isinstance(value, list):
            for entry in value:
                look(entry)

    for result in (certify.prove(M4_3), certify.accuracy(M4_3, digits=5)):
        look(result.to_dict())
    answer = certify.prove(M4_3).to_dict()
    assert {"ratio_float", "common_interval_float"} <= set(answer)
    assert {"min_margin_float", "interval_float"} <= set(answer["pairs"][0])


def test_needs_pandas_a_table_a_pair() -> None:
    pytest.importorskip("pandas", reason="pandas is not installed")
    table = certify.prove(M4_3).to_dataframe()
    assert len(table) == 6
    assert (table["min_margin_float"] > 0).all()
    assert len(certify.accuracy(M4_3, digits=5).to_dataframe()) == 1


def test_without_pandas_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(certify.MissingExtraError, match="needs pandas"):
        certify.prove(HANDCRAFTED).to_dataframe()


def test_what_is_rejected_is_a_certify_error(tmp_path: Path) -> None:
    with pytest.raises(certify.Rejected, match="sha256"):
        certify.check(PROOFS / "m2_2.impulse.json", MODELS / "m3_3.pt")
    assert issubclass(certify.Rejected, certify.CertifyError)
    with pytest.raises(certify.CertificateFormatError):
        certify.check(M4_3, M4_3)
    with pytest.raises(certify.ModelFileError):
        certify.check(PROOFS / "m2_2.impulse.json", PROOFS / "m3_3.impulse.json")
    with pytest.raises(certify.CertifyError, match="no such file"):
        certify.check(tmp_path / "none.json", M4_3)


def test_the_second_witness_is_asked_where_it_is_wanted() -> None:
    result = certify.prove(THREE, "4/5", smt=True)
    assert {p.smt for p in result.pairs} == {"sat", "unsat"}
    assert set(result.stages) == {"sweep", "float32", "smt"}


# -- some of the pairs ---------------------------------------------------------------------------


def some(network: Any, kind: str) -> Certificate:
    if kind == "impulse":
        return certify.prove(network, pairs=[(2, 0), (0, 1)]).certificate()
    return certify.prove_noise(network, "1/50", pairs=[(2, 0), (0, 1)], jobs=1).certificate()


@pytest.mark.parametrize("kind", ["impulse", "noise"])
def test_some_pairs_are_never_worded_as_all(kind: str) -> None:
    said = certify.check(some(M4_3, kind), M4_3).establishes
    assert "2 chosen pairs out of 6: (0, 1), (2, 0)" in said[0]
    assert said[0].startswith("PROVED")
    assert not any("every pair" in line or "offset" in line for line in said)


@pytest.mark.parametrize("kind", ["impulse", "noise"])
@pytest.mark.parametrize(
    "only",
    [
        lambda only: None,
        lambda only: [],
        lambda only: only[:1],
        lambda only: only[::-1],
        lambda only: [*only, only[-1]],
        lambda only: [*only, [2, 1]],
        lambda only: [only[0], [2, 1]],
        lambda only: [only[0], [2, 2]],
        lambda only: [only[0], [7, 0]],
        lambda only: [only[0], [2, False]],
        lambda only: [only[0], [2]],
        lambda only: [[m, s] for m in range(3) for s in range(3) if m != s],
    ],
)
def test_other_pairs_than_those_proved_are_rejected(kind: str, only: Callable[[Any], Any]) -> None:
    made = some(M4_3, kind)
    listed = [list(pair) for pair in made.body["claim"]["only"]]
    forged = replace(
        made, body={**made.body, "claim": {**made.body["claim"], "only": only(listed)}}
    )
    with pytest.raises(certify.Rejected):
        certify.check(forged, M4_3)


@pytest.mark.parametrize("kind", ["impulse", "noise"])
def test_some_pairs_do_not_pass_for_all(kind: str) -> None:
    made = some(M4_3, kind)
    claim = {name: value for name, value in made.body["claim"].items() if name != "only"}
    with pytest.raises(certify.Rejected):
        certify.check(replace(made, body={**made.body, "claim": claim}), M4_3)
    if kind == "impulse":
        whole = certify.prove(M4_3).certificate()
        with pytest.raises(certify.Rejected, match="offset"):
            certify.check(replace(made, body={**made.body, "offset": whole.body["offset"]}), M4_3)


def test_all_pairs_named_one_by_one_are_all_pairs() -> None:
    named = certify.prove(M4_3, pairs=[(m, s) for m in range(3) for s in range(3) if m != s])
    assert named.certificate() == certify.prove(M4_3).certificate()
