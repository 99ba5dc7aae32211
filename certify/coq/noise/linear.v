(** *** Linear forms with integer coefficients, and relu *)

(** [lin row f] is the sum of row_i f(i). *)
Fixpoint lin (row : list Z) (f : nat -> Q) : Q :=
  match row with
  | [] => 0
  | c :: row' => inject_Z c * f O + lin row' (fun i => f (S i))
  end.

(** Inequalities of integers as such of rationals. *)
Lemma inject_le : forall a b, (a <= b)%Z -> inject_Z a <= inject_Z b.
Proof. intros a b H. rewrite <- Zle_Qle. exact H. Qed.

Lemma inject_lt : forall a b, (a < b)%Z -> inject_Z a < inject_Z b.
Proof. intros a b H. rewrite <- Zlt_Qlt. exact H. Qed.

Lemma inject_sub : forall a b, inject_Z (a - b) == inject_Z a - inject_Z b.
Proof. intros. unfold Z.sub. rewrite inject_Z_plus, inject_Z_opp. reflexivity. Qed.

Lemma lin_sum : forall row f, lin row f == sum (length row) (fun i => inject_Z (nth i row 0%Z) * f
    i).
Proof.
  induction row; intros f; [reflexivity|].
  simpl length. rewrite sum_first. simpl lin. simpl nth. rewrite IHrow. reflexivity.
Qed.

Lemma lin_ext : forall row f g,
  (forall i, (i < length row)%nat -> f i == g i) -> lin row f == lin row g.
Proof. intros. rewrite !lin_sum. apply sum_ext. intros. rewrite H by auto. reflexivity. Qed.

Lemma lin_plus : forall row f g, lin row (fun i => f i + g i) == lin row f + lin row g.
Proof. induction row; intros; simpl; [ring|]. rewrite IHrow. ring. Qed.

Lemma lin_scale : forall row f a, lin row (fun i => f i * a) == lin row f * a.
Proof. induction row; intros; simpl; [ring|]. rewrite IHrow. ring. Qed.

(** The order of the sums does not matter. *)
Lemma lin_sums : forall row k W f,
  lin row (fun i => sum k (fun j => W i j * f j)) == sum k (fun j => lin row (fun i => W i j) * f
      j).
Proof.
  induction row; intros k W f; simpl.
  - rewrite sum_scale. ring.
  - rewrite IHrow, <- sum_scale, <- sum_plus. apply sum_ext. intros. ring.
Qed.

(** Coefficients of what is not negative may be lowered. *)
Lemma lin_lower : forall row k coefficient f,
  length row = k ->
  (forall j, (j < k)%nat -> 0 <= f j) ->
  (forall j, (j < k)%nat -> inject_Z (nth j row 0%Z) <= coefficient j) ->
  lin row f <= sum k (fun j => coefficient j * f j).
Proof.
  intros row k coefficient f <- Hf Hc. rewrite lin_sum. apply sum_le. intros j Hj.
  apply Qmult_le_compat_r; auto.
Qed.

(** *** relu *)

Lemma relu_nonneg : forall u, 0 <= relu u.
Proof. intros. apply Q.le_max_l. Qed.

Lemma relu_above : forall u, u <= relu u.
Proof. intros. apply Q.le_max_r. Qed.

(** For c <= c' <= 0, [c relu z - c' z] is concave: at least the lesser of the values at ends of
    an interval around 0. *)
Lemma relu_concave : forall c c' z low up l,
  c <= c' -> c' <= 0 -> (c' == 0 \/ low <= z) -> (c == c' \/ z <= up) ->
  l <= - c' * Qmin low 0 -> l <= (c - c') * Qmax up 0 ->
  c' * z + l <= c * relu z.
Proof.
  intros c c' z low up l H H' Hlow Hup L L'.
  assert (M0 := Q.le_min_l low 0). assert (M1 := Q.le_min_r low 0).
  assert (M2 := Q.le_max_l up 0). assert (M3 := Q.le_max_r up 0).
  destruct (Qlt_le_dec z 0) as [Hz | Hz].
  - rewrite relu_neg by lra. destruct Hlow as [E | Hlow].
    + rewrite E in *. lra.
    + destruct (Q.min_spec low 0) as [[_ E] | [_ E]]; rewrite E in L; nra.
  - rewrite relu_pos by lra. destruct Hup as [E | Hup].
    + rewrite E in *. lra.
    + destruct (Q.max_spec up 0) as [[_ E] | [_ E]]; rewrite E in L'; nra.
Qed.
