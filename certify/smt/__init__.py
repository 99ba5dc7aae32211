"""The second witness: z3 decides the unrolled network, every ReLU encoded.

The claim for a pair ``(m, s)``: with 1 at ``m``, r at ``s`` and zeros elsewhere, every margin is
positive for all r of a closed range (and then, the network being positively homogeneous, for
every M > 0 as well). Given as one formula, the unrolled network with the negated claim stalls z3
and cvc5 alike. What they answer at once is the same network with a guess of its trajectory.

**The formula.** Weights and states are scaled to integers: with K = 2**shift, the state after
t steps is meant as ``K**t h_t``, which obeys the same recurrence with the weights ``K W`` and
the input ``K**t x_t``, because ``relu(c p) = c relu(p)`` for c > 0. For a cover of the range by
closed pieces ``I_k`` and guesses ``a_k0 = 0, a_k1, ..., a_kn``, affine in r, z3 is asked

1. whether some r of the range lies in no piece;
2. whether on some piece, for some r in ``I_k``,

   - some step t and unit i have ``a_k(t+1),i != relu(pre_i)``, where
     ``pre = W_hh a_kt + W_ih x_t`` is spelt out weight by weight and ``a = relu(p)`` as
     ``a >= 0 and a >= p and (a = 0 or a = p)``, or
   - some rival j has ``logit_s(a_kn) <= logit_j(a_kn)``.

**Why unsat proves the claim.** Let r be in the range and h_t the network's own states at r. By
(1) r lies in some ``I_k``. Then ``h_t = a_kt(r)`` for every t: it holds at t = 0, and if it holds
at t, then ``h_{t+1} = relu(W_hh a_kt(r) + W_ih x_t) = a_k(t+1)(r)``, since (2) has no solution at
r. So the margins at r are those of ``a_kn(r)``, which (2) found positive. Nothing is assumed of
the guesses or of the pieces: a wrong guess, an activation that changes inside a piece or a gap
makes a formula satisfiable and cannot make one unsatisfiable. Nor do they come from the cell
extraction: :mod:`certify.smt.trajectory` follows the network by itself. Neighbouring pieces whose
guesses agree up to a step share that step's question, asked on the union of the two.

Both integer scaling and affine guesses matter for speed: z3's rewriter multiplies out each
``pre_i`` exactly, compares it with the guess, and what is left for the solver are bounds on r.
A `sat` answer counts only after its ratio has been replayed in exact arithmetic.

Importing this package does not import z3; the processes that solve do.
"""

from certify.smt.export import export_smt2
from certify.smt.solver import SmtVerdict, decide

__all__ = ["SmtVerdict", "decide", "export_smt2"]
