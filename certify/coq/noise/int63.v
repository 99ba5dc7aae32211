(** *** From the guards to the theorem *)

Lemma z_of_Z : forall x, up_to 4611686018427387903 x = true -> z (Uint63.of_Z x) = x.
Proof.
  intros x H. apply Z.leb_le in H. symmetry. apply Sint63.is_int.
  rewrite to_Z_min, to_Z_max. change (wB / 2) with 4611686018427387904. lia.
Qed.

Lemma up_to_more : forall a b x, a <= b -> up_to a x = true -> up_to b x = true.
Proof. intros a b x H E. apply Z.leb_le in E. apply Z.leb_le. lia. Qed.

Lemma up_to_within : forall b x, up_to b x = true -> within b x.
Proof. intros b x E. apply Z.leb_le in E. unfold within. lia. Qed.

Lemma z_of_list : forall l, forallb (up_to 4611686018427387903) l = true ->
  map z (map Uint63.of_Z l) = l.
Proof.
  induction l as [|x l IH]; intros H; [reflexivity|].
  apply andb_prop in H. destruct H as [H1 H2]. cbn [map]. rewrite z_of_Z, IH by assumption.
  reflexivity.
Qed.

Lemma small_of_list : forall b l, b <= 4611686018427387903 -> forallb (up_to b) l = true ->
  small b (map Uint63.of_Z l).
Proof.
  intros b l Hb H. unfold small. rewrite Forall_map. apply Forall_forall. intros x Hx.
  rewrite forallb_forall in H. specialize (H x Hx).
  rewrite z_of_Z by (apply (up_to_more b); assumption). apply up_to_within. exact H.
Qed.

Lemma list_more : forall a b l, a <= b -> forallb (up_to a) l = true -> forallb (up_to b) l =
    true.
Proof.
  intros a b l H E. rewrite forallb_forall in *. intros x Hx. apply (up_to_more a); auto.
Qed.

(** Parts of weights. *)
Lemma z_of_parts : forall w,
  forallb (up_to 4611686018427387903) (high_parts w) = true ->
  forallb (fun l => (0 <=? l) && (l <=? 1048576)) (low_parts w) = true ->
  zparts (map_parts Uint63.of_Z w) = w.
Proof.
  induction w as [|h l w IH]; intros H L; [reflexivity|]. cbn [high_parts low_parts forallb] in *.
  apply andb_prop in H, L. destruct H as [H1 H2], L as [L1 L2].
  cbn [map_parts zparts]. rewrite IH, z_of_Z by assumption. rewrite z_of_Z; [reflexivity|].
  apply andb_prop in L1. destruct L1 as [L3 L4]. apply Z.leb_le in L3, L4. apply Z.leb_le. lia.
Qed.

Lemma okp_of_parts : forall b w,
  (forall x, In x (high_parts w) -> Z.abs x <= b) ->
  forallb (up_to 4611686018427387903) (high_parts w) = true ->
  forallb (fun l => (0 <=? l) && (l <=? 1048576)) (low_parts w) = true ->
  okp b (map_parts Uint63.of_Z w).
Proof.
  intros b. induction w as [|h l w IH]; intros B H L; [exact I|].
  cbn [high_parts low_parts forallb] in *.
  apply andb_prop in H, L. destruct H as [H1 H2], L as [L1 L2].
  apply andb_prop in L1. destruct L1 as [L3 L4]. apply Z.leb_le in L3, L4.
  cbn [map_parts okp]. split; [|split].
  - rewrite z_of_Z by exact H1. specialize (B h (or_introl eq_refl)). unfold within. lia.
  - rewrite z_of_Z; [lia | apply Z.leb_le; lia].
  - apply IH; auto. intros x Hx. apply B. right. exact Hx.
Qed.

Lemma below_largest : forall l x, In x l -> Z.abs x <= fold_right Z.max 0 (map Z.abs l).
Proof.
  induction l as [|y l IH]; intros x H; [destruct H|]. cbn [map fold_right].
  destruct H as [E | H]; [subst; lia | specialize (IH x H); lia].
Qed.

Lemma largest_nonneg : forall l, 0 <= fold_right Z.max 0 (map Z.abs l).
Proof. induction l as [|y l IH]; cbn [map fold_right]; lia. Qed.

Lemma forallb_concat : forall (f : Z -> bool) ls, forallb f (concat ls) = true ->
  forall l, In l ls -> forallb f l = true.
Proof.
  intros f ls H l Hl. rewrite forallb_forall in *. intros x Hx. apply H.
  apply in_concat. exists l. auto.
Qed.

Ltac conjunctions H :=
  repeat match type of H with
  | (_ && _) = true => let H' := fresh "C" in apply andb_prop in H; destruct H as [H H']
  end.

Lemma rule_fits : forall d n r, rule_in_63_bits d n r = true ->
  zrule (map_rule Uint63.of_Z r) = r /\
  ok_rule (Z.of_nat d) (Z.of_nat n) (largest_high r) (map_rule Uint63.of_Z r).
Proof.
  intros d n [cu hw iw ps rs] H. unfold rule_in_63_bits in H.
  cbv zeta in H. conjunctions H.
  cbn [cut hh ih pres rows] in *.
  set (b := largest_high (MakeRule cu hw iw ps rs)) in *.
  assert (B0 : 0 <= b) by apply largest_nonneg.
  repeat match goal with E : (_ <=? _) = true |- _ => apply Z.leb_le in E end.
  match goal with E : forallb _ (concat (map low_parts _)) = true |- _ => rename E into LOW end.
  match goal with E : forallb _ (concat (map high_parts _)) = true |- _ => rename E into HIGH end.
  match goal with E : forallb _ rs = true |- _ => rename E into ROWS end.
  match goal with E : forallb _ ps = true |- _ => rename E into PRES end.
  assert (L : forall w, In w (iw :: hw) ->
    forallb (fun l => (0 <=? l) && (l <=? 1048576)) (low_parts w) = true)
    by (intros w Hw; apply (forallb_concat _ _ LOW); apply in_map; exact Hw).
  assert (HP : forall w, In w (iw :: hw) -> forallb (up_to 4611686018427387903) (high_parts w) =
      true)
    by (intros w Hw; apply (forallb_concat _ _ HIGH); apply in_map; exact Hw).
  assert (BP : forall w, In w (iw :: hw) -> forall x, In x (high_parts w) -> Z.abs x <= b).
  { intros w Hw x Hx. unfold b, largest_high. cbn [ih hh]. apply below_largest.
    apply in_concat. exists (high_parts w). split; [apply in_map; exact Hw | exact Hx]. }
  assert (CU : z (Uint63.of_Z cu) = cu) by (apply z_of_Z; apply Z.leb_le; lia).
  rewrite forallb_forall in ROWS, PRES.
  split.
  - unfold zrule, map_rule. cbn [cut hh ih pres rows]. f_equal.
    + exact CU.
    + rewrite map_map. rewrite <- (map_id hw) at 2. apply map_ext_in. intros w Hw.
      apply z_of_parts; [apply HP | apply L]; right; exact Hw.
    + apply z_of_parts; [apply HP | apply L]; left; reflexivity.
    + rewrite map_map. rewrite <- (map_id ps) at 2. apply map_ext_in.
      intros [p1 p2 p3 p4] Hp. specialize (PRES _ Hp). cbv beta iota in PRES. conjunctions PRES.
      cbn [map_pre]. rewrite !z_of_list, !z_of_Z; auto;
        apply (up_to_more 1073741824); auto; lia.
    + rewrite map_map. rewrite <- (map_id rs) at 2. apply map_ext_in. intros row Hr.
      specialize (ROWS _ Hr). cbv beta in ROWS. conjunctions ROWS. apply z_of_list. assumption.
  - constructor; cbn [cut hh ih pres rows map_rule].
    + split; [exact B0|]. split; [split; [apply Nat2Z.is_nonneg | assumption] | assumption].
    + split; [split; [apply Nat2Z.is_nonneg | assumption] | assumption].
    + rewrite CU. split; assumption.
    + rewrite Forall_map. apply Forall_forall. intros w Hw.
      apply okp_of_parts; [apply BP | apply HP | apply L]; right; exact Hw.
    + rewrite map_length. assumption.
    + apply okp_of_parts; [apply BP | apply HP | apply L]; left; reflexivity.
    + rewrite Forall_map. apply Forall_forall. intros row Hr. rewrite map_length.
      specialize (ROWS _ Hr). cbv beta in ROWS. conjunctions ROWS. apply Z.leb_le. assumption.
    + rewrite Forall_map. apply Forall_forall. intros [p1 p2 p3 p4] Hp.
      specialize (PRES _ Hp). cbv beta iota in PRES. conjunctions PRES.
      cbn [map_pre]. rewrite !map_length.
      rewrite !z_of_Z by (apply (up_to_more 1073741824); auto; lia).
      split; [apply Z.leb_le; assumption|]. split; [apply up_to_within; assumption|].
      split; [apply Z.leb_le; assumption | apply up_to_within; assumption].
Qed.

Lemma goal_fits : forall n g, goal_in_63_bits n g = true ->
  zgoal (map_goal Uint63.of_Z g) = g /\ okgoal n (map_goal Uint63.of_Z g).
Proof.
  intros n [l m f w] H. unfold goal_in_63_bits in H. conjunctions H.
  cbn [least most first wanted] in *. apply Nat.eqb_eq in H. split.
  - unfold zgoal, map_goal. cbn [least most first wanted].
    rewrite !z_of_list, z_of_Z by
      (assumption || (apply (list_more 1073741823); [lia | assumption])). reflexivity.
  - unfold okgoal, map_goal. cbn [least most first wanted]. split; [|split].
    + apply small_of_list; [lia | assumption].
    + apply small_of_list; [lia | assumption].
    + rewrite map_length. exact H.
Qed.

(** What primitive integers say holds over [Z]. *)
Theorem check_int_check_Z : forall d n scale ih hh out lo hi noise proofs,
  check_int d n scale ih hh out lo hi noise proofs = true ->
  check_Z d n scale ih hh out lo hi noise proofs = true.
Proof.
  intros d n scale ih hh out lo hi noise proofs H. unfold check_int, check_Z in *. cbv zeta in *.
  apply andb_prop in H. destruct H as [H1 H2]. rewrite H1. cbn [andb].
  rewrite forallb_forall in *. intros p Hp. specialize (H2 p Hp). cbv beta in H2.
  conjunctions H2.
  match goal with E : rule_in_63_bits _ _ _ = true |- _ => destruct (rule_fits _ _ _ E) as [R1
      R2] end.
  match goal with E : goal_in_63_bits _ _ = true |- _ => destruct (goal_fits _ _ E) as [G1 G2]
      end.
  match goal with E : OverInt.check_pair _ _ _ _ _ = true |- _ =>
    rewrite (z_check_pair _ _ n _ _ R2 G2), R1, G1 in E; rewrite H2, E end.
  reflexivity.
Qed.

End Words.
