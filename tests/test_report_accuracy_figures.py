from __future__ import annotations

from certify.model import Network
from certify.probability.closed_form.cells import enumerate_cells
from certify.report.accuracy_figures import bracket_over_time, sphere_of_directions
from certify.report.style import save
from tests.examples import HANDCRAFTED


def test_bracket_is_drawn_with_its_sampled_value() -> None:
    drawing = bracket_over_time([(0.0, 0.0, 1.0), (1.0, 0.2, 0.99), (60.0, 0.5, 0.97)], 0.9)
    svg = save(drawing, "svg").decode()
    assert "certified lower bound" in svg
    assert "sampled, not certified" in svg
    assert (
        svg
        == save(
            bracket_over_time([(0.0, 0.0, 1.0), (1.0, 0.2, 0.99), (60.0, 0.5, 0.97)], 0.9), "svg"
        ).decode()
    )


def test_sphere_shows_both_sides_of_a_network_with_three_inputs() -> None:
    network = Network(
        0,
        HANDCRAFTED.w_ih,
        HANDCRAFTED.w_hh,
        ((1, -1), (-1, 1), (2, 3)),
    )
    leaves = [leaf for tree in enumerate_cells(network) for leaf in tree.leaves]
    cells = {pattern: i for i, pattern in enumerate(sorted({leaf.pattern for leaf in leaves}))}
    drawing = sphere_of_directions(
        [(leaf.rays, cells[leaf.pattern], leaf.right) for leaf in leaves]
    )
    assert "towards (-1, -1, -1)" in save(drawing, "svg").decode()
