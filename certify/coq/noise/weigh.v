(** ** 3.5. Soundness over [Z] *)

Fixpoint zdot (u v : list Z) : Z :=
  match u, v with
  | a :: u', b :: v' => a * b + zdot u' v'
  | _, _ => 0
  end.

Lemma shift_parts : forall high low s, 0 <= s ->
  Z.shiftr (high + Z.shiftr low 20) s = Z.shiftr (high * 1048576 + low) (20 + s).
Proof.
  intros high low s Hs. rewrite !Z.shiftr_div_pow2 by lia.
  rewrite Z.pow_add_r by lia. change (2 ^ 20) with 1048576.
  rewrite <- Z.div_div by (try apply Z.pow_pos_nonneg; lia).
  rewrite Z.div_add_l by lia. reflexivity.
Qed.

Lemma weigh_parts_from : forall s v row high low, 0 <= s ->
  Z.shiftr (OverZ.weigh_from row (parts_of v) high low) s =
  Z.shiftr (high * 1048576 + low + zdot row v) (20 + s).
Proof.
  intros s v row. revert v. induction row as [|c row IH]; intros v high low Hs.
  - cbn [zdot OverZ.weigh_from]. change OverZ.twenty with 20.
    rewrite shift_parts, Z.add_0_r by assumption. reflexivity.
  - destruct v as [|w v]; cbn [zdot OverZ.weigh_from parts_of].
    + change OverZ.twenty with 20. rewrite shift_parts, Z.add_0_r by assumption. reflexivity.
    + rewrite IH by exact Hs. f_equal.
      assert (E := Z.div_mod w 1048576 ltac:(discriminate)).
      rewrite (Z.shiftr_div_pow2 w) by lia. change (2 ^ 20) with 1048576.
      set (a := w / 1048576) in *. set (b := w mod 1048576) in *. rewrite E. ring.
Qed.

Lemma weigh_parts : forall cut s v row, 0 <= s ->
  OverZ.weigh cut s row (parts_of v) = Z.shiftr (zdot row v) (20 + s) - cut.
Proof. intros. unfold OverZ.weigh. change OverZ.zero with 0. rewrite weigh_parts_from by
    assumption. reflexivity. Qed.

Open Scope Q_scope.
