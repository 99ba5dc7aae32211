Lemma z_before : forall d b cut hh row,
  room d b -> Z.of_nat (length row) <= d -> small 1073741824 row -> Forall (okp b) hh ->
  0 <= z cut <= 1 ->
  option_map (map z) (OverInt.before cut hh row) =
    OverZ.before (z cut) (map zparts hh) (map z row) /\
  forall row', OverInt.before cut hh row = Some row' ->
    small 1073741824 row' /\ length row' = length hh.
Proof.
  intros d b cut hh row R Hlen Hrow Hhh Hcut. induction hh as [|w hh IH].
  - simpl. split; [reflexivity|]. intros row' [= <-]. split; [constructor | reflexivity].
  - inversion Hhh as [|? ? Hw Hhh']; subst. destruct (IH Hhh') as [R1 R2].
    cbn [OverInt.before OverZ.before map].
    assert (E := z_weigh d b cut OverInt.twenty row w R Hlen Hrow Hw Hcut
                   ltac:(rewrite z_twenty; lia)).
    set (c := OverInt.weigh cut OverInt.twenty row w) in *.
    rewrite z_twenty in E. change OverZ.twenty with 20.
    set (zc := OverZ.weigh (z cut) 20 (map z row) (zparts w)) in *.
    rewrite z_ltb, E. constants. destruct (Z.ltb_spec zc (-1073741824)) as [L | L].
    { split; [reflexivity | discriminate]. }
    rewrite <- R1. destruct (OverInt.before cut hh row) as [rest|]; simpl.
    + split; [rewrite z_min, E; constants; reflexivity|]. intros row' [= <-].
      destruct (R2 rest eq_refl) as [S1 S2]. split; [|simpl; lia].
      constructor; [|exact S1]. rewrite z_min, E, min_is; constants. unfold within. lia.
    + split; [reflexivity | discriminate].
Qed.

Definition zrule (r : rule int) : rule Z :=
  MakeRule (z (cut r)) (map zparts (hh r)) (zparts (ih r))
    (map (fun p => let '(Pre a b c d) := p in Pre (map z a) (z b) (map z c) (z d)) (pres r))
    (map (map z) (rows r)).

(** The weights fit: [d] units, [n] steps. *)
Record ok_rule (d n b : Z) (r : rule int) : Prop := {
  ok_room : room d b;
  ok_n : 0 <= n <= 4096 /\ n * d <= 4096;
  ok_cut : 0 <= z (cut r) <= 1;
  ok_hh : Forall (okp b) (hh r);
  ok_columns : Z.of_nat (length (hh r)) <= d;
  ok_ih : okp b (ih r);
  ok_rows : Forall (fun row => Z.of_nat (length row) <= d) (rows r);
  ok_pres : Forall (fun p => let '(Pre a b c e) := p in
    Z.of_nat (length a) <= d /\ within 1073741824 (z b) /\
    Z.of_nat (length c) <= d /\ within 1073741824 (z e)) (pres r)
}.

Lemma z_back : forall d n b r, ok_rule d n b r -> forall fraction, 12 <= z fraction ->
  forall past row drives constant B,
  small 1073741824 row -> Z.of_nat (length row) <= d -> Forall (Forall okk) past ->
  small 1073741824 drives -> 0 <= B -> within B (z constant) ->
  B + Z.of_nat (length past) * (d * 562949953421312) <= 4611686018427387903 ->
  zopt (OverInt.back r fraction past row drives constant) =
    OverZ.back (zrule r) (z fraction) (map (map zk) past) (map z row) (map z drives) (z constant)
        /\
  forall drives' constant',
    OverInt.back r fraction past row drives constant = Some (drives', constant') ->
    small 1073741824 drives' /\ length drives' = (length past + length drives)%nat /\
    within (B + Z.of_nat (length past) * (d * 562949953421312)) (z constant').
Proof.
  intros d n b r OK fraction Hf. destruct OK as [R N Hcut Hhh Hcol Hih _ _].
  assert (D : 0 <= d) by (destruct R as (_ & R & _); lia).
  induction past as [|units past IH]; intros row drives constant B Hrow Hlen Hpast Hdr HB0 HK HB.
  - simpl. split; [reflexivity|]. intros drives' constant' [= <- <-].
    split; [exact Hdr|]. split; [reflexivity|]. unfold within in *. lia.
  - inversion Hpast as [|? ? Hunits Hpast']; subst. cbn [length] in HB.
    rewrite Nat2Z.inj_succ in HB. assert (NN := Nat2Z.is_nonneg (length past)).
    assert (M : Z.of_nat (length row) * 562949953421312 <= d * 562949953421312) by lia.
    assert (P0 : 0 <= Z.of_nat (length past) * (d * 562949953421312)) by nia.
    cbn [OverInt.back OverZ.back map].
    destruct (z_relax fraction row units constant B Hf Hrow Hunits HK ltac:(lia)) as [R1 R2].
    rewrite <- R1. destruct (OverInt.relax fraction row units constant) as [[row1 k1]|]; simpl
        zopt;
      cbn iota beta; [|split; [reflexivity | discriminate]].
    destruct (R2 row1 k1 eq_refl) as (S1 & S2 & S3).
    assert (Hlen1 : Z.of_nat (length row1) <= d) by lia.
    assert (E := z_weigh d b (cut r) OverInt.full row1 (ih r) R Hlen1 S1 Hih Hcut
                   ltac:(rewrite z_full; lia)).
    rewrite z_full in E. change OverZ.full with 24. cbn [cut ih zrule].
    set (g := OverInt.weigh (cut r) OverInt.full row1 (ih r)) in *.
    rewrite z_too_large, E.
    set (zg := OverZ.weigh (z (cut r)) 24 (map z row1) (zparts (ih r))) in *.
    destruct (OverZ.too_large zg) eqn:L; [split; [reflexivity | discriminate]|].
    apply too_large_within in L.
    assert (Hg : small 1073741824 (g :: drives)) by (constructor; [rewrite E; exact L | exact
        Hdr]).
    destruct past as [|units2 past].
    + cbn [map zopt]. rewrite E. split; [reflexivity|]. intros drives' constant' [= <- <-].
      split; [exact Hg|]. split; [reflexivity|].
      change (Z.of_nat (length [units])) with 1. unfold within in *. lia.
    + cbn [map]. destruct (z_before d b (cut r) (hh r) row1 R Hlen1 S1 Hhh Hcut) as [T1 T2].
      cbn [hh zrule]. rewrite <- T1.
      destruct (OverInt.before (cut r) (hh r) row1) as [row2|]; simpl option_map; cbn iota beta;
        [|split; [reflexivity | discriminate]].
      destruct (T2 row2 eq_refl) as [U1 U2].
      destruct (IH row2 (g :: drives) k1 (B + d * 562949953421312)) as [V1 V2]; auto; try lia;
        [unfold within in *; lia|].
      cbn [map] in V1. rewrite E in V1. split; [exact V1|].
      intros drives' constant' H. destruct (V2 drives' constant' H) as (W1 & W2 & W3).
      split; [exact W1|]. split; [cbn [length] in *; lia|].
      unfold within in *. cbn [length] in *. lia.
Qed.

Lemma z_dot : forall a u v sum B, 0 <= a -> small a u -> small 1073741824 v -> within B (z sum) ->
  B + Z.of_nat (length v) * (a * 1073741824) <= 4611686018427387903 ->
  z (OverInt.dot u v sum) = OverZ.dot (map z u) (map z v) (z sum).
Proof.
  intros a u. induction u as [|x u IH]; intros v sum B Ha Hu Hv Hs HB; [reflexivity|].
  destruct v as [|y v]; [reflexivity|]. inversion Hu; subst. inversion Hv; subst.
  cbn [length] in HB. rewrite Nat2Z.inj_succ in HB. assert (N := Nat2Z.is_nonneg (length v)).
  cbn [OverInt.dot OverZ.dot map].
  assert (P : within (a * 1073741824) (z x * z y)) by (apply product_within; auto; lia).
  assert (Q : 0 <= Z.of_nat (length v) * (a * 1073741824)) by nia.
  assert (E1 : z (PrimInt63.mul x y) = z x * z y) by (apply z_mul; unfold within in *; lia).
  assert (E2 : z (PrimInt63.add sum (PrimInt63.mul x y)) = z sum + z x * z y)
    by (rewrite z_add, E1; [reflexivity | rewrite E1; unfold within in *; lia]).
  rewrite (IH v _ (B + a * 1073741824)); rewrite ?E2; auto; unfold within in *; lia.
Qed.

Definition zbox (box : list (int * int)) : list (Z * Z) := map (fun e => (z (fst e), z (snd e)))
    box.

(** The sum of the sizes of the coordinates. *)
Fixpoint extent (box : list (int * int)) : Z :=
  match box with
  | [] => 0
  | (lo, hi) :: box' => Z.max (Z.abs (z lo)) (Z.abs (z hi)) + extent box'
  end.

Lemma extent_nonneg : forall box, 0 <= extent box.
Proof. induction box as [|[lo hi] box IH]; simpl; lia. Qed.

Definition columns_ok (columns : list (list int)) : Prop := Forall (small 8192) columns.

Lemma z_coefficients : forall columns drives,
  columns_ok columns -> small 1073741824 drives -> Z.of_nat (length drives) <= 8192 ->
  option_map (map z) (OverInt.coefficients columns drives) =
    OverZ.coefficients (map (map z) columns) (map z drives) /\
  forall qs, OverInt.coefficients columns drives = Some qs -> small 1073741824 qs.
Proof.
  intros columns drives Hc Hd Hn. induction columns as [|column columns IH].
  - split; [reflexivity|]. intros qs [= <-]. constructor.
  - inversion Hc as [|? ? Hcol Hc']; subst. destruct (IH Hc') as [R1 R2].
    cbn [OverInt.coefficients OverZ.coefficients map].
    assert (E : z (OverInt.dot column drives OverInt.zero) =
                OverZ.dot (map z column) (map z drives) 0).
    { apply (z_dot 8192 column drives OverInt.zero 0); auto; constants; unfold within; lia. }
    set (q := OverInt.dot column drives OverInt.zero) in *.
    set (zq := OverZ.dot (map z column) (map z drives) 0) in *.
    constants. fold zq. rewrite z_too_large, E, <- R1.
    destruct (OverZ.too_large zq) eqn:L; [split; [reflexivity | discriminate]|].
    apply too_large_within in L.
    destruct (OverInt.coefficients columns drives) as [rest|]; cbn [option_map map];
      [|split; [reflexivity | discriminate]].
    rewrite E. split; [reflexivity|]. intros qs [= <-].
    constructor; [rewrite E; exact L | exact (R2 rest eq_refl)].
Qed.

Lemma z_corner : forall c, 0 <= c -> forall qs box sum B, small c qs -> within B (z sum) ->
  B + c * extent box <= 4611686018427387903 ->
  z (OverInt.corner qs box sum) = OverZ.corner (map z qs) (zbox box) (z sum) /\
  within (B + c * extent box) (z (OverInt.corner qs box sum)).
Proof.
  intros c Hc0 qs. induction qs as [|q qs IH]; intros box sum B Hq Hs HB;
    assert (X := extent_nonneg box).
  - cbn [OverInt.corner OverZ.corner map]. split; [reflexivity|]. unfold within in *. nia.
  - inversion Hq as [|? ? Hq1 Hq']; subst. destruct box as [|[lo hi] box].
    { cbn [OverInt.corner OverZ.corner map zbox]. split; [reflexivity|].
      unfold within in *. simpl. lia. }
    cbn [OverInt.corner OverZ.corner map zbox fst snd extent] in *.
    assert (X' := extent_nonneg box). rewrite z_ltb. constants.
    set (e := if 0 <? z q then lo else hi).
    assert (Ee : z e = if 0 <? z q then z lo else z hi) by (unfold e; destruct (0 <? z q);
        reflexivity).
    assert (We : within (Z.max (Z.abs (z lo)) (Z.abs (z hi))) (z e))
      by (rewrite Ee; unfold within; destruct (0 <? z q); lia).
    set (size := Z.max (Z.abs (z lo)) (Z.abs (z hi))) in *.
    assert (P : within (c * size) (z q * z e)).
    { apply product_within; auto; unfold size; lia. }
    assert (C1 : 0 <= c * extent box) by (apply Z.mul_nonneg_nonneg; assumption).
    rewrite Z.mul_add_distr_l in *.
    assert (E1 : z (PrimInt63.mul q e) = z q * z e)
      by (apply z_mul; unfold within in *; lia).
    assert (E2 : z (PrimInt63.add sum (PrimInt63.mul q e)) = z sum + z q * z e)
      by (rewrite z_add, E1; [reflexivity | rewrite E1; unfold within in *; lia]).
    destruct (IH box (PrimInt63.add sum (PrimInt63.mul q e)) (B + c * size))
      as [R1 R2]; auto; [rewrite E2; unfold within in *; lia | lia |].
    rewrite E2, Ee in R1. split; [exact R1|]. unfold within in *. lia.
Qed.

Definition zchain (chain : option (list int * int)) : option (list Z * Z) :=
  option_map (fun c => (map z (fst c), z (snd c))) chain.

Definition okchain (chain : option (list int * int)) : Prop :=
  match chain with
  | None => True
  | Some (a, most) => small 1 a /\ within 1073741823 (z most)
  end.

Lemma z_zip : forall factor, within 268435456 (z factor) ->
  forall qs a, small 1073741824 qs -> small 1 a ->
  map z (OverInt.zip (fun q w => PrimInt63.add q (PrimInt63.mul factor w)) qs a) =
    OverZ.zip (fun q w => q + z factor * w) (map z qs) (map z a) /\
  small 1342177280 (OverInt.zip (fun q w => PrimInt63.add q (PrimInt63.mul factor w)) qs a).
Proof.
  intros factor F qs. induction qs as [|q qs IH]; intros a Hq Ha;
    [split; [reflexivity | constructor]|].
  destruct a as [|w a]; [split; [reflexivity | constructor]|].
  inversion Hq as [|? ? Hq1 Hq']; subst. inversion Ha as [|? ? Ha1 Ha']; subst.
  destruct (IH a Hq' Ha') as [R1 R2].
  assert (P : within (268435456 * 1) (z factor * z w)) by (apply product_within; auto; lia).
  assert (E1 : z (PrimInt63.mul factor w) = z factor * z w)
    by (apply z_mul; unfold within in *; lia).
  assert (E2 : z (PrimInt63.add q (PrimInt63.mul factor w)) = z q + z factor * z w)
    by (rewrite z_add, E1; [reflexivity | rewrite E1; unfold within in *; lia]).
  cbn [OverInt.zip OverZ.zip map]. rewrite R1, E2. split; [reflexivity|].
  constructor; [rewrite E2; unfold within in *; lia | exact R2].
Qed.

Lemma z_best : forall qs a most box sum, small 1073741824 qs -> small 1 a ->
  within 1073741823 (z most) -> extent box <= 2147483647 ->
  within (144115188075855872 * 3) (z sum) ->
  forall rest which found, small 1073741824 rest -> within 4611686018427387903 (z found) ->
  z (OverInt.best qs a most box sum rest which found) =
    OverZ.best (map z qs) (map z a) (z most) (zbox box) (z sum) (map z rest) (map z which)
      (z found) /\
  within 4611686018427387903 (z (OverInt.best qs a most box sum rest which found)).
Proof.
  intros qs a most box sum Hq Ha Hm He Hs rest. assert (X := extent_nonneg box).
  induction rest as [|q rest IH]; intros which found Hr Hf; [split; [reflexivity | exact Hf]|].
  destruct which as [|w which]; [split; [reflexivity | exact Hf]|].
  inversion Hr as [|? ? Hr1 Hr']; subst.
  cbn [OverInt.best OverZ.best map]. rewrite !z_ltb. constants.
  destruct ((0 <? z w) && (z q <? 0)) eqn:C; [|exact (IH which found Hr' Hf)].
  apply andb_prop in C. destruct C as [_ C]. apply Z.ltb_lt in C. cbv zeta.
  set (factor := OverInt.min (PrimInt63.sub OverInt.zero q) OverInt.most_factor).
  assert (E1 : z factor = OverZ.min (0 - z q) 268435456).
  { unfold factor. rewrite z_min, z_sub; constants; [reflexivity | unfold within in *; lia]. }
  assert (F : 0 <= z factor <= 268435456)
    by (rewrite E1, min_is; unfold within in *; lia).
  destruct (z_zip factor ltac:(unfold within; lia) qs a Hq Ha) as [Z1 Z2].
  assert (P : within (268435456 * 1073741823) (z factor * z most))
    by (apply product_within; unfold within in *; lia).
  assert (E2 : z (PrimInt63.mul factor most) = z factor * z most)
    by (apply z_mul; unfold within in *; lia).
  assert (E3 : z (PrimInt63.sub sum (PrimInt63.mul factor most)) = z sum - z factor * z most)
    by (rewrite z_sub, E2; [reflexivity | rewrite E2; unfold within in *; lia]).
  destruct (z_corner 1342177280 ltac:(lia)
              (OverInt.zip (fun q w => PrimInt63.add q (PrimInt63.mul factor w)) qs a) box
              (PrimInt63.sub sum (PrimInt63.mul factor most))
              (144115188075855872 * 3 + 268435456 * 1073741823) Z2) as [R1 R2];
    [rewrite E3; unfold within in *; lia | lia |].
  rewrite Z1, E3 in R1.
  set (v := OverInt.corner _ box (PrimInt63.sub sum (PrimInt63.mul factor most))) in *.
  assert (W : within 4611686018427387903 (z (OverInt.max found v)))
    by (rewrite z_max, max_is; unfold within in *; lia).
  destruct (IH which (OverInt.max found v) Hr' W) as [S1 S2]. split; [|exact S2].
  rewrite S1, z_max, R1, E1. reflexivity.
Qed.

Lemma z_over_box : forall columns box chain drives sum,
  columns_ok columns -> small 1073741824 drives -> Z.of_nat (length drives) <= 8192 ->
  extent box <= 2147483647 -> okchain chain -> within (144115188075855872 * 3) (z sum) ->
  option_map z (OverInt.over_box columns box chain drives sum) =
    OverZ.over_box (map (map z) columns) (zbox box) (zchain chain) (map z drives) (z sum).
Proof.
  intros columns box chain drives sum Hc Hd Hn He Hch Hs.
  unfold OverInt.over_box, OverZ.over_box. assert (X := extent_nonneg box).
  destruct (z_coefficients columns drives Hc Hd Hn) as [R1 R2]. rewrite <- R1.
  destruct (OverInt.coefficients columns drives) as [qs|]; [|reflexivity].
  specialize (R2 qs eq_refl). cbn [option_map]. cbv zeta. f_equal.
  destruct (z_corner 1073741824 ltac:(lia) qs box sum (144115188075855872 * 3) R2 Hs ltac:(lia))
    as [C1 C2].
  destruct chain as [[a most]|]; [|exact C1]. destruct Hch as [Ha Hm].
  cbn [zchain option_map fst snd]. rewrite <- C1.
  apply z_best; auto. unfold within in *. lia.
Qed.

(** What a bound is computed in: a box, the units of earlier steps, how far inputs reach below 0.
    *)
Record ok_space (n : Z) (columns : list (list int)) (box : list (int * int))
    (chain : option (list int * int))
    (past : list (list (known int))) (negative : int) : Prop := {
  box_columns : columns_ok columns;
  ok_extent : extent box <= 2147483647;
  ok_chain : okchain chain;
  ok_past : Forall (Forall okk) past;
  ok_steps : Z.of_nat (length past) <= n;
  ok_negative : within 144115188075855872 (z negative)
}.

Lemma z_substitute : forall d n b r columns box chain past negative, ok_rule d n b r ->
  ok_space n columns box chain past negative ->
  forall fraction row drives, 12 <= z fraction <= 24 ->
  small 1073741824 row -> Z.of_nat (length row) <= d ->
  small 1073741824 drives -> Z.of_nat (length drives) <= 1 ->
  option_map z (OverInt.substitute r columns box chain fraction past row drives negative) =
    OverZ.substitute (zrule r) (map (map z) columns) (zbox box) (zchain chain) (z fraction) (map (map zk) past)
      (map z row) (map z drives) (z negative) /\
  forall v, OverInt.substitute r columns box chain fraction past row drives negative = Some v ->
    within 4611686018427387903 (z v).
Proof.
  intros d n b r columns box chain past negative OK [Hc He Hch Hp Hs Hn] fraction row drives Hf Hrow Hlen
      Hd Hd1.
  assert (OK' := OK). destruct OK' as [R [N1 N2] Hcut _ _ _ _ _].
  assert (D : 0 <= d) by (destruct R as (_ & R & _); lia).
  assert (NN := Nat2Z.is_nonneg (length past)).
  assert (M : Z.of_nat (length past) * (d * 562949953421312) <= 2305843009213693952) by nia.
  unfold OverInt.substitute, OverZ.substitute.
  destruct (z_back d n b r OK fraction ltac:(lia) past row drives OverInt.zero 0 Hrow Hlen Hp Hd
              ltac:(lia) ltac:(rewrite z_zero; unfold within; lia) ltac:(lia)) as [R1 R2].
  constants. rewrite <- R1.
  destruct (OverInt.back r fraction past row drives OverInt.zero) as [[drives1 k]|];
    simpl zopt; cbn iota beta; [|split; [reflexivity | discriminate]].
  destruct (R2 drives1 k eq_refl) as (S1 & S2 & S3). cbn [cut zrule].
  assert (E1 : z (PrimInt63.add (cut r) (cut r)) = z (cut r) + z (cut r))
    by (apply z_add; unfold within; lia).
  assert (E2 : z (PrimInt63.add OverInt.one (PrimInt63.add (cut r) (cut r))) =
               1 + (z (cut r) + z (cut r)))
    by (rewrite z_add, E1; constants; [reflexivity | rewrite E1; unfold within; lia]).
  assert (P : within (144115188075855872 * 3) (z negative * (1 + (z (cut r) + z (cut r)))))
    by (apply product_within; unfold within in *; lia).
  assert (E3 : z (PrimInt63.mul negative
                    (PrimInt63.add OverInt.one (PrimInt63.add (cut r) (cut r)))) =
               z negative * (1 + (z (cut r) + z (cut r))))
    by (rewrite z_mul, E2; [reflexivity | rewrite E2; unfold within in *; lia]).
  assert (E4 : z (PrimInt63.sub OverInt.zero (PrimInt63.mul negative
                    (PrimInt63.add OverInt.one (PrimInt63.add (cut r) (cut r))))) =
               0 - z negative * (1 + (z (cut r) + z (cut r))))
    by (rewrite z_sub, E3; constants; [reflexivity | rewrite E3; unfold within in *; lia]).
  assert (X := extent_nonneg box).
  assert (T1 := z_over_box columns box chain drives1 (PrimInt63.sub OverInt.zero
                  (PrimInt63.mul negative
                     (PrimInt63.add OverInt.one (PrimInt63.add (cut r) (cut r)))))
                  Hc S1 ltac:(rewrite S2, Nat2Z.inj_add; lia) He Hch
                  ltac:(rewrite E4; unfold within in *; lia)).
  rewrite E4 in T1. rewrite <- T1.
  match goal with |- context [OverInt.over_box ?a ?b ?c ?d ?e] =>
    destruct (OverInt.over_box a b c d e) as [total|] end;
    simpl option_map; cbn iota beta; [|split; [reflexivity | discriminate]].
  assert (E5 : z (PrimInt63.sub fraction OverInt.four) = z fraction - 4)
    by (rewrite z_sub; constants; [reflexivity | unfold within; lia]).
  assert (E6 : z (PrimInt63.asr total (PrimInt63.sub fraction OverInt.four)) =
               Z.shiftr (z total) (z fraction - 4))
    by (rewrite z_shr, E5; [reflexivity | lia]).
  assert (W : within 18014398509481984 (Z.shiftr (z total) (z fraction - 4))).
  { apply shiftr_within; try lia.
    assert (2 ^ 8 <= 2 ^ (z fraction - 4)) by (apply Z.pow_le_mono_r; lia).
    change (2 ^ 8) with 256 in *. assert (Z := z_range total). unfold within. lia. }
  assert (E7 : z (PrimInt63.add (PrimInt63.asr total (PrimInt63.sub fraction OverInt.four)) k) =
               Z.shiftr (z total) (z fraction - 4) + z k)
    by (rewrite z_add, E6; [reflexivity | rewrite E6; unfold within in *; lia]).
  rewrite E7. split; [reflexivity|]. intros v [= <-]. rewrite E7. unfold within in *. lia.
Qed.

Lemma z_begin_row : forall less row, 0 <= z less ->
  option_map (map z) (OverInt.begin_row less row) = OverZ.begin_row (z less) (map z row) /\
  forall row', OverInt.begin_row less row = Some row' ->
    small 1073741824 row' /\ length row' = length row.
Proof.
  intros less row Hl. induction row as [|v row [R1 R2]].
  - simpl. split; [reflexivity|]. intros row' [= <-]. split; [constructor | reflexivity].
  - cbn [OverInt.begin_row OverZ.begin_row map].
    assert (E : z (PrimInt63.asr v less) = Z.shiftr (z v) (z less)) by (apply z_shr; exact Hl).
    rewrite z_ltb, E. constants.
    destruct (Z.ltb_spec (Z.shiftr (z v) (z less)) (-1073741824)) as [L | L].
    { split; [reflexivity | discriminate]. }
    rewrite <- R1. destruct (OverInt.begin_row less row) as [rest|]; simpl;
      [|split; [reflexivity | discriminate]].
    rewrite z_min, E. constants. split; [reflexivity|]. intros row' [= <-].
    destruct (R2 rest eq_refl) as [S1 S2]. split; [|simpl; lia].
    constructor; [|exact S1]. rewrite z_min, E, min_is. constants. unfold within. lia.
Qed.

Lemma z_bound_with : forall d n b r columns box chain past negative, ok_rule d n b r ->
  ok_space n columns box chain past negative ->
  forall row drives, Z.of_nat (length row) <= d ->
  small 1073741824 drives -> Z.of_nat (length drives) <= 1 ->
  forall fractions, Forall (fun f => 12 <= z f <= 24) fractions ->
  option_map z (OverInt.bound_with fractions r columns box chain past row drives negative) =
    OverZ.bound_with (map z fractions) (zrule r) (map (map z) columns) (zbox box) (zchain chain)
      (map (map zk) past) (map z row) (map z drives) (z negative) /\
  forall v, OverInt.bound_with fractions r columns box chain past row drives negative = Some v ->
    within 4611686018427387903 (z v).
Proof.
  intros d n b r columns box chain past negative OK SP row drives Hlen Hd Hd1 fractions.
  induction fractions as [|f fractions IH]; intros HF.
  - simpl. split; [reflexivity | discriminate].
  - inversion HF as [|? ? Hf HF']; subst. cbn [OverInt.bound_with OverZ.bound_with map].
    assert (E : z (PrimInt63.sub OverInt.full f) = 24 - z f)
      by (rewrite z_sub; constants; [reflexivity | unfold within; lia]).
    change OverZ.full with 24.
    destruct (z_begin_row (PrimInt63.sub OverInt.full f) row ltac:(lia)) as [B1 B2].
    rewrite E in B1. rewrite <- B1.
    destruct (OverInt.begin_row (PrimInt63.sub OverInt.full f) row) as [row1|];
      simpl option_map; cbn iota beta; [|apply IH; assumption].
    destruct (B2 row1 eq_refl) as [C1 C2].
    set (ds := map (fun g => PrimInt63.asr g (PrimInt63.sub OverInt.full f)) drives).
    assert (D1 : map z ds = map (fun g => Z.shiftr g (24 - z f)) (map z drives)).
    { unfold ds. rewrite !map_map. apply map_ext. intros g. rewrite z_shr, E; [reflexivity |
        lia]. }
    assert (D2 : small 1073741824 ds).
    { unfold ds, small. rewrite Forall_map. apply (Forall_impl _ (P := fun x => within 1073741824
        (z x)));
        [|exact Hd]. intros g Hg. rewrite z_shr, E by lia. apply shiftr_less; [lia | exact Hg |
            lia]. }
    assert (D3 : Z.of_nat (length ds) <= 1) by (unfold ds; rewrite map_length; exact Hd1).
    destruct (z_substitute d n b r columns box chain past negative OK SP f row1 ds Hf C1
                ltac:(lia) D2 D3) as [S1 S2].
    rewrite D1 in S1. rewrite <- S1.
    destruct (OverInt.substitute r columns box chain f past row1 ds negative) as [v|];
      simpl option_map; cbn iota beta; [|apply IH; assumption].
    split; [reflexivity|]. intros v' [= <-]. apply S2. reflexivity.
Qed.

Lemma z_bound : forall d n b r columns box chain past negative, ok_rule d n b r ->
  ok_space n columns box chain past negative ->
  forall row drives, Z.of_nat (length row) <= d ->
  small 1073741824 drives -> Z.of_nat (length drives) <= 1 ->
  option_map z (OverInt.bound r columns box chain past row drives negative) =
    OverZ.bound (zrule r) (map (map z) columns) (zbox box) (zchain chain)
      (map (map zk) past) (map z row) (map z drives) (z negative) /\
  forall v, OverInt.bound r columns box chain past row drives negative = Some v ->
    within 4611686018427387903 (z v).
Proof.
  intros d n b r columns box chain past negative OK SP row drives Hlen Hd Hd1.
  apply (z_bound_with d n b r columns box chain past negative OK SP row drives Hlen Hd Hd1
           OverInt.fractions).
  repeat constructor; vm_compute; discriminate.
Qed.
