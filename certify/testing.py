"""For the tests of your own models and tools: an assertion, and Hypothesis strategies.

In a test of yours::

    from certify.testing import assert_certified

    def test_my_model_is_certified() -> None:
        assert_certified("my_model.pt", ratio=("1/2", "9/10"))

The strategies need Hypothesis, the assertion does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from certify import api
from certify.claims import Exact, Pair, all_pairs, exact
from certify.errors import MissingExtraError, UsageError
from certify.model import Network
from certify.result import Result

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from certify.api.sources import Model


def assert_certified(
    model: Model,
    *,
    ratio: Exact | Sequence[Exact] | None = None,
    noise: Exact | None = None,
    accuracy: Exact | None = None,
    budget: float | None = None,
) -> Result[Any]:
    """Prove a claim about a model and have the checker accept the proof; returns the result.

    Without ``noise`` and ``accuracy`` the impulse claim, for all pairs. ``ratio`` is one ratio S/M
    or the two ends of a closed range, as text (``"4/5"``, ``"0.8"``) or numbers; without it the
    range is the default one of ``certify MODEL``. ``noise`` is how far from 0 every other input
    may be, ``accuracy`` what P(right) over Gaussian inputs must be proved to reach; both take at
    most ``budget`` seconds.

    Raises:
        AssertionError: the model is wrong, or the budget did not suffice; the message says on
            which input, or how far the proof got.
        UsageError: arguments that cannot mean anything.
        ModelFileError: not a model of the family.
        Rejected: the checker does not accept the certificate (a bug in certify).
    """
    network = api.load(model)
    named = network.source or "the model"
    result: Result[Any]
    if accuracy is not None:
        if ratio is not None or noise is not None:
            raise UsageError("accuracy is about random inputs: no ratio or noise goes with it")
        bound = exact(accuracy, "accuracy")
        found = result = api.accuracy(network, budget=budget)
        if found.lower < bound:
            raise AssertionError(
                f"{named}: P(right) >= {float(found.lower):.6f} is proved (and at most "
                f"{float(found.upper):.6f}), less than {bound}, in {found.seconds:.0f} s"
            )
    elif noise is not None:
        result = api.prove_noise(
            network, noise, ratio="4/5" if ratio is None else ratio, budget=budget
        )
    elif budget is not None:
        raise UsageError("budget goes with noise or accuracy: impulses take as long as they take")
    else:
        result = api.prove(network, ratio)
    for pair in result.pairs:
        if pair.verdict != "proved":
            raise AssertionError(f"{named} is not proved right on {_why(network, pair)}")
    api.check(result.certificate(), model)
    return result


def _why(network: Network, found: Any) -> str:
    m, s = found.pair
    named = f"pair (m={m}, s={s})"
    if not found.counterexample:
        return f"{named}: {found.reason}"
    logits = network.logits(found.counterexample)
    rival = max((j for j in range(len(logits)) if j != s), key=lambda j: logits[j])
    x = ", ".join(map(str, found.counterexample))
    margin = float(logits[s] - logits[rival])
    return f"{named}: on x = ({x}) the margin over position {rival} is {margin:.4g}"


def _strategies() -> Any:
    try:
        from hypothesis import strategies
    except ImportError:
        raise MissingExtraError("the strategies need Hypothesis: pip install hypothesis") from None
    return strategies


def networks(
    *, max_hidden: int = 5, max_length: int = 5, bits: int = 3, magnitude: int = 12
) -> SearchStrategy[Network]:
    """Small networks with dyadic weights ``k / 2**bits``, ``|k| <= magnitude``.

    Zero rows, duplicate rows, ties and kinks are frequent, because the weights are few numbers.

    Raises:
        MissingExtraError: Hypothesis is not installed.
    """
    st = _strategies()

    def of_size(d: int, n: int) -> SearchStrategy[Network]:
        weight = st.one_of(st.just(0), st.integers(-magnitude, magnitude))
        row = st.lists(weight, min_size=d, max_size=d).map(tuple)

        def of_rows(pool: list[tuple[int, ...]]) -> SearchStrategy[Network]:
            rows = st.sampled_from([*pool, (0,) * d])

            def matrix(height: int) -> Any:
                return st.lists(rows, min_size=height, max_size=height).map(tuple)

            made: SearchStrategy[Network] = st.builds(
                Network, st.just(bits), row, matrix(d), matrix(n)
            )
            return made

        found: SearchStrategy[Network] = st.lists(row, min_size=1, max_size=d + n).flatmap(of_rows)
        return found

    sizes = st.tuples(st.integers(1, max_hidden), st.integers(2, max_length))
    found: SearchStrategy[Network] = sizes.flatmap(lambda size: of_size(*size))
    return found


def ratios() -> SearchStrategy[Fraction]:
    """Ratios ``0 < r < 1``, the nominal 4/5 among them often."""
    st = _strategies()
    found: SearchStrategy[Fraction] = st.one_of(
        st.just(Fraction(4, 5)),
        st.fractions(min_value=Fraction(1, 50), max_value=Fraction(49, 50), max_denominator=50),
    )
    return found


def pairs(n: int) -> SearchStrategy[Pair]:
    """Ordered pairs of positions of inputs of length n."""
    found: SearchStrategy[Pair] = _strategies().sampled_from(all_pairs(n))
    return found
