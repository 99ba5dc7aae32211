(** *** Boxes *)

Definition okbox (box : list (int * int)) : Prop :=
  Forall (fun e => within 2147483647 (z (fst e)) /\ within 2147483647 (z (snd e))) box.

Lemma extent_bound : forall box, okbox box -> extent box <= Z.of_nat (length box) * 2147483647.
Proof.
  intros box H. induction H as [|[lo hi] box [H1 H2] H IH]; [reflexivity|].
  cbn [extent length fst snd] in *. rewrite Nat2Z.inj_succ. unfold within in *. lia.
Qed.

Lemma z_range_of : forall row box low up B, small 8192 row -> within B (z low) -> within B (z up)
    ->
  B + 8192 * extent box <= 4611686018427387903 ->
  (z (fst (OverInt.range row box low up)), z (snd (OverInt.range row box low up))) =
    OverZ.range (map z row) (zbox box) (z low) (z up) /\
  within (B + 8192 * extent box) (z (fst (OverInt.range row box low up))) /\
  within (B + 8192 * extent box) (z (snd (OverInt.range row box low up))).
Proof.
  intros row. induction row as [|a row IH]; intros box low up B Hr Hl Hu HB;
    assert (X := extent_nonneg box).
  - cbn [OverInt.range OverZ.range map fst snd]. split; [reflexivity | unfold within in *; lia].
  - inversion Hr as [|? ? Ha Hr']; subst. destruct box as [|[lo hi] box].
    { cbn [OverInt.range OverZ.range map fst snd zbox]. split; [reflexivity | unfold within in *;
        lia]. }
    cbn [OverInt.range OverZ.range map fst snd zbox extent] in *.
    assert (X' := extent_nonneg box). rewrite !z_ltb. constants.
    set (size := Z.max (Z.abs (z lo)) (Z.abs (z hi))) in *.
    assert (P1 : within (8192 * size) (z a * z lo))
      by (apply product_within; unfold within in *; unfold size; lia).
    assert (P2 : within (8192 * size) (z a * z hi))
      by (apply product_within; unfold within in *; unfold size; lia).
    assert (E1 : z (PrimInt63.mul a lo) = z a * z lo) by (apply z_mul; unfold within in *; lia).
    assert (E2 : z (PrimInt63.mul a hi) = z a * z hi) by (apply z_mul; unfold within in *; lia).
    assert (E3 : z (PrimInt63.add low (PrimInt63.mul a lo)) = z low + z a * z lo)
      by (rewrite z_add, E1; [reflexivity | rewrite E1; unfold within in *; lia]).
    assert (E4 : z (PrimInt63.add up (PrimInt63.mul a hi)) = z up + z a * z hi)
      by (rewrite z_add, E2; [reflexivity | rewrite E2; unfold within in *; lia]).
    assert (E5 : z (PrimInt63.add low (PrimInt63.mul a hi)) = z low + z a * z hi)
      by (rewrite z_add, E2; [reflexivity | rewrite E2; unfold within in *; lia]).
    assert (E6 : z (PrimInt63.add up (PrimInt63.mul a lo)) = z up + z a * z lo)
      by (rewrite z_add, E1; [reflexivity | rewrite E1; unfold within in *; lia]).
    destruct (0 <? z a); [|destruct (z a <? 0)].
    + destruct (IH box (PrimInt63.add low (PrimInt63.mul a lo))
                  (PrimInt63.add up (PrimInt63.mul a hi)) (B + 8192 * size)) as (R1 & R2 & R3);
        [exact Hr' | rewrite E3; unfold within in *; clear - Hl P1; lia
        | rewrite E4; unfold within in *; clear - Hu P2; lia | clear - HB; lia |].
      rewrite E3, E4 in R1. rewrite R1. split; [reflexivity | unfold within in *; clear - R2 R3;
          lia].
    + destruct (IH box (PrimInt63.add low (PrimInt63.mul a hi))
                  (PrimInt63.add up (PrimInt63.mul a lo)) (B + 8192 * size)) as (R1 & R2 & R3);
        [exact Hr' | rewrite E5; unfold within in *; clear - Hl P2; lia
        | rewrite E6; unfold within in *; clear - Hu P1; lia | clear - HB; lia |].
      rewrite E5, E6 in R1. rewrite R1. split; [reflexivity | unfold within in *; clear - R2 R3;
          lia].
    + assert (S0 : 0 <= size) by (unfold size; clear; lia).
      destruct (IH box low up B Hr' Hl Hu) as (R1 & R2 & R3); [clear - HB S0; lia|].
      rewrite R1. split; [reflexivity | unfold within in *; clear - R2 R3 S0; lia].
Qed.

Lemma z_negatives_of : forall box, extent box <= 2147483647 ->
  forall m sum B, Forall (small 8192) m -> within B (z sum) ->
  B + Z.of_nat (length m) * 17592186044416 <= 144115188075855872 ->
  map z (OverInt.negatives_of m box sum) =
    OverZ.negatives_of (map (map z) m) (zbox box) (z sum) /\
  small 144115188075855872 (OverInt.negatives_of m box sum).
Proof.
  intros box He. assert (X := extent_nonneg box).
  intros m. induction m as [|row m IH]; intros sum B Hr Hs HB.
  - split; [reflexivity | constructor].
  - inversion Hr as [|? ? Hrow Hr']; subst. cbn [length] in HB. rewrite Nat2Z.inj_succ in HB.
    assert (N := Nat2Z.is_nonneg (length m)).
    cbn [OverInt.negatives_of OverZ.negatives_of map].
    destruct (z_range_of row box OverInt.zero OverInt.zero 0 Hrow) as (R1 & R2 & _);
      try (constants; unfold within; lia); try lia.
    constants. rewrite <- R1. cbn [fst].
    set (low := fst (OverInt.range row box OverInt.zero OverInt.zero)) in *.
    assert (E1 : z (PrimInt63.sub OverInt.zero low) = 0 - z low)
      by (rewrite z_sub; constants; [reflexivity | unfold within in *; lia]).
    assert (E2 : z (OverInt.max (PrimInt63.sub OverInt.zero low) OverInt.zero) = OverZ.max (0 - z
        low) 0)
      by (rewrite z_max, E1; constants; reflexivity).
    assert (W : within 17592186044416 (OverZ.max (0 - z low) 0))
      by (rewrite max_is; unfold within in *; lia).
    assert (E3 : z (PrimInt63.add sum (OverInt.max (PrimInt63.sub OverInt.zero low)
        OverInt.zero)) =
                 z sum + OverZ.max (0 - z low) 0)
      by (rewrite z_add, E2; [reflexivity | rewrite E2; unfold within in *; lia]).
    destruct (IH (PrimInt63.add sum (OverInt.max (PrimInt63.sub OverInt.zero low) OverInt.zero))
                (B + 17592186044416) Hr') as [S1 S2];
      [rewrite E3; unfold within in *; lia | lia |].
    rewrite S1, E3. split; [reflexivity|]. constructor; [rewrite E3; unfold within in *; lia |
        exact S2].
Qed.

Lemma z_size : forall box sum B, okbox box -> 0 <= z sum <= B ->
  B + Z.of_nat (length box) * 2147483647 <= 4611686018427387903 ->
  z (OverInt.size box sum) = OverZ.size (zbox box) (z sum) /\
  z (OverInt.size box sum) = z sum + extent box.
Proof.
  induction box as [|[lo hi] box IH]; intros sum B Hb Hs HB.
  - split; [reflexivity | simpl; lia].
  - inversion Hb as [|? ? [H1 H2] Hb']; subst. cbn [fst snd length] in *.
    rewrite Nat2Z.inj_succ in HB. assert (N := Nat2Z.is_nonneg (length box)).
    cbn [OverInt.size OverZ.size zbox map fst snd extent].
    set (m := OverInt.max (OverInt.max lo (PrimInt63.sub OverInt.zero lo))
                (OverInt.max hi (PrimInt63.sub OverInt.zero hi))).
    assert (E : z m = OverZ.max (OverZ.max (z lo) (0 - z lo)) (OverZ.max (z hi) (0 - z hi))).
    { unfold m. rewrite !z_max, !z_sub; constants; try reflexivity; unfold within in *; lia. }
    assert (E' : z m = Z.max (Z.abs (z lo)) (Z.abs (z hi))) by (rewrite E, !max_is; lia).
    assert (E2 : z (PrimInt63.add sum m) = z sum + z m)
      by (apply z_add; rewrite E'; unfold within in *; lia).
    destruct (IH (PrimInt63.add sum m) (B + 2147483647) Hb') as [R1 R2];
      [rewrite E2, E'; unfold within in *; lia | lia |].
    fold (zbox box). constants. rewrite <- E, <- E2. split; [exact R1|].
    rewrite R2, E2, E'. lia.
Qed.

Lemma z_shrink : forall row box over under, okbox box ->
  0 <= z over <= 2305843009213693952 -> 0 <= z under <= 2305843009213693952 ->
  zbox (OverInt.shrink row box over under) =
    OverZ.shrink (map z row) (zbox box) (z over) (z under) /\
  okbox (OverInt.shrink row box over under) /\
  (length (OverInt.shrink row box over under) <= length box)%nat.
Proof.
  intros row. induction row as [|a row IH]; intros box over under Hb Ho Hu.
  - cbn [OverInt.shrink length]. split; [reflexivity | split; [constructor | lia]].
  - destruct box as [|[lo hi] box].
    { cbn [OverInt.shrink length]. split; [reflexivity | split; [constructor | lia]]. }
    inversion Hb as [|? ? [H1 H2] Hb']; subst. cbn [fst snd] in *.
    destruct (IH box over under Hb' Ho Hu) as (R1 & R2 & R3).
    cbn [OverInt.shrink OverZ.shrink map zbox fst snd length]. fold (zbox box).
    fold (zbox (OverInt.shrink row box over under)).
    rewrite !z_ltb, R1. constants.
    assert (E1 : z (PrimInt63.sub hi under) = z hi - z under) by (apply z_sub; unfold within in
        *; lia).
    assert (E2 : z (PrimInt63.add lo over) = z lo + z over) by (apply z_add; unfold within in *;
        lia).
    assert (E3 : z (PrimInt63.sub hi over) = z hi - z over) by (apply z_sub; unfold within in *;
        lia).
    assert (E4 : z (PrimInt63.add lo under) = z lo + z under) by (apply z_add; unfold within in
        *; lia).
    assert (W1 : forall v, 0 <= z v -> z (PrimInt63.sub hi v) = z hi - z v ->
              within 2147483647 (z (OverInt.max lo (PrimInt63.sub hi v))))
      by (intros v Hv E; rewrite z_max, max_is, E; unfold within in *; lia).
    assert (W2 : forall v, 0 <= z v -> z (PrimInt63.add lo v) = z lo + z v ->
              within 2147483647 (z (OverInt.min hi (PrimInt63.add lo v))))
      by (intros v Hv E; rewrite z_min, min_is, E; unfold within in *; lia).
    destruct (0 <? z a); [|destruct (z a <? 0)]; cbn [fst snd].
    + rewrite !z_max, !z_min, E1, E2. split; [reflexivity|]. split; [|lia].
      constructor; [split; cbn [fst snd]; [apply W1 | apply W2]; auto; lia | exact R2].
    + rewrite !z_max, !z_min, E3, E4. split; [reflexivity|]. split; [|lia].
      constructor; [split; cbn [fst snd]; [apply W1 | apply W2]; auto; lia | exact R2].
    + split; [reflexivity|]. split; [|lia]. constructor; [split; assumption | exact R2].
Qed.

Lemma z_tighten : forall rows least most box,
  Forall (small 8192) rows -> small 2147483647 least -> small 2147483647 most -> okbox box ->
  Z.of_nat (length box) <= 4096 ->
  option_map zbox (OverInt.tighten rows least most box) =
    OverZ.tighten (map (map z) rows) (map z least) (map z most) (zbox box) /\
  forall box', OverInt.tighten rows least most box = Some box' ->
    okbox box' /\ (length box' <= length box)%nat.
Proof.
  intros rows. induction rows as [|row rows IH]; intros least most box Hr Hl Hm Hb Hn.
  - simpl. split; [reflexivity|]. intros box' [= <-]. split; [exact Hb | lia].
  - inversion Hr as [|? ? Hrow Hr']; subst.
    destruct least as [|l least], most as [|m most];
      try (simpl; split; [reflexivity|]; intros box' [= <-]; split; [exact Hb | lia]).
    inversion Hl as [|? ? Hl1 Hl']; subst. inversion Hm as [|? ? Hm1 Hm']; subst.
    assert (X := extent_bound box Hb). assert (Y := extent_nonneg box).
    cbn [OverInt.tighten OverZ.tighten map].
    destruct (z_range_of row box OverInt.zero OverInt.zero 0 Hrow) as (R1 & R2 & R3);
      try (constants; unfold within; lia); try lia.
    constants. rewrite <- R1.
    destruct (OverInt.range row box OverInt.zero OverInt.zero) as [low up]. cbn [fst snd] in *.
    rewrite !z_ltb.
    destruct ((z m <? z low) || (z up <? z l)) eqn:G; [split; [reflexivity | discriminate]|].
    apply orb_false_elim in G. destruct G as [G1 G2]. apply Z.ltb_ge in G1, G2.
    assert (E1 : z (PrimInt63.sub m low) = z m - z low) by (apply z_sub; unfold within in *; lia).
    assert (E2 : z (PrimInt63.sub up l) = z up - z l) by (apply z_sub; unfold within in *; lia).
    destruct (z_shrink row box (PrimInt63.sub m low) (PrimInt63.sub up l) Hb) as (S1 & S2 & S3);
      rewrite ?E1, ?E2; try (unfold within in *; lia).
    destruct (IH least most (OverInt.shrink row box (PrimInt63.sub m low) (PrimInt63.sub up l)))
      as [T1 T2]; auto; try lia.
    rewrite S1, E1, E2 in T1. split; [exact T1|].
    intros box' H. destruct (T2 box' H) as [U1 U2]. split; [exact U1 | lia].
Qed.
