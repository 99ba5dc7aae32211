(** *** Boxes of coordinates: inputs are x = A y with y in the box *)

Fixpoint in_box (box : list (Z * Z)) (y : nat -> Q) : Prop :=
  match box with
  | [] => True
  | (lo, hi) :: box' => inject_Z lo <= y O /\ y O <= inject_Z hi /\ in_box box' (fun k => y (S k))
  end.

Lemma dot_lin : forall u v sum,
  inject_Z (OverZ.dot u v sum) == inject_Z sum + lin v (fun t => inject_Z (nth t u 0%Z)).
Proof.
  induction u as [|a u IH]; intros v sum.
  - simpl. rewrite (lin_ext v _ (fun _ => 0 * 0)), lin_scale; [ring|].
    intros [|t] _; reflexivity.
  - destruct v as [|b v]; simpl; [ring|]. rewrite IH, inject_Z_plus, inject_Z_mult. ring.
Qed.

Lemma corner_step : forall q qs lo hi box sum,
  OverZ.corner (q :: qs) ((lo, hi) :: box) sum =
  OverZ.corner qs box (sum + q * (if 0 <? q then lo else hi))%Z.
Proof. reflexivity. Qed.

Lemma corner_bound : forall box qs s y, in_box box y -> length qs = length box ->
  inject_Z (OverZ.corner qs box s) <= inject_Z s + lin qs y.
Proof.
  induction box as [|[lo hi] box IH]; intros [|q qs] s y Hbox Hlen; try discriminate;
    [simpl; lra|].
  rewrite corner_step. destruct Hbox as (Hlo & Hhi & Hbox). simpl lin. simpl in Hlen.
  assert (I := IH qs (s + q * (if 0 <? q then lo else hi))%Z _ Hbox ltac:(lia)).
  rewrite inject_Z_plus, inject_Z_mult in I.
  assert (B : inject_Z q * inject_Z (if (0 <? q)%Z then lo else hi) <= inject_Z q * y O).
  { destruct (Z.ltb_spec 0 q) as [P | P]; [apply Z.lt_le_incl in P|]; apply inject_le in P;
      change (inject_Z 0) with 0 in P; nra. }
  lra.
Qed.

(** A sum of coordinates, and what it is at most. *)
Definition chain_holds (k : nat) (chain : option (list Z * Z)) (y : nat -> Q) : Prop :=
  match chain with
  | None => True
  | Some (a, most) => length a = k /\ lin a y <= inject_Z most
  end.

Lemma zip_length : forall f u v, length u = length v -> length (OverZ.zip f u v) = length u.
Proof.
  induction u as [|a u IH]; intros [|b v] H; try discriminate; simpl; [reflexivity|].
  f_equal. apply IH. simpl in H. lia.
Qed.

Lemma zip_lin : forall factor u v y, length u = length v ->
  lin (OverZ.zip (fun q w => q + factor * w)%Z u v) y == lin u y + inject_Z factor * lin v y.
Proof.
  induction u as [|a u IH]; intros [|b v] y H; try discriminate; simpl; [ring|].
  rewrite IH, inject_Z_plus, inject_Z_mult by (simpl in H; lia). ring.
Qed.

Lemma best_step : forall qs a most box s q rest w which found,
  OverZ.best qs a most box s (q :: rest) (w :: which) found =
  OverZ.best qs a most box s rest which
    (if (0 <? w) && (q <? 0) then
       let factor := OverZ.min (0 - q) 268435456 in
       OverZ.max found
         (OverZ.corner (OverZ.zip (fun q w => q + factor * w) qs a) box (s - factor * most))
     else found)%Z.
Proof. reflexivity. Qed.

(** What is added and what is taken off: the latter is no less. *)
Lemma best_bound : forall qs a most box s y, in_box box y -> length qs = length box ->
  length a = length box -> lin a y <= inject_Z most ->
  forall rest which found, inject_Z found <= inject_Z s + lin qs y ->
  inject_Z (OverZ.best qs a most box s rest which found) <= inject_Z s + lin qs y.
Proof.
  intros qs a most box s y Hbox Hq Ha Hmost.
  induction rest as [|q rest IH]; intros which found H; [exact H|].
  destruct which as [|w which]; [exact H|]. rewrite best_step. apply IH. clear IH.
  destruct ((0 <? w) && (q <? 0))%Z eqn:C; [|exact H].
  apply andb_prop in C. destruct C as [_ C]. apply Z.ltb_lt in C. cbv zeta.
  rewrite min_Z, max_Z. set (factor := Z.min (0 - q) 268435456).
  assert (F : inject_Z 0 <= inject_Z factor) by (apply inject_le; unfold factor; lia).
  change (inject_Z 0) with 0 in F.
  rewrite <- inject_max. apply Q.max_lub; [exact H|].
  assert (B := corner_bound box (OverZ.zip (fun q w => q + factor * w)%Z qs a)
                 (s - factor * most) y Hbox).
  rewrite zip_length in B by congruence. specialize (B Hq).
  rewrite zip_lin in B by congruence. rewrite inject_sub, inject_Z_mult in B.
  assert (P : 0 <= inject_Z factor * (inject_Z most - lin a y))
    by (apply Qmult_le_0_compat; lra).
  lra.
Qed.

Lemma coefficients_step : forall column columns drives,
  OverZ.coefficients (column :: columns) drives =
  (let q := OverZ.dot column drives 0 in
   if OverZ.too_large q then None
   else match OverZ.coefficients columns drives with
        | None => None
        | Some rest => Some (q :: rest)
        end)%Z.
Proof. reflexivity. Qed.

Lemma coefficients_lin : forall columns drives qs y, OverZ.coefficients columns drives = Some qs ->
  length qs = length columns /\
  lin qs y ==
    sum (length columns) (fun k => lin drives (fun t => inject_Z (nth t (nth k columns []) 0%Z)) *
      y k).
Proof.
  induction columns as [|column columns IH]; intros drives qs y H.
  - injection H as <-. split; reflexivity.
  - rewrite coefficients_step in H. cbv zeta in H.
    assert (E := dot_lin column drives 0). set (q := OverZ.dot column drives 0) in *.
    destruct (OverZ.too_large q); [discriminate|].
    destruct (OverZ.coefficients columns drives) as [rest|] eqn:R; [|discriminate].
    injection H as <-. destruct (IH drives rest (fun k => y (S k)) R) as [I1 I2].
    split; [simpl; congruence|]. simpl length. rewrite sum_first. cbn [nth lin].
    rewrite I2, E. change (inject_Z 0) with 0. ring.
Qed.

Lemma over_box_bound : forall columns box chain drives s total y,
  in_box box y -> length columns = length box -> chain_holds (length box) chain y ->
  OverZ.over_box columns box chain drives s = Some total ->
  inject_Z total <= inject_Z s +
    sum (length box) (fun k => lin drives (fun t => inject_Z (nth t (nth k columns []) 0%Z)) * y
        k).
Proof.
  intros columns box chain drives s total y Hbox Hlen Hchain H. unfold OverZ.over_box in H.
  destruct (OverZ.coefficients columns drives) as [qs|] eqn:C; [|discriminate].
  injection H as <-. destruct (coefficients_lin columns drives qs y C) as [L E].
  rewrite Hlen in L, E. rewrite <- E.
  assert (B := corner_bound box qs s y Hbox L).
  destruct chain as [[a most]|]; [|exact B]. destruct Hchain as [Ha Hmost].
  apply best_bound; assumption.
Qed.

Lemma range_step : forall a row lo hi box low up,
  OverZ.range (a :: row) ((lo, hi) :: box) low up =
  (if 0 <? a then OverZ.range row box (low + a * lo) (up + a * hi)
   else if a <? 0 then OverZ.range row box (low + a * hi) (up + a * lo)
   else OverZ.range row box low up)%Z.
Proof. reflexivity. Qed.

Lemma range_bounds : forall row box low up y,
  in_box box y -> length row = length box ->
  inject_Z (fst (OverZ.range row box low up)) <= inject_Z low + lin row y /\
  inject_Z up + lin row y <= inject_Z (snd (OverZ.range row box low up)).
Proof.
  induction row as [|a row IH]; intros box low up y Hbox Hlen.
  - simpl. lra.
  - destruct box as [|[lo hi] box]; [discriminate|]. rewrite range_step.
    destruct Hbox as (Hlo & Hhi & Hbox). simpl lin. simpl in Hlen.
    destruct (Z.ltb_spec 0 a) as [P | P]; [|destruct (Z.ltb_spec a 0) as [P' | P']].
    + destruct (IH box (low + a * lo)%Z (up + a * hi)%Z _ Hbox ltac:(lia)) as [I1 I2].
      rewrite inject_Z_plus, inject_Z_mult in I1, I2. apply Z.lt_le_incl, inject_le in P.
      change (inject_Z 0) with 0 in P. split; nra.
    + destruct (IH box (low + a * hi)%Z (up + a * lo)%Z _ Hbox ltac:(lia)) as [I1 I2].
      rewrite inject_Z_plus, inject_Z_mult in I1, I2. apply inject_le in P.
      change (inject_Z 0) with 0 in P. split; nra.
    + destruct (IH box low up _ Hbox ltac:(lia)) as [I1 I2].
      assert (a = 0%Z) by lia. subst a. change (inject_Z 0) with 0. lra.
Qed.

Lemma shrink_step : forall a row lo hi box over under,
  OverZ.shrink (a :: row) ((lo, hi) :: box) over under =
  ((if 0 <? a then (OverZ.max lo (hi - under), OverZ.min hi (lo + over))
    else if a <? 0 then (OverZ.max lo (hi - over), OverZ.min hi (lo + under))
    else (lo, hi)) :: OverZ.shrink row box over under)%Z.
Proof. reflexivity. Qed.

Lemma shrink_length : forall row box over under, length row = length box ->
  length (OverZ.shrink row box over under) = length box.
Proof.
  induction row as [|a row IH]; intros [|[lo hi] box] over under H; try discriminate;
      [reflexivity|].
  rewrite shrink_step. simpl. f_equal. apply IH. simpl in H. lia.
Qed.

Lemma range_shift : forall row box low up,
  OverZ.range row box low up =
  (low + fst (OverZ.range row box 0 0), up + snd (OverZ.range row box 0 0))%Z.
Proof.
  induction row as [|a row IH]; intros box low up.
  - simpl. f_equal; lia.
  - destruct box as [|[lo hi] box]; [simpl; f_equal; lia|]. rewrite !range_step.
    destruct (0 <? a)%Z; [|destruct (a <? 0)%Z].
    + rewrite (IH _ (low + _)%Z), (IH _ (0 + _)%Z). simpl fst. simpl snd. f_equal; lia.
    + rewrite (IH _ (low + _)%Z), (IH _ (0 + _)%Z). simpl fst. simpl snd. f_equal; lia.
    + apply IH.
Qed.

(** No coordinate is so far from an end that x would leave its range. *)
Lemma shrink_in_box : forall row box over under y,
  in_box box y -> length row = length box ->
  lin row y <= inject_Z (fst (OverZ.range row box 0 0)) + inject_Z over ->
  inject_Z (snd (OverZ.range row box 0 0)) - inject_Z under <= lin row y ->
  in_box (OverZ.shrink row box over under) y.
Proof.
  induction row as [|a row IH]; intros box over under y Hbox Hlen Hover Hunder.
  - destruct box; [exact I|discriminate].
  - destruct box as [|[lo hi] box]; [discriminate|]. rewrite shrink_step.
    rewrite range_step in Hover, Hunder. destruct Hbox as (Hlo & Hhi & Hbox).
    simpl in Hlen. injection Hlen as Hlen. simpl lin in Hover, Hunder.
    destruct (range_bounds row box 0 0 _ Hbox Hlen) as [B1 B2].
    change (inject_Z 0) with 0 in B1, B2.
    specialize (IH box over under _ Hbox Hlen).
    set (l := fst (OverZ.range row box 0 0)) in *. set (u := snd (OverZ.range row box 0 0)) in *.
    set (x' := lin row (fun i => y (S i))) in *.
    destruct (Z.ltb_spec 0 a) as [P | P]; [|destruct (Z.ltb_spec a 0) as [P' | P']].
    + rewrite range_shift in Hover, Hunder. fold l in Hover. fold u in Hunder.
      simpl in Hover, Hunder. rewrite inject_Z_plus, inject_Z_mult in Hover, Hunder.
      assert (P1 : inject_Z 1 <= inject_Z a) by (apply inject_le;
          lia). change (inject_Z 1) with 1 in P1.
      rewrite min_Z, max_Z. simpl in_box. rewrite <- inject_min, <- inject_max, inject_sub,
          inject_Z_plus.
      split; [|split].
      * apply Q.max_lub; [exact Hlo|]. nra.
      * apply Q.min_glb; [exact Hhi|]. nra.
      * apply IH; nra.
    + rewrite range_shift in Hover, Hunder. fold l in Hover. fold u in Hunder.
      simpl in Hover, Hunder. rewrite inject_Z_plus, inject_Z_mult in Hover, Hunder.
      assert (P1 : inject_Z a <= inject_Z (-1)) by (apply inject_le; lia).
      change (inject_Z (-1)) with (-(1)) in P1.
      rewrite min_Z, max_Z. simpl in_box. rewrite <- inject_min, <- inject_max, inject_sub,
          inject_Z_plus.
      split; [|split].
      * apply Q.max_lub; [exact Hlo|]. nra.
      * apply Q.min_glb; [exact Hhi|]. nra.
      * apply IH; nra.
    + assert (a = 0%Z) by lia. subst a. fold l in Hover. fold u in Hunder. simpl in_box. change
        (inject_Z 0) with 0 in *.
      split; [exact Hlo|]. split; [exact Hhi|]. apply IH; lra.
Qed.
