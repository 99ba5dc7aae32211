"""For the property tests of your own models and tools: Hypothesis strategies and an assertion.

Needs the extra ``testing`` (Hypothesis). In a test of yours::

    from certify.testing import assert_certified

    def test_my_model_is_certified() -> None:
        assert_certified("my_model.pt", ratio=("1/2", "9/10"))
"""

from __future__ import annotations

import tempfile
from fractions import Fraction
from pathlib import Path

from certify.checker import check
from certify.claims import Pair, all_pairs, parse_ratio_range
from certify.errors import MissingExtraError
from certify.impulse.float32 import float32_section, prove_float32
from certify.impulse.prove import ImpulseResult, impulse_certificate, prove_impulse
from certify.model import Network
from certify.reading.weights import read_network

try:
    from hypothesis import strategies as st
except ImportError as error:
    raise MissingExtraError(
        "certify.testing needs Hypothesis: pip install 'certify[testing]'"
    ) from error


def assert_certified(
    model: str | Path, *, ratio: tuple[str, str] | tuple[str] | None = None
) -> ImpulseResult:
    """Prove the impulse claim for the model in a file and have the checker accept the proof.

    ``ratio`` is one ratio or the two ends of a closed range, as ``p/q`` or decimals; without it
    the range is the default one of ``certify MODEL``. Returns the result.

    Raises:
        AssertionError: the model is wrong; the message names the first pair and its input.
        ModelFileError: the file is not a model of the family.
        Rejected: the checker does not accept the certificate (a bug in certify).
    """
    result = prove_impulse(read_network(model), parse_ratio_range(ratio) if ratio else None)
    for found in result.pairs:
        if found.counterexample:
            x = ", ".join(map(str, found.counterexample))
            raise AssertionError(
                f"{model} is wrong on pair (m={found.pair.max}, s={found.pair.second}): on "
                f"x = ({x}) the margin over position {found.min_margin.rival} is "
                f"{float(found.min_margin.value):.4g}"
            )
    section = float32_section(prove_float32(result.network, result.sweeps, result.ratios))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "certificate.json"
        impulse_certificate(result, section, default_range=ratio is None).write(path)
        check(path, Path(model))
    return result


@st.composite
def networks(
    draw: st.DrawFn,
    *,
    max_hidden: int = 5,
    max_length: int = 5,
    bits: int = 3,
    magnitude: int = 12,
) -> Network:
    """Small networks with dyadic weights ``k / 2**bits``, ``|k| <= magnitude``.

    Zero rows, duplicate rows, ties and kinks are frequent, because the weights are few numbers.
    """
    d = draw(st.integers(1, max_hidden))
    n = draw(st.integers(2, max_length))
    weight = st.one_of(st.just(0), st.integers(-magnitude, magnitude))
    row = st.lists(weight, min_size=d, max_size=d).map(tuple)
    pool = draw(st.lists(row, min_size=1, max_size=d + n))
    rows = st.sampled_from([*pool, (0,) * d])

    def matrix(height: int) -> st.SearchStrategy[tuple[tuple[int, ...], ...]]:
        return st.lists(rows, min_size=height, max_size=height).map(tuple)

    return Network(bits, draw(row), draw(matrix(d)), draw(matrix(n)))


def ratios() -> st.SearchStrategy[Fraction]:
    """Ratios ``0 < r < 1``, the nominal 4/5 among them often."""
    return st.one_of(
        st.just(Fraction(4, 5)),
        st.fractions(min_value=Fraction(1, 50), max_value=Fraction(49, 50), max_denominator=50),
    )


def pairs(n: int) -> st.SearchStrategy[Pair]:
    """Ordered pairs of positions of inputs of length n."""
    return st.sampled_from(all_pairs(n))
