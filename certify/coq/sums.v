(** * Part 3. Why the computation at the end proves the theorem

    Nothing in this part has to be read to know what is proved: the kernel checks all of it.

    ** 3.1. Sums, relu, pre-activations *)

From Coq Require Import Bool Lia Lqa.

Lemma sum_ext : forall k f g, (forall i, (i < k)%nat -> f i == g i) -> sum k f == sum k g.
Proof.
  induction k; intros f g H; simpl; [reflexivity|].
  rewrite (IHk f g), (H k); [reflexivity | lia | intros; apply H; lia].
Qed.

Lemma sum_le : forall k f g, (forall i, (i < k)%nat -> f i <= g i) -> sum k f <= sum k g.
Proof.
  induction k; intros f g H; simpl; [lra|].
  assert (f k <= g k) by (apply H; lia).
  assert (sum k f <= sum k g) by (apply IHk; intros; apply H; lia). lra.
Qed.

Lemma sum_linear : forall k f g a b,
  sum k (fun i => a * f i + b * g i) == a * sum k f + b * sum k g.
Proof. induction k; intros; simpl; [ring | rewrite IHk; ring]. Qed.

Lemma sum_plus : forall k f g, sum k (fun i => f i + g i) == sum k f + sum k g.
Proof. induction k; intros; simpl; [ring | rewrite IHk; ring]. Qed.

Lemma sum_scale : forall k f a, sum k (fun i => a * f i) == a * sum k f.
Proof. induction k; intros; simpl; [ring | rewrite IHk; ring]. Qed.

Lemma sum_first : forall k f, sum (S k) f == f O + sum k (fun i => f (S i)).
Proof.
  induction k; intros; [simpl; ring|].
  change (sum (S (S k)) f) with (sum (S k) f + f (S k)). rewrite IHk. simpl. ring.
Qed.

Lemma relu_pos : forall u, 0 <= u -> relu u == u.
Proof. intros. apply Q.max_r. assumption. Qed.

Lemma relu_neg : forall u, u <= 0 -> relu u == 0.
Proof. intros. apply Q.max_l. assumption. Qed.

Global Instance relu_mor : Proper (Qeq ==> Qeq) relu.
Proof. intros u v H. unfold relu. rewrite H. reflexivity. Qed.

Definition preact (N : network) (x : nat -> Q) (t i : nat) : Q :=
  sum (hidden_size N) (fun k => W_hh N i k * state N x t k) + W_ih N i * x t.
