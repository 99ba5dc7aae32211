(** * Part 6. The same for real inputs

    Real numbers are not needed for the theorem above, and Coq's rest on axioms, which are
    printed at the end. The weights stay rational; [Q2R] reads a rational as a real number. *)

From Coq Require Import Reals Qreals Lra.
Open Scope R_scope.

(** The definitions of Part 1 with real inputs. *)

Fixpoint sumR (k : nat) (f : nat -> R) : R :=
  match k with
  | O => 0
  | S k' => sumR k' f + f k'
  end.

Definition reluR (x : R) : R := Rmax 0 x.

Fixpoint stateR (N : network) (x : nat -> R) (t : nat) : nat -> R :=
  match t with
  | O => fun i => 0
  | S t' => fun i =>
      reluR (sumR (hidden_size N) (fun k => Q2R (W_hh N i k) * stateR N x t' k)
             + Q2R (W_ih N i) * x t')
  end.

Definition logitR (N : network) (x : nat -> R) (j : nat) : R :=
  sumR (hidden_size N) (fun i => Q2R (W_out N j i) * stateR N x (seq_len N) i).

Lemma sumR_ext : forall k f g, (forall i, (i < k)%nat -> f i = g i) -> sumR k f = sumR k g.
Proof.
  induction k; intros f g H; simpl; [reflexivity|].
  rewrite (IHk f g), (H k); [reflexivity | lia | intros; apply H; lia].
Qed.
