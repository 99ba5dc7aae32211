"""Training: the recipe's limits, the gradient, and runs that go on bit for bit after a kill."""

from __future__ import annotations

import builtins
import importlib.util
import shlex
from pathlib import Path
from typing import Any

import pytest

from certify.cli import main
from certify.errors import MissingExtraError, UsageError
from certify.files import atomic_write
from certify.probability.sampling import measure_accuracy
from certify.reading.weights import read_network
from certify.train import Progress, Recipe, train

needs_torch = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None, reason="torch is not installed"
)
KEYS = ["rnn.weight_ih_l0", "rnn.weight_hh_l0", "linear.weight"]
SMALL = Recipe(3, 4, seed=5, sequences=2**11, batch=8)


class Killed(Exception):
    pass


def killed_at(seen: int) -> Any:
    def progress(now: Progress) -> None:
        if now.seen >= seen:
            raise Killed

    return progress


@pytest.mark.parametrize(
    ("entries", "named"),
    [
        ({"hidden": 0}, "hidden"),
        ({"hidden": 2.0}, "hidden"),
        ({"length": 1}, "length"),
        ({"seed": -1}, "seed"),
        ({"batch": 0}, "batch"),
        ({"sequences": 512}, "sequences"),
        ({"sequences": 1025}, "sequences"),
        ({"sequences": True}, "sequences"),
        ({"rate": 0.0}, "rate"),
        ({"rate": float("nan")}, "rate"),
        ({"warmup": 1.5}, "warmup"),
        ({"decay": -0.1}, "decay"),
        ({"weight_decay": -1e-9}, "weight_decay"),
    ],
)
def test_bad_recipe_is_refused_by_name(entries: dict[str, Any], named: str) -> None:
    with pytest.raises(UsageError, match=f"^{named} is "):
        Recipe(**({"hidden": 2, "length": 2, "sequences": 1024} | entries))


def test_learning_rate_warms_up_decays_until_half_and_then_stays() -> None:
    recipe = Recipe(16, 10, sequences=2**20, rate=0.1, warmup=0.1, decay=0.01)
    rates = [recipe.learning_rate(step) for step in range(recipe.steps)]
    top = rates.index(max(rates))
    # The decay has begun by then, so the top may come before the end of the warm-up.
    assert 0.08 * recipe.steps < top <= 0.1 * recipe.steps
    assert rates[:top] == sorted(rates[:top])
    assert rates[top:] == sorted(rates[top:], reverse=True)
    assert rates[512] == pytest.approx(0.01 * 0.1 / 4)
    assert rates[511] > rates[512] == rates[-1]


def test_default_recipe_is_algzoos() -> None:
    recipe = Recipe(16, 10, sequences=2**30)
    assert recipe.warmup * recipe.steps == 2**14
    assert max(map(recipe.learning_rate, range(0, recipe.steps, 256))) < 0.01
    assert recipe.learning_rate(2**19) == pytest.approx(0.0001)


def test_without_torch_the_error_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    real = builtins.__import__

    def no_torch(name: str, *rest: Any, **more: Any) -> Any:
        if name.split(".")[0] == "torch":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", no_torch)
    with pytest.raises(MissingExtraError, match="pip install torch"):
        train(SMALL, tmp_path / "model.pt")
    assert list(tmp_path.iterdir()) == []


@needs_torch
def test_gradient_equals_autograd_needs_torch() -> None:
    import torch

    from certify.train import _Network, _targets

    network = _Network(5, 4, 16)
    network.initialise(torch.Generator().manual_seed(1))
    x = torch.randn(1, 4, 16, generator=torch.Generator().manual_seed(2))
    target = _targets(x)[0]
    assert torch.equal(target.argmax(0), x[0].topk(2, dim=0).indices[1])
    network.gradient(x[0], target)

    weights = network.state_dict()
    rnn = torch.nn.RNN(1, 5, nonlinearity="relu", bias=False)
    linear = torch.nn.Linear(5, 4, bias=False)
    rnn.load_state_dict({key[4:]: weights[key] for key in KEYS[:2]})
    linear.load_state_dict({"weight": weights[KEYS[2]]})
    final = rnn(x[0][:, :, None])[1][0]
    loss = torch.nn.functional.cross_entropy(linear(final), target.t())
    w_ih, w_hh, w_out = torch.autograd.grad(loss, [*rnn.parameters(), *linear.parameters()])
    torch.testing.assert_close(network.grad_recurrent, torch.cat([w_hh, w_ih], dim=1))
    torch.testing.assert_close(network.grad_readout, w_out)


@needs_torch
def test_equal_inputs_share_the_target_needs_torch() -> None:
    import torch

    from certify.train import _targets

    columns = torch.tensor([[3.0, 1.0, 1.0], [2.0, 2.0, 0.0], [0.0, 5.0, 4.0]]).t()
    expected = torch.tensor([[0.0, 0.5, 0.5], [0.5, 0.5, 0.0], [0.0, 0.0, 1.0]]).t()
    assert torch.equal(_targets(columns[None])[0], expected)


@needs_torch
def test_model_has_algzoo_keys_shapes_and_checkpoints_needs_torch(tmp_path: Path) -> None:
    import torch

    steps: list[Progress] = []
    done = train(
        SMALL, tmp_path / "m.pt", progress=steps.append, checkpoints=tmp_path / "checkpoints"
    )
    names = ["0", *(f"2e{k}" for k in range(3, 12))]
    assert [path.name for path in done.checkpoints] == [f"m_{name}.pt" for name in names]
    for path in (done.output, *done.checkpoints):
        weights = torch.load(path, weights_only=True)
        assert list(weights) == KEYS
        assert [tuple(w.shape) for w in weights.values()] == [(3, 1), (3, 3), (4, 3)]
        assert all(w.dtype == torch.float32 and w.isfinite().all() for w in weights.values())
    assert done.checkpoints[-1].read_bytes() == done.output.read_bytes()
    assert done.checkpoints[0].read_bytes() != done.checkpoints[1].read_bytes()
    assert [now.seen for now in steps] == [512, 1024, 1536, 2048]
    assert steps[-1].loss == done.loss > 0


@needs_torch
def test_seed_alone_decides_the_bits_needs_torch(tmp_path: Path) -> None:
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        train(Recipe(3, 4, seed=seed, sequences=2**11, batch=8), tmp_path / name)
    first, same, other = (torch_bytes(tmp_path / name) for name in "abc")
    assert first == same != other


def torch_bytes(path: Path) -> bytes:
    """The weights alone: a container may record more."""
    import torch

    return b"".join(w.numpy().tobytes() for w in torch.load(path, weights_only=True).values())


@needs_torch
@pytest.mark.parametrize("seen", [512, 1024, 1536])
def test_killed_run_goes_on_bit_for_bit_needs_torch(tmp_path: Path, seen: int) -> None:
    whole = train(SMALL, tmp_path / "m.pt", checkpoints=tmp_path / "whole")
    expected = [p.read_bytes() for p in (whole.output, *whole.checkpoints)]
    whole.output.unlink()

    state, folder = tmp_path / "state", tmp_path / "parts"
    for stop in (seen, 2048):
        with pytest.raises(Killed):
            train(
                SMALL,
                tmp_path / "m.pt",
                state=state,
                checkpoints=folder,
                progress=killed_at(stop),
            )
        assert state.exists()
        assert not whole.output.exists()
    resumed = train(SMALL, tmp_path / "m.pt", state=state, checkpoints=folder)
    assert [p.read_bytes() for p in (resumed.output, *resumed.checkpoints)] == expected
    assert not state.exists()


@needs_torch
def test_ctrl_c_in_the_middle_of_a_step_leaves_a_state_to_go_on_from_needs_torch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from certify import train as module

    expected = train(SMALL, tmp_path / "whole.pt").output.read_bytes()
    real, calls = module._Network.gradient, [0]

    def interrupted(*arguments: Any) -> Any:
        calls[0] += 1
        result = real(*arguments)
        if calls[0] == 100:
            raise KeyboardInterrupt
        return result

    monkeypatch.setattr(module._Network, "gradient", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train(SMALL, tmp_path / "m.pt", state=tmp_path / "state")
    monkeypatch.undo()
    done = train(SMALL, tmp_path / "m.pt", state=tmp_path / "state")
    assert done.output.read_bytes() == expected


@needs_torch
def test_state_of_another_run_is_refused_needs_torch(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with pytest.raises(Killed):
        train(SMALL, tmp_path / "m.pt", state=state, progress=killed_at(512))
    kept = state.read_bytes()
    other = Recipe(3, 4, seed=6, sequences=2**11, batch=8)
    with pytest.raises(UsageError, match="the state of another run"):
        train(other, tmp_path / "m.pt", state=state)
    assert state.read_bytes() == kept


@needs_torch
@pytest.mark.parametrize("keep", [0, 1, 700, -1])
def test_broken_state_is_refused_needs_torch(tmp_path: Path, keep: int) -> None:
    state = tmp_path / "state"
    with pytest.raises(Killed):
        train(SMALL, tmp_path / "m.pt", state=state, progress=killed_at(512))
    state.write_bytes(state.read_bytes()[:keep])
    with pytest.raises(UsageError, match="not the state of a training run"):
        train(SMALL, tmp_path / "m.pt", state=state)


@needs_torch
def test_missing_folder_is_refused_before_training_needs_torch(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        train(Recipe(16, 10, sequences=2**40), tmp_path / "nowhere" / "m.pt")


@needs_torch
def test_thread_setting_is_restored_needs_torch(tmp_path: Path) -> None:
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        train(SMALL, tmp_path / "m.pt")
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


@needs_torch
def test_training_learns_the_smallest_task_needs_torch(tmp_path: Path) -> None:
    path = tmp_path / "m.pt"
    train(Recipe(2, 2, sequences=2**17, batch=256), path)
    found = measure_accuracy(read_network(path), samples=20_000)
    assert found.lower > 0.97


@needs_torch
def test_diverged_run_writes_no_model_needs_torch(tmp_path: Path) -> None:
    recipe = Recipe(8, 256, sequences=2**9, batch=8, rate=10.0)
    with pytest.raises(UsageError, match=r"diverged: rate is 10\.0"):
        train(recipe, tmp_path / "m.pt")
    assert list(tmp_path.iterdir()) == []


@needs_torch
def test_an_interrupted_command_goes_on_and_replaces_nothing_needs_torch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "my m.pt"
    command = ["train", "--hidden", "3", "--length", "4", "--sequences", "2^17", "-o", str(output)]
    with pytest.MonkeyPatch.context() as patch:

        def interrupt(self: Any) -> None:
            raise KeyboardInterrupt

        patch.setattr("certify.train._Run._block", interrupt)
        assert main(command) == 130
    shown = capsys.readouterr().out
    assert "interrupted after 0 of 131,072 sequences" in shown
    line = next(line for line in shown.splitlines() if line.startswith("go on with:"))
    assert shlex.split(line.removeprefix("go on with:")) == ["certify", *command]
    assert output.with_name("my m.pt.state").exists()
    assert main(command) == 0
    model = output.read_bytes()
    assert main([*command, "--seed", "1"]) == 2
    assert "--force replaces it" in capsys.readouterr().err
    assert output.read_bytes() == model
    assert main([*command, "--seed", "1", "--force"]) == 0
    assert output.read_bytes() != model


@needs_torch
def test_a_disk_that_is_full_at_the_end_keeps_the_state_needs_torch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "m.pt"
    command = ["train", "--hidden", "3", "--length", "4", "--sequences", "2^16", "-o", str(output)]

    def full(path: Path, data: bytes) -> None:
        if path == output:
            raise OSError(28, "No space left on device", str(path))
        atomic_write(path, data)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("certify.train.atomic_write", full)
        assert main(command) == 2
    error = capsys.readouterr().err
    assert f"{output}.state holds what was trained; go on with: certify train" in error
    assert f"{output}: No space left on device" in error
    assert main(command) == 0
