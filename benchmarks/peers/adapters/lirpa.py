"""auto_LiRPA's linear bounds with plain input splitting: ``lirpa CROWN|CROWN-Optimized``.

All boxes of a round are bounded in batches in float64; a box whose worst margin is not positive
is halved along the input with the largest width times gradient. Centres of boxes are tried as
counterexamples.
"""

from __future__ import annotations

import importlib
import sys
from fractions import Fraction
from typing import Any

from benchmarks.peers.adapters.protocol import Answer, Query, serve

BATCH = 512


def main(method: str) -> None:
    torch: Any = importlib.import_module("torch")
    # The release on the index needs private hooks of a torch of its day.
    torch._C.Node.__getitem__ = lambda node, key: getattr(node, node.kindOf(key))(key)
    helper: Any = importlib.import_module("torch.onnx.symbolic_helper")
    helper._set_opset_version = lambda version: None
    lirpa: Any = importlib.import_module("auto_LiRPA")
    members = lirpa.BoundedModule._named_members
    lirpa.BoundedModule._named_members = lambda self, *args, remove_duplicate=True, **rest: members(
        self, *args, **rest
    )
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)

    class Unrolled(torch.nn.Module):  # type: ignore[misc]  # torch is Any here
        def __init__(self, query: Query) -> None:
            super().__init__()
            n, d = len(query.w_out), len(query.w_ih)
            margins = torch.tensor(query.w_out)
            margins = margins[query.second] - margins[query.rivals]
            self.take = torch.nn.ModuleList([self.linear(torch.eye(n)[[t]]) for t in range(n)])
            self.drive = self.linear(torch.tensor(query.w_ih).reshape(d, 1))
            self.step = self.linear(torch.tensor(query.w_hh))
            self.out = self.linear(margins)

        @staticmethod
        def linear(weight: Any) -> Any:
            layer = torch.nn.Linear(weight.shape[1], weight.shape[0])
            layer.weight = torch.nn.Parameter(weight, requires_grad=False)
            layer.bias = torch.nn.Parameter(torch.zeros(weight.shape[0]), requires_grad=False)
            return layer

        def forward(self, x: Any) -> Any:
            state = torch.relu(self.drive(self.take[0](x)))
            for take in self.take[1:]:
                state = torch.relu(self.step(state) + self.drive(take(x)))
            return self.out(state)

    def solve(query: Query) -> Answer:
        network = Unrolled(query)
        ends = torch.tensor([[float(v) for v in pair] for pair in query.box])
        lo, hi = ends[:, 0].reshape(1, -1), ends[:, 1].reshape(1, -1)
        options = {
            "optimize_bound_args": {"iteration": 20, "lr_alpha": 0.1},
            "conv_mode": "matrix",
            "sparse_features_alpha": False,  # with it a batch may stop with a mismatch of shapes
        }
        bounded = lirpa.BoundedModule(network, (lo + hi) / 2, bound_opts=options)
        while len(lo):
            if method == "CROWN-Optimized":  # its slopes are kept, in the shape of one batch
                bounded = lirpa.BoundedModule(network, lo[:BATCH], bound_opts=options)
            now, low, high = slice(0, BATCH), lo[:BATCH], hi[:BATCH]
            centre = ((low + high) / 2).requires_grad_(True)
            worst = network(centre).min(dim=1).values
            if (worst <= 0).any():
                point = centre.detach()[worst.argmin()]
                return Answer("refuted", [Fraction(float(v)) for v in point])
            (slope,) = torch.autograd.grad(worst.sum(), centre)
            region = lirpa.PerturbationLpNorm(norm=float("inf"), x_L=low, x_U=high)
            x = lirpa.BoundedTensor((low + high) / 2, region)
            least, _ = bounded.compute_bounds(x=(x,), method=method, bound_upper=False)
            open_ = least.detach().min(dim=1).values <= 0
            low, high, slope = low[open_], high[open_], slope[open_]
            rows = torch.arange(len(low))
            axis = ((high - low) * (slope.abs() + 1e-9)).argmax(dim=1)
            middle = ((low + high) / 2)[rows, axis]
            left, right = high.clone(), low.clone()
            left[rows, axis], right[rows, axis] = middle, middle
            lo = torch.cat([low, right, lo[now.stop :]])
            hi = torch.cat([left, high, hi[now.stop :]])
        return Answer("proved")

    serve(solve)


if __name__ == "__main__":
    main(sys.argv[1])
