from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

from certify.impulse.prove import ImpulseResult, prove_impulse
from certify.model import Network
from certify.reading.weights import read_network
from tests.examples import M2_2, M16_10

settings.register_profile(
    "certify", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("certify")


@pytest.fixture(scope="session")
def published_m16_10() -> Network:
    if not M16_10.exists():
        pytest.skip("the published M_{16,10} is not beside the checkout")
    return read_network(M16_10)


@pytest.fixture(scope="session")
def published_m2_2() -> Network:
    if not M2_2.exists():
        pytest.skip("the published M_{2,2} is not beside the checkout")
    return read_network(M2_2)


@pytest.fixture(scope="session")
def published_impulse(published_m16_10: Network) -> ImpulseResult:
    return prove_impulse(published_m16_10)
