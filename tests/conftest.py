from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from certify.impulse.prove import ImpulseResult, prove_impulse
from certify.model import Network
from certify.reading.weights import read_network
from tests.examples import GOLDEN, M2_2, MODELS, Golden

settings.register_profile(
    "certify", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("certify")


@pytest.fixture(
    scope="session",
    params=[
        pytest.param(GOLDEN[0], id="shipped"),
        pytest.param(GOLDEN[1], id="published-needs_the_reference_folder"),
    ],
)
def golden(request: pytest.FixtureRequest) -> Golden:
    found: Golden = request.param
    if not found.path.exists():
        pytest.skip("the reference folder with AlgZoo's models is not beside the checkout")
    return found


@pytest.fixture(scope="session")
def golden_network(golden: Golden) -> Network:
    return read_network(golden.path)


@pytest.fixture(scope="session")
def golden_impulse(golden_network: Network) -> ImpulseResult:
    return prove_impulse(golden_network)


@pytest.fixture(scope="session")
def m16_10() -> Network:
    return read_network(MODELS / "m16_10.pt")


@pytest.fixture(scope="session")
def m16_10_impulse(m16_10: Network) -> ImpulseResult:
    return prove_impulse(m16_10)


@pytest.fixture(scope="session")
def published_m2_2() -> Network:
    if not M2_2.exists():
        pytest.skip("the reference folder with AlgZoo's models is not beside the checkout")
    return read_network(M2_2)


@pytest.fixture(scope="module")
def any_size() -> Iterator[None]:
    """For tests that compare numbers whether or not searches could follow them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("certify.reading.weights.MOST_BITS", 10**6)
        patch.setattr("certify.reading.weights.LEAST_BITS", -(10**6))
        yield
