(** ** 3.4. The 63-bit integers compute what [Z] does: no number is too large *)

Module Words.

(** The integer that a primitive integer stands for. *)
Definition z (x : int) : Z := Sint63.to_Z x.

Definition within (b x : Z) : Prop := - b <= x <= b.

Lemma z_range : forall x, -4611686018427387904 <= z x <= 4611686018427387903.
Proof. intros x. exact (Sint63.to_Z_bounded x). Qed.

Lemma z_add : forall x y, within 4611686018427387903 (z x + z y) ->
  z (PrimInt63.add x y) = z x + z y.
Proof. intros x y H. apply Sint63.to_Z_add. rewrite to_Z_min, to_Z_max. change (wB / 2) with
    4611686018427387904. unfold within, z in *. lia. Qed.

Lemma z_sub : forall x y, within 4611686018427387903 (z x - z y) ->
  z (PrimInt63.sub x y) = z x - z y.
Proof. intros x y H. apply Sint63.to_Z_sub. rewrite to_Z_min, to_Z_max. change (wB / 2) with
    4611686018427387904. unfold within, z in *. lia. Qed.

Lemma z_mul : forall x y, within 4611686018427387903 (z x * z y) ->
  z (PrimInt63.mul x y) = z x * z y.
Proof. intros x y H. apply Sint63.to_Z_mul. rewrite to_Z_min, to_Z_max. change (wB / 2) with
    4611686018427387904. unfold within, z in *. lia. Qed.

Lemma z_shr : forall x y, 0 <= z y -> z (PrimInt63.asr x y) = Z.shiftr (z x) (z y).
Proof. intros x y H. rewrite Z.shiftr_div_pow2 by exact H. apply Sint63.asr_spec. Qed.

Lemma z_ltb : forall x y, PrimInt63.ltsb x y = (z x <? z y).
Proof.
  intros x y. apply eq_true_iff_eq. rewrite Z.ltb_lt. apply Sint63.ltb_spec.
Qed.

Lemma z_leb : forall x y, PrimInt63.lesb x y = (z x <=? z y).
Proof.
  intros x y. apply eq_true_iff_eq. rewrite Z.leb_le. apply Sint63.leb_spec.
Qed.

Lemma z_eqb : forall x y, PrimInt63.eqb x y = (z x =? z y).
Proof.
  intros x y. apply eq_true_iff_eq. rewrite Z.eqb_eq.
  destruct (Sint63.eqbP x y) as [E | E]; split; intros H; try assumption; try reflexivity.
  - discriminate H.
  - contradiction.
Qed.

Lemma z_div : forall x y, 0 <= z x -> 0 < z y -> z (PrimInt63.divs x y) = z x / z y.
Proof.
  intros x y Hx Hy. unfold z in *. rewrite Sint63.div_spec by (right; lia).
  apply Z.quot_div_nonneg; assumption.
Qed.

(** Constants. *)
Lemma z_zero : z OverInt.zero = 0. Proof. reflexivity. Qed.
Lemma z_one : z OverInt.one = 1. Proof. reflexivity. Qed.
Lemma z_limit : z OverInt.limit = 1073741824. Proof. reflexivity. Qed.
Lemma z_least_limit : z OverInt.least_limit = -1073741824. Proof. reflexivity. Qed.
Lemma z_wide : z OverInt.wide = 2147483647. Proof. reflexivity. Qed.
Lemma z_least_wide : z OverInt.least_wide = -2147483647. Proof. reflexivity. Qed.
Lemma z_near : z OverInt.near = 128. Proof. reflexivity. Qed.
Lemma z_least_near : z OverInt.least_near = -128. Proof. reflexivity. Qed.
Lemma z_on : z OverInt.on = 1024. Proof. reflexivity. Qed.
Lemma z_half : z OverInt.half = 512. Proof. reflexivity. Qed.
Lemma z_ten : z OverInt.ten = 10. Proof. reflexivity. Qed.
Lemma z_twenty : z OverInt.twenty = 20. Proof. reflexivity. Qed.
Lemma z_full : z OverInt.full = 24. Proof. reflexivity. Qed.
Lemma z_four : z OverInt.four = 4. Proof. reflexivity. Qed.
Lemma z_most_factor : z OverInt.most_factor = 268435456. Proof. reflexivity. Qed.

Ltac constants :=
  rewrite ?z_zero, ?z_one, ?z_limit, ?z_least_limit, ?z_wide, ?z_least_wide, ?z_near,
    ?z_least_near, ?z_on, ?z_half, ?z_ten, ?z_twenty, ?z_full, ?z_four,
    ?z_most_factor in *;
  change OverZ.zero with 0 in *; change OverZ.one with 1 in *;
  change OverZ.limit with 1073741824 in *; change OverZ.least_limit with (-1073741824) in *;
  change OverZ.wide with 2147483647 in *; change OverZ.least_wide with (-2147483647) in *;
  change OverZ.near with 128 in *; change OverZ.least_near with (-128) in *;
  change OverZ.on with 1024 in *; change OverZ.half with 512 in *;
  change OverZ.ten with 10 in *; change OverZ.twenty with 20 in *;
  change OverZ.full with 24 in *; change OverZ.four with 4 in *;
  change OverZ.most_factor with 268435456 in *.

Lemma z_min : forall x y, z (OverInt.min x y) = OverZ.min (z x) (z y).
Proof. intros. unfold OverInt.min, OverZ.min. rewrite z_leb. destruct (z x <=? z y); reflexivity.
    Qed.

Lemma z_max : forall x y, z (OverInt.max x y) = OverZ.max (z x) (z y).
Proof. intros. unfold OverInt.max, OverZ.max. rewrite z_leb. destruct (z x <=? z y); reflexivity.
    Qed.

Lemma min_is : forall x y, OverZ.min x y = Z.min x y.
Proof. intros. unfold OverZ.min. destruct (Z.leb_spec x y); lia. Qed.

Lemma max_is : forall x y, OverZ.max x y = Z.max x y.
Proof. intros. unfold OverZ.max. destruct (Z.leb_spec x y); lia. Qed.

Lemma z_too_large : forall x, OverInt.too_large x = OverZ.too_large (z x).
Proof.
  intros x. unfold OverInt.too_large, OverZ.too_large. rewrite !z_ltb. constants. reflexivity.
Qed.

Lemma too_large_within : forall x, OverZ.too_large x = false -> within 1073741824 x.
Proof.
  intros x H. unfold OverZ.too_large in H. constants. apply orb_false_elim in H.
  destruct H as [H1 H2]. apply Z.ltb_ge in H1. apply Z.ltb_ge in H2. unfold within. lia.
Qed.

(** Shifts make numbers smaller. *)
Lemma shiftr_within : forall b x k, 0 <= b -> 0 <= k -> within (b * 2 ^ k) x ->
  within b (Z.shiftr x k).
Proof.
  intros b x k Hb Hk H. assert (P := Z.pow_pos_nonneg 2 k ltac:(lia) Hk).
  rewrite Z.shiftr_div_pow2 by exact Hk. unfold within in *. split.
  - apply Z.div_le_lower_bound; lia.
  - apply Z.div_le_upper_bound; lia.
Qed.

Lemma shiftr_less : forall b x k, 0 <= k -> within b x -> 0 <= b -> within b (Z.shiftr x k).
Proof.
  intros b x k Hk H Hb. apply shiftr_within; [lia | lia |].
  assert (P := Z.pow_pos_nonneg 2 k ltac:(lia) Hk). unfold within in *. nia.
Qed.

Lemma product_within : forall a b x y, 0 <= a -> 0 <= b -> within a x -> within b y ->
  within (a * b) (x * y).
Proof. intros a b x y Ha Hb Hx Hy. unfold within in *. nia. Qed.

(** What is known of a unit stays within 31 bits. *)
Definition zk (k : known int) : known Z := let '(Known a b c) := k in Known (z a) (z b) (z c).

Definition okk (k : known int) : Prop :=
  let '(Known a b c) := k in
  within 2147483647 (z a) /\ within 2147483647 (z b) /\ 0 <= z c <= 1024.

Lemma z_relaxed : forall low up, within 2147483647 (z low) -> within 2147483647 (z up) ->
  z (OverInt.relaxed low up) = OverZ.relaxed (z low) (z up) /\
  0 <= z (OverInt.relaxed low up) <= 1024.
Proof.
  intros low up Hl Hu. unfold OverInt.relaxed, OverZ.relaxed. rewrite !z_leb, z_eqb. constants.
  destruct (Z.leb_spec (-128) (z low)) as [H | H].
  { cbn iota beta delta [orb]. constants. split; [reflexivity | lia]. }
  destruct (Z.leb_spec (z up) 128) as [H' | H']; cbn iota beta delta [orb].
  { cbn iota beta delta [orb]. constants. split; [reflexivity | lia]. }
  destruct (z low =? -2147483647).
  { cbn iota beta delta [orb]. constants. split; [reflexivity | lia]. }
  unfold within in *.
  assert (E1 : z (PrimInt63.sub up low) = z up - z low) by (apply z_sub; unfold within; lia).
  assert (E2 : z (PrimInt63.asr (PrimInt63.sub up low) OverInt.one) = Z.shiftr (z up - z low) 1)
    by (rewrite z_shr, E1; constants; [reflexivity | lia]).
  assert (E3 : z (PrimInt63.mul OverInt.on up) = 1024 * z up)
    by (rewrite z_mul; constants; [reflexivity | unfold within; lia]).
  assert (S : 0 <= Z.shiftr (z up - z low) 1 <= z up - z low).
  { rewrite Z.shiftr_div_pow2 by lia. change (2 ^ 1) with 2.
    split; [apply Z.div_pos; lia | apply Z.div_le_upper_bound; lia]. }
  assert (S2 : 2 * Z.shiftr (z up - z low) 1 <= z up - z low).
  { rewrite Z.shiftr_div_pow2 by lia. change (2 ^ 1) with 2. apply Z.mul_div_le. lia. }
  assert (E4 : z (PrimInt63.add (PrimInt63.mul OverInt.on up)
                   (PrimInt63.asr (PrimInt63.sub up low) OverInt.one))
               = 1024 * z up + Z.shiftr (z up - z low) 1)
    by (rewrite z_add, E2, E3; [reflexivity | rewrite E2, E3; unfold within; lia]).
  rewrite z_div, E1, E4; rewrite ?E1, ?E4; try lia.
  split; [reflexivity|]. split.
  - apply Z.div_pos; lia.
  - apply Z.lt_succ_r. apply Z.div_lt_upper_bound; lia.
Qed.

Lemma z_known_as : forall low up, within 2147483647 (z low) -> within 2147483647 (z up) ->
  zk (OverInt.known_as low up) = OverZ.known_as (z low) (z up) /\ okk (OverInt.known_as low up).
Proof.
  intros low up Hl Hu. unfold OverInt.known_as, OverZ.known_as. simpl.
  destruct (z_relaxed low up Hl Hu) as [E H]. rewrite E in *. auto.
Qed.

(** *** One step back *)

Fixpoint zparts (w : parts int) : parts Z :=
  match w with NoPart => NoPart | Part h l w' => Part (z h) (z l) (zparts w') end.

Fixpoint okp (b : Z) (w : parts int) : Prop :=
  match w with
  | NoPart => True
  | Part h l w' => within b (z h) /\ 0 <= z l <= 1048576 /\ okp b w'
  end.

Definition small (b : Z) (l : list int) : Prop := Forall (fun x => within b (z x)) l.

Lemma z_weigh_from : forall b row w high low H L,
  0 <= b -> 0 <= L -> small 1073741824 row -> okp b w ->
  within H (z high) -> within (L * 1048576) (z low) ->
  H + Z.of_nat (length row) * (1073741824 * b) + L + Z.of_nat (length row) * 1073741824
    <= 4611686018427387903 ->
  L * 1048576 + Z.of_nat (length row) * (1073741824 * 1048576) <= 4611686018427387903 ->
  z (OverInt.weigh_from row w high low) =
  OverZ.weigh_from (map z row) (zparts w) (z high) (z low).
Proof.
  intros b row. induction row as [|c row IH]; intros w high low H L Hb HL0 Hrow Hw Hh Hl HH HL.
  - cbn [OverInt.weigh_from OverZ.weigh_from map].
    assert (E : z (PrimInt63.asr low OverInt.twenty) = Z.shiftr (z low) 20)
      by (rewrite z_shr; constants; [reflexivity | lia]).
    assert (S : within L (Z.shiftr (z low) 20)) by (apply shiftr_within; [lia | lia | exact Hl]).
    constants. rewrite z_add, E; [reflexivity|]. rewrite E. unfold within in *. simpl in *. lia.
  - inversion Hrow as [|? ? Hc Hrow']; subst. cbn [length] in HH, HL.
    rewrite Nat2Z.inj_succ in HH, HL.
    assert (N := Nat2Z.is_nonneg (length row)).
    assert (B : 0 <= Z.of_nat (length row) * (1073741824 * b)) by nia.
    destruct w as [|h l w]; cbn [OverInt.weigh_from OverZ.weigh_from map zparts].
    + assert (E : z (PrimInt63.asr low OverInt.twenty) = Z.shiftr (z low) 20)
        by (rewrite z_shr; constants; [reflexivity | lia]).
      assert (S : within L (Z.shiftr (z low) 20)) by (apply shiftr_within; [lia | lia | exact
          Hl]).
      constants. rewrite z_add, E; [reflexivity|]. rewrite E. unfold within in *. lia.
    + destruct Hw as (Hh' & Hl' & Hw).
      assert (P1 : within (1073741824 * b) (z c * z h))
        by (apply product_within; unfold within in *; lia).
      assert (P2 : within (1073741824 * 1048576) (z c * z l))
        by (apply product_within; unfold within in *; lia).
      assert (E1 : z (PrimInt63.mul c h) = z c * z h) by (apply z_mul; unfold within in *; lia).
      assert (E2 : z (PrimInt63.mul c l) = z c * z l) by (apply z_mul; unfold within in *; lia).
      assert (E3 : z (PrimInt63.add high (PrimInt63.mul c h)) = z high + z c * z h)
        by (rewrite z_add, E1; [reflexivity | rewrite E1; unfold within in *; lia]).
      assert (E4 : z (PrimInt63.add low (PrimInt63.mul c l)) = z low + z c * z l)
        by (rewrite z_add, E2; [reflexivity | rewrite E2; unfold within in *; lia]).
      rewrite (IH w _ _ (H + 1073741824 * b) (L + 1073741824)); rewrite ?E3, ?E4; auto;
        unfold within in *; lia.
Qed.

(** Room for the sums over [d] units of weights whose high parts are up to [b]. *)
Definition room (d b : Z) : Prop :=
  0 <= b /\ 0 <= d <= 1024 /\ d * (1073741824 * b) + d * 1073741824 <= 4611686018427387903.

Lemma z_weigh : forall d b cut s row w,
  room d b -> Z.of_nat (length row) <= d -> small 1073741824 row -> okp b w ->
  0 <= z cut <= 1 -> 20 <= z s ->
  z (OverInt.weigh cut s row w) = OverZ.weigh (z cut) (z s) (map z row) (zparts w).
Proof.
  intros d b cut s row w (Hb & Hd & R) Hlen Hrow Hw Hcut Hs.
  unfold OverInt.weigh, OverZ.weigh.
  assert (N := Nat2Z.is_nonneg (length row)).
  assert (E : z (OverInt.weigh_from row w OverInt.zero OverInt.zero) =
              OverZ.weigh_from (map z row) (zparts w) 0 0).
  { assert (X := Z.mul_le_mono_nonneg_r (Z.of_nat (length row)) d (1073741824 * b + 1073741824)
                   ltac:(lia) Hlen).
    apply (z_weigh_from b row w OverInt.zero OverInt.zero 0 0); auto; try lia;
      constants; unfold within; lia. }
  constants.
  assert (W := z_range (OverInt.weigh_from row w OverInt.zero OverInt.zero)). rewrite E in W.
  assert (E2 : z (PrimInt63.asr (OverInt.weigh_from row w OverInt.zero OverInt.zero) s) =
    Z.shiftr (OverZ.weigh_from (map z row) (zparts w) 0 0) (z s)) by (rewrite z_shr, E;
        [reflexivity | lia]).
  assert (S : within 4398046511104 (Z.shiftr (OverZ.weigh_from (map z row) (zparts w) 0 0) (z
      s))).
  { apply shiftr_within; try lia.
    assert (2 ^ 20 <= 2 ^ z s) by (apply Z.pow_le_mono_r; lia).
    change (2 ^ 20) with 1048576 in *. unfold within. lia. }
  rewrite z_sub, E2; [reflexivity|]. rewrite E2. unfold within in *. lia.
Qed.

(** *** Coefficients through relu *)

Definition zopt (r : option (list int * int)) : option (list Z * Z) :=
  match r with None => None | Some (l, k) => Some (map z l, z k) end.

Lemma kept_between : forall c s, c < 0 -> 0 <= s <= 1024 -> c <= Z.shiftr (c * s) 10 <= 0.
Proof.
  intros c s Hc Hs. rewrite Z.shiftr_div_pow2 by lia. change (2 ^ 10) with 1024. split.
  - apply Z.div_le_lower_bound; nia.
  - apply Z.div_le_upper_bound; nia.
Qed.

Lemma z_relax : forall fraction row units constant B,
  12 <= z fraction -> small 1073741824 row -> Forall okk units ->
  within B (z constant) ->
  B + Z.of_nat (length row) * 562949953421312 <= 4611686018427387903 ->
  zopt (OverInt.relax fraction row units constant) =
    OverZ.relax (z fraction) (map z row) (map zk units) (z constant) /\
  forall row' constant', OverInt.relax fraction row units constant = Some (row', constant') ->
    small 1073741824 row' /\ (length row' <= length row)%nat /\
    within (B + Z.of_nat (length row) * 562949953421312) (z constant').
Proof.
  intros fraction row. induction row as [|c row IH]; intros units constant B Hf Hrow Hunits HK HB.
  - simpl. split; [reflexivity|]. intros row' constant' [= <- <-].
    split; [constructor|]. split; [simpl; lia | unfold within in *; simpl; lia].
  - inversion Hrow as [|? ? Hc Hrow']; subst. cbn [length] in *. rewrite Nat2Z.inj_succ in *.
    destruct units as [|[below above slope] units].
    { simpl. split; [reflexivity|]. intros row' constant' [= <- <-].
      split; [constructor|]. split; [simpl; lia | unfold within in *; lia]. }
    inversion Hunits as [|? ? Hk Hunits']; subst. destruct Hk as (Hb & Ha & Hs).
    cbn [OverInt.relax OverZ.relax map zk]. rewrite z_ltb. constants.
    destruct (Z.ltb_spec (z c) 0) as [Neg | Pos].
    + assert (E1 : z (PrimInt63.mul c slope) = z c * z slope)
        by (apply z_mul; unfold within in *; nia).
      assert (E2 : z (PrimInt63.asr (PrimInt63.mul c slope) OverInt.ten) =
                   Z.shiftr (z c * z slope) 10)
        by (rewrite z_shr, E1; constants; [reflexivity | lia]).
      assert (Kept := kept_between (z c) (z slope) Neg Hs).
      set (kept := PrimInt63.asr (PrimInt63.mul c slope) OverInt.ten) in *.
      set (zkept := Z.shiftr (z c * z slope) 10) in *.
      rewrite !z_eqb, E2. constants.
      destruct (negb (zkept =? z c) && (z above =? 2147483647)).
      { split; [reflexivity | discriminate]. }
      assert (E3 : z (PrimInt63.sub OverInt.zero kept) = 0 - zkept)
        by (rewrite z_sub, E2; constants; [reflexivity | rewrite E2; unfold within in *; lia]).
      assert (E4 : z (PrimInt63.sub c kept) = z c - zkept)
        by (rewrite z_sub, E2; [reflexivity | rewrite E2; unfold within in *; lia]).
      assert (E5 : z (OverInt.min below OverInt.zero) = OverZ.min (z below) 0)
        by (rewrite z_min; constants; reflexivity).
      assert (E6 : z (OverInt.max above OverInt.zero) = OverZ.max (z above) 0)
        by (rewrite z_max; constants; reflexivity).
      assert (W5 : within 2147483647 (OverZ.min (z below) 0))
        by (rewrite min_is; unfold within in *; lia).
      assert (W6 : within 2147483647 (OverZ.max (z above) 0))
        by (rewrite max_is; unfold within in *; lia).
      assert (P1 : within (1073741824 * 2147483647) ((0 - zkept) * OverZ.min (z below) 0))
        by (apply product_within; unfold within in *; lia).
      assert (P2 : within (1073741824 * 2147483647) ((z c - zkept) * OverZ.max (z above) 0))
        by (apply product_within; unfold within in *; lia).
      assert (E7 : z (PrimInt63.mul (PrimInt63.sub OverInt.zero kept) (OverInt.min below
          OverInt.zero))
                   = (0 - zkept) * OverZ.min (z below) 0)
        by (rewrite z_mul, E3, E5; [reflexivity | rewrite E3, E5; unfold within in *; lia]).
      assert (E8 : z (PrimInt63.mul (PrimInt63.sub c kept) (OverInt.max above OverInt.zero))
                   = (z c - zkept) * OverZ.max (z above) 0)
        by (rewrite z_mul, E4, E6; [reflexivity | rewrite E4, E6; unfold within in *; lia]).
      set (loss := OverInt.min (PrimInt63.mul (PrimInt63.sub OverInt.zero kept) (OverInt.min
          below OverInt.zero))
                     (PrimInt63.mul (PrimInt63.sub c kept) (OverInt.max above OverInt.zero))) in
                         *.
      assert (E9 : z loss = OverZ.min ((0 - zkept) * OverZ.min (z below) 0)
                              ((z c - zkept) * OverZ.max (z above) 0))
        by (unfold loss; rewrite z_min, E7, E8; reflexivity).
      set (zloss := OverZ.min ((0 - zkept) * OverZ.min (z below) 0)
                      ((z c - zkept) * OverZ.max (z above) 0)) in *.
      assert (W9 : within (1073741824 * 2147483647) zloss)
        by (unfold zloss; rewrite min_is; unfold within in *; lia).
      assert (E10 : z (PrimInt63.asr loss fraction) = Z.shiftr zloss (z fraction))
        by (rewrite z_shr, E9; [reflexivity | lia]).
      assert (W10 : within 562949953421312 (Z.shiftr zloss (z fraction))).
      { apply shiftr_within; try lia.
        assert (2 ^ 12 <= 2 ^ z fraction) by (apply Z.pow_le_mono_r; lia).
        change (2 ^ 12) with 4096 in *. unfold within in *. lia. }
      assert (E11 : z (PrimInt63.add constant (PrimInt63.asr loss fraction)) =
                    z constant + Z.shiftr zloss (z fraction)).
      { rewrite z_add, E10; [reflexivity|]. rewrite E10. unfold within in *. lia. }
      destruct (IH units (PrimInt63.add constant (PrimInt63.asr loss fraction))
                  (B + 562949953421312)) as [R1 R2]; auto;
        [rewrite E11; unfold within in *; lia | lia |].
      rewrite E11 in R1. rewrite <- R1.
      destruct (OverInt.relax fraction row units _) as [[rest total]|] eqn:E; simpl.
      * split; [rewrite E2; reflexivity|]. intros row' constant' [= <- <-].
        destruct (R2 rest total eq_refl) as (S1 & S2 & S3).
        split; [constructor; [rewrite E2; unfold within in *; lia | exact S1]|].
        split; [simpl; lia | unfold within in *; lia].
      * split; [reflexivity | discriminate].
    + destruct (IH units constant B) as [R1 R2]; auto; [lia|]. rewrite <- R1.
      destruct (OverInt.relax fraction row units constant) as [[rest total]|] eqn:E; simpl.
      * rewrite z_ltb. constants. split.
        { destruct (z slope <? 512); reflexivity. }
        intros row' constant' [= <- <-]. destruct (R2 rest total eq_refl) as (S1 & S2 & S3).
        split; [|split; [simpl; lia | unfold within in *; lia]].
        constructor; [|exact S1].
        destruct (z slope <? 512); [constants; unfold within; lia | exact Hc].
      * split; [reflexivity | discriminate].
Qed.
