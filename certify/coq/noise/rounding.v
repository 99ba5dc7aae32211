(** *** Rounded weights: a step through the weights *)

(** [v] are the weights [f] below [k] as multiples of 2^-40, each at most [cut] too small. *)
Definition rounded (cut : Z) (v : list Z) (f : nat -> Q) (k : nat) : Prop :=
  forall i, (i < k)%nat ->
  inject_Z (nth i v 0%Z) <= f i * inject_Z (2 ^ 40) /\
  f i * inject_Z (2 ^ 40) <= inject_Z (nth i v 0%Z) + inject_Z cut.

Lemma zdot_lin : forall row v, inject_Z (zdot row v) == lin row (fun i => inject_Z (nth i v 0%Z)).
Proof.
  induction row as [|c row IH]; intros v; [reflexivity|]. destruct v as [|w v]; simpl lin.
  - simpl zdot. assert (E := IH []). assert (E0 : zdot row [] = 0%Z) by (destruct row;
      reflexivity).
    rewrite E0 in E. rewrite (lin_ext row _ (fun i => inject_Z (nth i [] 0%Z))), <- E.
    + simpl. change (inject_Z 0) with 0. ring.
    + intros i _. destruct i; reflexivity.
  - simpl zdot. rewrite inject_Z_plus, inject_Z_mult, IH. reflexivity.
Qed.

Lemma lin_error : forall e row f g, 0 <= e -> Forall small row ->
  (forall i, (i < length row)%nat -> g i <= f i /\ f i <= g i + e) ->
  let most := inject_Z (Z.of_nat (length row)) * inject_Z LIMIT * e in
  - most <= lin row f - lin row g /\ lin row f - lin row g <= most.
Proof.
  intros e row. induction row as [|c row IH]; intros f g He Hrow H most; subst most.
  - simpl. change (inject_Z 0) with 0. lra.
  - inversion Hrow as [|? ? [H1 H2] Hrow']; subst.
    apply inject_le in H1. apply inject_le in H2.
    destruct (IH (fun i => f (S i)) (fun i => g (S i)) He Hrow') as [I1 I2].
    { intros i Hi. apply (H (S i)). simpl. lia. }
    destruct (H O) as [H3 H4]; [simpl; lia|]. simpl lin. simpl length. rewrite Nat2Z.inj_succ.
    unfold Z.succ. rewrite inject_Z_plus. change (inject_Z 1) with 1.
    change (inject_Z (- LIMIT)) with (- inject_Z LIMIT) in H1.
    assert (- (inject_Z LIMIT * e) <= inject_Z c * (f O - g O)) by nra.
    assert (inject_Z c * (f O - g O) <= inject_Z LIMIT * e) by nra. lra.
Qed.

Lemma zdot_bounds : forall cut v f row,
  (0 <= cut)%Z -> (length row <= 1024)%nat -> Forall small row -> rounded cut v f (length row) ->
  inject_Z (zdot row v) - inject_Z cut * inject_Z (2 ^ 40) <= lin row f * inject_Z (2 ^ 40) /\
  lin row f * inject_Z (2 ^ 40) <= inject_Z (zdot row v) + inject_Z cut * inject_Z (2 ^ 40).
Proof.
  intros cut v f row Hcut Hlen Hrow H. apply (inject_le 0) in Hcut.
  destruct (lin_error (inject_Z cut) row (fun i => f i * inject_Z (2 ^ 40))
    (fun i => inject_Z (nth i v 0%Z)) Hcut Hrow H) as [E1 E2].
  rewrite lin_scale, <- zdot_lin in E1, E2.
  assert (L : inject_Z (Z.of_nat (length row)) <= inject_Z 1024) by (apply inject_le; lia).
  assert (inject_Z (Z.of_nat (length row)) * inject_Z LIMIT * inject_Z cut
          <= inject_Z cut * inject_Z (2 ^ 40)).
  { setoid_replace (inject_Z cut * inject_Z (2 ^ 40))
      with (inject_Z 1024 * inject_Z LIMIT * inject_Z cut) by (change (inject_Z (2 ^ 40)) with
          (1099511627776 # 1);
          change (inject_Z 1024) with (1024 # 1);
          change (inject_Z LIMIT) with (1073741824 # 1); ring).
    apply Qmult_le_compat_r; [|exact Hcut]. apply Qmult_le_compat_r; [exact L|discriminate]. }
  lra.
Qed.

(** A coefficient of a state, from those of the pre-activations after it. *)
Lemma weigh_state : forall cut v f row,
  (0 <= cut)%Z -> (length row <= 1024)%nat -> Forall small row -> rounded cut v f (length row) ->
  inject_Z (OverZ.weigh cut 20 row (parts_of v)) <= lin row f.
Proof.
  intros cut v f row Hcut Hlen Hrow H. destruct (zdot_bounds cut v f row Hcut Hlen Hrow H) as [E
      _].
  rewrite weigh_parts by lia. change (20 + 20)%Z with 40%Z.
  destruct (shift_down (zdot row v) 40 ltac:(lia)) as [S1 _]. rewrite inject_sub.
  change (inject_Z (2 ^ 40)) with (1099511627776 # 1) in *. lra.
Qed.

(** A coefficient of an input. *)
Lemma weigh_input : forall cut v f row,
  (0 <= cut)%Z -> (length row <= 1024)%nat -> Forall small row -> rounded cut v f (length row) ->
  let g := inject_Z (OverZ.weigh cut 24 row (parts_of v)) in
  16 * g <= lin row f /\ lin row f <= 16 * (g + 1 + 2 * inject_Z cut).
Proof.
  intros cut v f row Hcut Hlen Hrow H g. subst g.
  destruct (zdot_bounds cut v f row Hcut Hlen Hrow H) as [E E'].
  rewrite weigh_parts by lia. change (20 + 24)%Z with 44%Z.
  destruct (shift_down (zdot row v) 44 ltac:(lia)) as [S1 S2]. rewrite inject_sub.
  apply (inject_le 0) in Hcut. change (inject_Z 0) with 0 in Hcut.
  change (inject_Z (2 ^ 40)) with (1099511627776 # 1) in *.
  change (inject_Z (2 ^ 44)) with (17592186044416 # 1) in *. lra.
Qed.

Lemma before_step : forall cut w hh row,
  OverZ.before cut (w :: hh) row =
  (let c := OverZ.weigh cut 20 row w in
   if (c <? - LIMIT)%Z then None
   else match OverZ.before cut hh row with
        | None => None
        | Some rest => Some (OverZ.min c LIMIT :: rest)
        end).
Proof. reflexivity. Qed.

Lemma before_bounds : forall cut columns row rest W,
  (0 <= cut)%Z -> (length row <= 1024)%nat -> Forall small row ->
  (forall j v, nth_error columns j = Some v -> rounded cut v (fun i => W i j) (length row)) ->
  OverZ.before cut (map parts_of columns) row = Some rest ->
  Forall small rest /\ length rest = length columns /\
  forall j, (j < length columns)%nat -> inject_Z (nth j rest 0%Z) <= lin row (fun i => W i j).
Proof.
  intros cut columns row. induction columns as [|v columns IH]; intros rest W Hcut Hlen Hrow HW H.
  - injection H as <-. repeat split; auto. intros j Hj. simpl in Hj. lia.
  - cbn [map] in H. rewrite before_step in H. cbv zeta in H.
    assert (B := weigh_state cut v _ row Hcut Hlen Hrow (HW O v eq_refl)).
    set (c := OverZ.weigh cut 20 row (parts_of v)) in *.
    destruct (Z.ltb_spec c (- LIMIT)); [discriminate|].
    destruct (OverZ.before cut (map parts_of columns) row) as [rest'|] eqn:R; [|discriminate].
    injection H as <-. rewrite min_Z.
    destruct (IH rest' (fun i j => W i (S j)) Hcut Hlen Hrow (fun j => HW (S j)) eq_refl)
      as (I1 & I2 & I3).
    split; [constructor; [unfold small; lia | exact I1]|].
    split; [simpl; f_equal; exact I2|]. intros [|j] Hj; simpl nth.
    + apply Qle_trans with (inject_Z c); [apply inject_le; lia | exact B].
    + apply I3. simpl in Hj. lia.
Qed.

Lemma begin_step : forall less v row,
  OverZ.begin_row less (v :: row) =
  (let c := Z.shiftr v less in
   if (c <? - LIMIT)%Z then None
   else match OverZ.begin_row less row with
        | None => None
        | Some rest => Some (OverZ.min c LIMIT :: rest)
        end).
Proof. reflexivity. Qed.

Lemma begin_bounds : forall less row rest, (0 <= less)%Z -> OverZ.begin_row less row = Some rest
    ->
  Forall small rest /\ length rest = length row /\
  forall j, inject_Z (nth j rest 0%Z) * inject_Z (2 ^ less) <= inject_Z (nth j row 0%Z).
Proof.
  intros less row. induction row as [|v row IH]; intros rest Hless H.
  - injection H as <-. repeat split; auto. intros [|j]; simpl nth; change (inject_Z 0) with 0;
      lra.
  - rewrite begin_step in H. cbv zeta in H.
    destruct (Z.ltb_spec (Z.shiftr v less) (- LIMIT)); [discriminate|].
    destruct (OverZ.begin_row less row) as [rest'|] eqn:R; [|discriminate].
    injection H as <-. rewrite min_Z. destruct (IH rest' Hless eq_refl) as (I1 & I2 & I3).
    split; [constructor; [unfold small; lia | exact I1]|].
    split; [simpl; f_equal; exact I2|]. intros [|j]; simpl nth; [|apply I3].
    apply Qle_trans with (inject_Z (Z.shiftr v less) * inject_Z (2 ^ less)).
    + apply Qmult_le_compat_r; [apply inject_le; lia|]. apply (inject_le 0).
      apply Z.pow_nonneg; lia.
    + apply shift_down. exact Hless.
Qed.
