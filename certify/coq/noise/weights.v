(** *** The rule that belongs to a network rounds its weights *)

(** [w 2^(b - s)] as an integer, rounded down, and by how much. *)
Lemma shiftl_rounds : forall w b s, (0 <= b)%Z -> (0 <= s)%Z ->
  (Z.shiftl w (b - s) * 2 ^ s <= w * 2 ^ b < (Z.shiftl w (b - s) + 1) * 2 ^ s)%Z /\
  (inexact (b - s) w = false -> w * 2 ^ b = Z.shiftl w (b - s) * 2 ^ s)%Z.
Proof.
  intros w b s Hb Hs. unfold inexact.
  assert (P : (0 < 2 ^ s)%Z) by (apply Z.pow_pos_nonneg; lia).
  destruct (Z.le_gt_cases s b) as [H | H].
  - rewrite (Z.shiftl_mul_pow2 w) by lia.
    assert (E : (w * 2 ^ b = w * 2 ^ (b - s) * 2 ^ s)%Z).
    { rewrite <- Z.mul_assoc, <- Z.pow_add_r by lia. f_equal. f_equal. lia. }
    rewrite E. split; [nia | reflexivity].
  - assert (E : (Z.shiftl w (b - s) = w / 2 ^ (s - b))%Z).
    { replace (b - s)%Z with (- (s - b))%Z by lia. rewrite Z.shiftl_opp_r.
      apply Z.shiftr_div_pow2. lia. }
    assert (P' : (0 < 2 ^ (s - b))%Z) by (apply Z.pow_pos_nonneg; lia).
    assert (Pb : (0 < 2 ^ b)%Z) by (apply Z.pow_pos_nonneg; lia).
    assert (E' : (2 ^ s = 2 ^ (s - b) * 2 ^ b)%Z).
    { rewrite <- Z.pow_add_r by lia. f_equal. lia. }
    assert (D := Z.div_mod w (2 ^ (s - b)) ltac:(lia)).
    assert (M := Z.mod_pos_bound w (2 ^ (s - b)) P'). rewrite E.
    split; [rewrite E'; nia|]. intros I. apply negb_false_iff, Z.eqb_eq in I.
    rewrite Z.shiftl_mul_pow2 in I by lia. replace (- (b - s))%Z with (s - b)%Z in I by lia.
    rewrite E', <- I at 1. ring.
Qed.

(** The same for the quotient [w / 2^s]. *)
Lemma shiftl_below : forall w b s q, (0 <= b)%Z -> (0 <= s)%Z -> q * inject_Z (2 ^ s) == inject_Z
    w
    ->
  inject_Z (Z.shiftl w (b - s)) <= q * inject_Z (2 ^ b).
Proof.
  intros w b s q Hb Hs Hq. destruct (shiftl_rounds w b s Hb Hs) as [[H _] _].
  assert (P : 0 < inject_Z (2 ^ s)) by (apply (inject_lt 0), Z.pow_pos_nonneg; lia).
  apply (Qmult_le_r _ _ _ P). apply inject_le in H. rewrite !inject_Z_mult, <- Hq in H.
  apply (Qle_trans _ _ _ H). lra.
Qed.

Lemma shiftl_above : forall w b s q c, (0 <= b)%Z -> (0 <= s)%Z -> q * inject_Z (2 ^ s) ==
    inject_Z
    w ->
  (0 <= c)%Z -> (inexact (b - s) w = true -> (1 <= c)%Z) ->
  q * inject_Z (2 ^ b) <= inject_Z (Z.shiftl w (b - s)) + inject_Z c.
Proof.
  intros w b s q c Hb Hs Hq Hc Hi. destruct (shiftl_rounds w b s Hb Hs) as [[_ H] H'].
  assert (P : (0 < 2 ^ s)%Z) by (apply Z.pow_pos_nonneg; lia).
  assert (H1 : (w * 2 ^ b <= (Z.shiftl w (b - s) + c) * 2 ^ s)%Z).
  { destruct (inexact (b - s) w); [specialize (Hi eq_refl); nia|].
    rewrite (H' eq_refl). nia. }
  assert (P' : 0 < inject_Z (2 ^ s)) by (apply (inject_lt 0); exact P).
  apply (Qmult_le_r _ _ _ P'). apply inject_le in H1.
  rewrite !inject_Z_mult, inject_Z_plus, <- Hq in H1. lra.
Qed.

Lemma first_coefficient : forall v w, inject_Z v <= w * inject_Z (2 ^ 40) ->
  inject_Z (Z.shiftr v 16) <= w * inject_Z (2 ^ 24).
Proof.
  intros v w H. destruct (shift_down v 16 ltac:(lia)) as [S _].
  change (inject_Z (2 ^ 40)) with (1099511627776 # 1) in H.
  change (inject_Z (2 ^ 16)) with (65536 # 1) in S.
  change (inject_Z (2 ^ 24)) with (16777216 # 1). lra.
Qed.

Lemma first_drive : forall r v u, (0 <= cut r)%Z -> inject_Z v <= u * inject_Z (2 ^ 40) ->
  u * inject_Z (2 ^ 40) <= inject_Z v + inject_Z (cut r) -> drives_round r [Z.shiftr v 20] u.
Proof.
  intros r v u Hc H H'. destruct (shift_down v 20 ltac:(lia)) as [S1 S2].
  apply (inject_le 0) in Hc. change (inject_Z 0) with 0 in Hc. unfold drives_round.
  change (inject_Z (2 ^ 40)) with (1099511627776 # 1) in H, H'.
  change (inject_Z (2 ^ 20)) with (1048576 # 1) in *. lra.
Qed.

Lemma nth_error_lt : forall (T : Type) (l : list T) i v, nth_error l i = Some v -> (i < length
    l)%nat.
Proof. intros T l i v H. apply nth_error_Some. rewrite H. discriminate. Qed.

Lemma transpose_nth : forall d m j v, nth_error (OverZ.transpose d m) j = Some v ->
  (j < d)%nat /\ forall i, nth i v 0%Z = nth j (nth i m []) 0%Z.
Proof.
  intros d m j v H. unfold OverZ.transpose in H. change OverZ.zero with 0%Z in H.
  assert (L : (j < d)%nat).
  { apply nth_error_lt in H. rewrite map_length, seq_length in H. exact H. }
  split; [exact L|]. intros i.
  rewrite nth_error_map in H.
  rewrite (nth_error_nth' (seq 0 d) O) in H by (rewrite seq_length; exact L).
  simpl in H. rewrite seq_nth in H by exact L. injection H as <-.
  transitivity (nth i (map (fun row => nth j row 0%Z) m) (nth j [] 0%Z)); [destruct j;
      reflexivity|].
  apply (map_nth (fun row => nth j row 0%Z)).
Qed.

Lemma bits_nonneg : forall l, (0 <= bits l)%Z.
Proof.
  intros l. unfold bits. destruct (_ =? 0)%Z; [lia|].
  assert (H := Z.log2_nonneg (fold_right Z.max 0 (map Z.abs l))%Z). lia.
Qed.

Lemma power_pos : forall b, (0 <= b)%Z -> Zpos (Z.to_pos (2 ^ b)) = (2 ^ b)%Z.
Proof. intros b H. apply Z2Pos.id. apply Z.pow_pos_nonneg; lia. Qed.

Lemma over_power : forall w p b, (0 <= b)%Z -> Zpos p = (2 ^ b)%Z ->
  (w # p) * inject_Z (2 ^ b) == inject_Z w.
Proof. intros w p b H E. rewrite <- E. unfold Qeq. simpl. lia. Qed.

Section Weights.

Variables (d n : nat) (scale : positive) (shift : Z) (ih : list Z) (hh margin_rows : list (list
    Z)).
Hypothesis shift_nonneg : (0 <= shift)%Z.
Hypothesis scale_power : (2 ^ shift = Zpos scale)%Z.
Hypothesis ih_length : length ih = d.
Hypothesis hh_length : length hh = d.
Hypothesis hh_square : forall row, In row hh -> length row = d.
Hypothesis d_few : (d <= 1024)%nat.

(** The network with input weights over [2^(bits ih)]. *)
Definition normal : network :=
  {| hidden_size := d;
     seq_len := n;
     W_ih := fun i => nth i ih 0%Z # Z.to_pos (2 ^ bits ih);
     W_hh := fun i k => nth k (nth i hh []) 0%Z # scale;
     W_out := fun _ _ => 0 |}.

Let r := rule_of d shift ih hh margin_rows.

Lemma cut_cases : (cut r = 0 \/ cut r = 1)%Z.
Proof. unfold r, rule_of. simpl. destruct (_ || _); auto. Qed.

Lemma ih_cut : forall i, inexact (40 - bits ih) (nth i ih 0%Z) = true -> (1 <= cut r)%Z.
Proof.
  intros i H. unfold r, rule_of. cbn [cut].
  enough (E : existsb (inexact (40 - bits ih)) ih = true) by (rewrite E; simpl; lia).
  apply existsb_exists. exists (nth i ih 0%Z). split; [|exact H].
  destruct (Nat.lt_ge_cases i (length ih)) as [L | L]; [apply nth_In; exact L|].
  rewrite nth_overflow in H by exact L. unfold inexact in H.
  rewrite !Z.shiftl_0_l in H. discriminate.
Qed.

Lemma hh_cut : forall i k, inexact (40 - shift) (nth k (nth i hh []) 0%Z) = true -> (1 <= cut
    r)%Z.
Proof.
  intros i k H. unfold r, rule_of. cbn [cut].
  enough (E : existsb (inexact (40 - shift)) (concat hh) = true)
    by (rewrite E, orb_true_r; simpl; lia).
  apply existsb_exists. exists (nth k (nth i hh []) 0%Z). split; [|exact H].
  assert (Z0 : nth k (nth i hh []) 0%Z <> 0%Z).
  { intros E. rewrite E in H. unfold inexact in H. rewrite !Z.shiftl_0_l in H. discriminate. }
  apply in_concat. exists (nth i hh []).
  destruct (Nat.lt_ge_cases i (length hh)) as [L | L];
    [|rewrite (nth_overflow hh) in Z0 by exact L; destruct k; contradiction].
  split; [apply nth_In; exact L|].
  destruct (Nat.lt_ge_cases k (length (nth i hh []))) as [L' | L'];
    [apply nth_In; exact L' | rewrite nth_overflow in Z0 by exact L'; contradiction].
Qed.

Definition scaled_ih : list Z := map (fun v => Z.shiftl v (40 - bits ih)) ih.
Definition scaled_hh : list (list Z) := map (map (fun v => Z.shiftl v (40 - shift))) hh.

Lemma scaled_nth : forall b l i, nth i (map (fun v => Z.shiftl v b) l) 0%Z = Z.shiftl (nth i l
    0%Z)
    b.
Proof.
  intros b l i. rewrite <- (Z.shiftl_0_l b) at 1.
  apply (map_nth (fun v => Z.shiftl v b)).
Qed.

Lemma scaled_hh_nth : forall i k,
  nth k (nth i scaled_hh []) 0%Z = Z.shiftl (nth k (nth i hh []) 0%Z) (40 - shift).
Proof.
  intros i k. unfold scaled_hh. change (@nil Z) with (map (fun v => Z.shiftl v (40 - shift)) [])
      at
      1.
  rewrite map_nth. apply scaled_nth.
Qed.

Lemma ih_bounds : forall i, let v := nth i scaled_ih 0%Z in
  inject_Z v <= W_ih normal i * inject_Z (2 ^ 40) /\
  W_ih normal i * inject_Z (2 ^ 40) <= inject_Z v + inject_Z (cut r).
Proof.
  intros i v. subst v. unfold scaled_ih. rewrite scaled_nth. assert (B := bits_nonneg ih).
  assert (E := over_power (nth i ih 0%Z) _ (bits ih) B (power_pos _ B)). split.
  - apply shiftl_below; [lia | exact B | exact E].
  - apply shiftl_above; [lia | exact B | exact E | destruct cut_cases; lia | apply ih_cut].
Qed.

Lemma hh_bounds : forall i k, let v := nth k (nth i scaled_hh []) 0%Z in
  inject_Z v <= W_hh normal i k * inject_Z (2 ^ 40) /\
  W_hh normal i k * inject_Z (2 ^ 40) <= inject_Z v + inject_Z (cut r).
Proof.
  intros i k v. subst v. rewrite scaled_hh_nth.
  assert (E := over_power (nth k (nth i hh []) 0%Z) scale shift shift_nonneg (eq_sym
      scale_power)).
  split.
  - apply shiftl_below; [lia | exact shift_nonneg | exact E].
  - apply shiftl_above; [lia | exact shift_nonneg | exact E | destruct cut_cases;
      lia | apply hh_cut].
Qed.

Lemma rule_rounds : rounds normal r.
Proof.
  constructor.
  - destruct cut_cases; lia.
  - exact d_few.
  - exists (OverZ.transpose d scaled_hh). split; [reflexivity|]. split.
    + unfold OverZ.transpose. rewrite map_length. apply seq_length.
    + intros j v H i _. destruct (transpose_nth d scaled_hh j v H) as [_ E]. rewrite E.
      apply hh_bounds.
  - exists scaled_ih. split; [reflexivity|]. intros i _. apply ih_bounds.
Qed.

Definition pre_of (c : Z) (weights : Z * list Z) : pre Z :=
  let '(v, row) := weights in
  Pre (map (fun w => Z.shiftr w 16) row) (Z.shiftr v 20)
    (map (fun w => Z.shiftr (- w - c) 16) row) (Z.shiftr (- v - c) 20).

Lemma pres_eq : pres r = map (pre_of (cut r)) (combine scaled_ih scaled_hh).
Proof. reflexivity. Qed.

Lemma rule_pres : pres_round normal r.
Proof.
  split.
  - rewrite pres_eq, map_length, combine_length. unfold scaled_ih, scaled_hh.
    rewrite !map_length. simpl hidden_size. lia.
  - intros i p H. rewrite pres_eq, nth_error_map in H.
    destruct (nth_error (combine _ _) i) as [[v row]|] eqn:E; [|discriminate].
    assert (L : (i < d)%nat).
    { apply nth_error_lt in E. rewrite combine_length in E. unfold scaled_ih in E.
      rewrite map_length in E. lia. }
    assert (Ls : length scaled_ih = length scaled_hh).
    { unfold scaled_ih, scaled_hh. rewrite !map_length. congruence. }
    apply (nth_error_nth _ _ (0%Z, [])) in E. rewrite combine_nth in E by exact Ls.
    injection E as Ev Erow.
    change (Some (pre_of (cut r) (v, row)) = Some p) in H.
    assert (Hp : p = pre_of (cut r) (v, row)) by congruence. subst p. clear H.
    assert (Lrow : length row = d).
    { rewrite <- Erow. unfold scaled_hh.
      change (@nil Z) with (map (fun v => Z.shiftl v (40 - shift)) []). rewrite map_nth,
          map_length.
      apply hh_square, nth_In. lia. }
    destruct (ih_bounds i) as [I1 I2]. rewrite Ev in I1, I2.
    assert (C : (0 <= cut r)%Z) by (destruct cut_cases; lia).
    unfold pre_rounds, pre_of. rewrite !map_length. change (hidden_size normal) with d.
    split; [exact Lrow|]. split; [exact Lrow|].
    split; [|split; [|split]].
    + intros k Hk. rewrite <- (Z.shiftr_0_l 16) at 1.
      rewrite (map_nth (fun w => Z.shiftr w 16)). apply first_coefficient.
      destruct (hh_bounds i k) as [H1 H2]. rewrite Erow in H1. exact H1.
    + intros k Hk. rewrite (nth_indep _ _ (Z.shiftr (- 0 - cut r) 16)) by (rewrite map_length;
        lia).
      rewrite (map_nth (fun w => Z.shiftr (- w - cut r) 16)). apply first_coefficient.
      destruct (hh_bounds i k) as [H1 H2]. rewrite Erow in H2.
      rewrite inject_sub, inject_Z_opp. lra.
    + apply first_drive; auto.
    + apply first_drive; auto; rewrite inject_sub, inject_Z_opp; lra.
Qed.

(** A row's first coefficients. *)
Lemma rule_rows : forall row, In row margin_rows ->
  exists row', In row' (rows r) /\ length row' = length row /\
  forall k, inject_Z (nth k row' 0%Z) <=
    (nth k row 0%Z # Z.to_pos (2 ^ bits (concat margin_rows))) * inject_Z (2 ^ 24).
Proof.
  intros row H. exists (map (fun v => Z.shiftl v (24 - bits (concat margin_rows))) row).
  split; [|split; [apply map_length|]].
  - apply (in_map (map (fun v => Z.shiftl v (24 - bits (concat margin_rows))))). exact H.
  - intros k. clear ih_length hh_length d_few hh_square shift_nonneg scale_power.
    rewrite scaled_nth. assert (B := bits_nonneg (concat margin_rows)).
    apply shiftl_below; [lia | exact B|]. apply over_power; [exact B|]. apply power_pos. exact B.
Qed.

End Weights.
