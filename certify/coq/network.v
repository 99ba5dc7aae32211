(** * Part 1. The network and its inputs

    Everything that the claim at the end of Part 2 speaks of is defined in these two parts.
    [Q] is the type of the rational numbers, [p # q] is p/q; all floats are rational numbers.
    [nat] and [Z] are the natural numbers and the integers, [nth i l 0] is entry i of the list l.
    Positions, steps and units are counted from 0. *)

From Coq Require Import QArith Qminmax List Arith.
Import ListNotations.
Open Scope Q_scope.

(** [sum k f] is f(0) + f(1) + ... + f(k-1). *)
Fixpoint sum (k : nat) (f : nat -> Q) : Q :=
  match k with
  | O => 0
  | S k' => sum k' f + f k'
  end.

Definition relu (x : Q) : Q := Qmax 0 x.

(** A one-layer ReLU RNN without biases: d units, n inputs, n logits. *)
Record network := {
  hidden_size : nat;          (* d *)
  seq_len : nat;              (* n *)
  W_ih : nat -> Q;            (* from the input to unit i *)
  W_hh : nat -> nat -> Q;     (* to unit i from unit k *)
  W_out : nat -> nat -> Q     (* to logit j from unit i *)
}.

(** [state N x t] is h_t, the state after t steps on the inputs x_0, x_1, ...:
    h_0 = 0 and h_{t+1} = relu(W_hh h_t + W_ih x_t). *)
Fixpoint state (N : network) (x : nat -> Q) (t : nat) : nat -> Q :=
  match t with
  | O => fun i => 0
  | S t' => fun i =>
      relu (sum (hidden_size N) (fun k => W_hh N i k * state N x t' k) + W_ih N i * x t')
  end.

(** logits = W_out h_n. *)
Definition logit (N : network) (x : nat -> Q) (j : nat) : Q :=
  sum (hidden_size N) (fun i => W_out N j i * state N x (seq_len N) i).

(** The network whose weights are the integers in three tables, divided by [scale]:
    row i of [hh] leads to unit i, row j of [out] leads to logit j. *)
Definition network_of_tables (d n : nat) (scale : positive)
    (ih : list Z) (hh out : list (list Z)) : network :=
  {| hidden_size := d;
     seq_len := n;
     W_ih := fun i => nth i ih 0%Z # scale;
     W_hh := fun i k => nth k (nth i hh nil) 0%Z # scale;
     W_out := fun j i => nth i (nth j out nil) 0%Z # scale |}.
