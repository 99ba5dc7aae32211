(** *** What is known of units, and a step through relu *)

Notation WIDE := 2147483647%Z.
Notation LIMIT := 1073741824%Z.

Lemma min_Z : forall a b, OverZ.min a b = Z.min a b.
Proof. intros. unfold OverZ.min. destruct (Z.leb_spec a b); lia. Qed.

Lemma max_Z : forall a b, OverZ.max a b = Z.max a b.
Proof. intros. unfold OverZ.max. destruct (Z.leb_spec a b); lia. Qed.

Lemma inject_min : forall a b, Qmin (inject_Z a) (inject_Z b) = inject_Z (Z.min a b).
Proof.
  intros. unfold Qmin, GenericMinMax.gmin, Z.min, Qcompare. simpl. rewrite !Z.mul_1_r.
  destruct (a ?= b)%Z; reflexivity.
Qed.

Lemma inject_max : forall a b, Qmax (inject_Z a) (inject_Z b) = inject_Z (Z.max a b).
Proof.
  intros. unfold Qmax, GenericMinMax.gmax, Z.max, Qcompare. simpl. rewrite !Z.mul_1_r.
  destruct (a ?= b)%Z; reflexivity.
Qed.

(** A shift is the quotient, rounded down. *)
Lemma shift_down : forall a b, (0 <= b)%Z ->
  inject_Z (Z.shiftr a b) * inject_Z (2 ^ b) <= inject_Z a /\
  inject_Z a + 1 <= (inject_Z (Z.shiftr a b) + 1) * inject_Z (2 ^ b).
Proof.
  intros a b Hb. rewrite Z.shiftr_div_pow2 by exact Hb.
  assert (P : (0 < 2 ^ b)%Z) by (apply Z.pow_pos_nonneg; lia).
  assert (E := Z.div_mod a (2 ^ b) ltac:(lia)). assert (M := Z.mod_pos_bound a (2 ^ b) P).
  change 1 with (inject_Z 1). rewrite <- !inject_Z_plus, <- !inject_Z_mult, <- !Zle_Qle. nia.
Qed.

(** [k] is true of the pre-activation [z]. *)
Definition knows (k : known Z) (z : Q) : Prop :=
  let '(Known b a s) := k in
  (- WIDE <= b <= a /\ a <= WIDE /\ 0 <= s <= 1024 /\ (b = - WIDE -> s = 0))%Z /\
  (b = (- WIDE)%Z \/ inject_Z b <= z) /\ (a = WIDE \/ z <= inject_Z a).

Lemma knows_as : forall b a z, (- WIDE <= b <= a)%Z -> (a <= WIDE)%Z ->
  (b = (- WIDE)%Z \/ inject_Z b <= z) -> (a = WIDE \/ z <= inject_Z a) ->
  knows (OverZ.known_as b a) z.
Proof.
  intros b a z H H' Hb Ha. unfold OverZ.known_as, OverZ.relaxed.
  change OverZ.least_near with (-128)%Z. change OverZ.near with 128%Z.
  change OverZ.least_wide with (- WIDE)%Z. change OverZ.on with 1024%Z.
  change OverZ.zero with 0%Z. change OverZ.one with 1%Z.
  split; [|auto]. destruct (Z.leb_spec (-128) b); [lia|].
  destruct (Z.leb_spec a 128), (Z.eqb_spec b (- WIDE)); simpl orb; cbn iota; try lia.
  rewrite Z.shiftr_div_pow2 by lia. change (2 ^ 1)%Z with 2%Z.
  assert (E := Z.div_mod (a - b) 2 ltac:(lia)). assert (M := Z.mod_pos_bound (a - b) 2
      ltac:(lia)).
  repeat split; try lia.
  - apply Z.div_pos; lia.
  - apply Z.lt_succ_r. apply Z.div_lt_upper_bound; lia.
Qed.

Definition small (c : Z) : Prop := (- LIMIT <= c <= LIMIT)%Z.

Definition all_known (units : list (known Z)) (z : nat -> Q) : Prop :=
  forall i k, nth_error units i = Some k -> knows k (z i).

Lemma relax_bounds : forall F, (0 <= F)%Z -> forall row units K0 rest K z,
  Forall small row -> length units = length row -> all_known units z ->
  OverZ.relax F row units K0 = Some (rest, K) ->
  Forall small rest /\ length rest = length row /\
  lin rest z + inject_Z (K - K0) * inject_Z (2 ^ F) <= lin row (fun i => relu (z i)).
Proof.
  intros F HF row. induction row as [|c row IH]; intros units K0 rest K z Hrow Hlen Hz H.
  - simpl in H. injection H as <- <-. repeat split; auto. rewrite Z.sub_diag. simpl lin.
    change (inject_Z 0) with 0. lra.
  - destruct units as [|[b a s] units]; [discriminate|]. injection Hlen as Hlen.
    inversion Hrow as [|? ? Hc Hrow']; subst. cbn [OverZ.relax] in H.
    change OverZ.zero with 0%Z in H. change OverZ.ten with 10%Z in H.
    change OverZ.wide with WIDE in H. change OverZ.half with 512%Z in H.
    rewrite !min_Z, max_Z, Z.sub_0_l in H.
    assert (K1 := Hz O _ eq_refl). destruct K1 as ((K1 & K2 & K3 & K4) & K5 & K6).
    assert (Hz' : all_known units (fun i => z (S i))) by exact (fun i => Hz (S i)).
    destruct (Z.ltb_spec c 0) as [Hneg | Hpos].
    + set (kept := Z.shiftr (c * s) 10) in *.
      destruct (negb (kept =? c) && (a =? WIDE))%Z eqn:E; [discriminate|].
      set (loss := Z.min (- kept * Z.min b 0) ((c - kept) * Z.max a 0)) in *.
      destruct (OverZ.relax F row units _) as [[rest' K']|] eqn:R; [|discriminate].
      injection H as <- <-. destruct (IH _ _ _ _ _ Hrow' Hlen Hz' R) as (I1 & I2 & I3).
      assert (Hkept : (c <= kept <= 0)%Z).
      { unfold kept. rewrite Z.shiftr_div_pow2 by lia. change (2 ^ 10)%Z with 1024%Z. split.
        - apply Z.div_le_lower_bound; nia.
        - apply Z.lt_succ_r. apply Z.div_lt_upper_bound; nia. }
      split; [|split].
      * constructor; [|exact I1]. unfold small in *. lia.
      * simpl. f_equal. exact I2.
      * simpl lin. destruct (shift_down loss F HF) as [S1 _].
        assert (S2 : inject_Z kept * z O + inject_Z loss <= inject_Z c * relu (z O)).
        { apply (relu_concave _ _ _ (inject_Z b) (inject_Z a)).
          - apply inject_le. lia.
          - apply (inject_le _ 0). lia.
          - destruct K5 as [K5|K5]; [left|right; exact K5].
            unfold kept. rewrite (K4 K5), Z.mul_0_r. reflexivity.
          - destruct K6 as [K6|K6]; [left|right; exact K6]. rewrite K6 in E.
            destruct (Z.eqb_spec kept c) as [E'|]; [rewrite E'; reflexivity|discriminate].
          - change 0 with (inject_Z 0). rewrite inject_min, <- inject_Z_opp, <- inject_Z_mult.
            apply inject_le. unfold loss. lia.
          - change 0 with (inject_Z 0). rewrite inject_max, <- inject_sub, <- inject_Z_mult.
            apply inject_le. unfold loss. lia. }
        rewrite !inject_sub, !inject_Z_plus in *. lra.
    + destruct (OverZ.relax F row units _) as [[rest' K']|] eqn:R; [|discriminate].
      injection H as <- <-. destruct (IH _ _ _ _ _ Hrow' Hlen Hz' R) as (I1 & I2 & I3).
      split; [|split].
      * constructor; [|exact I1]. unfold small in *. destruct (s <? 512)%Z; lia.
      * simpl. f_equal. exact I2.
      * simpl lin. assert (R0 := relu_nonneg (z O)). assert (R1 := relu_above (z O)).
        apply (inject_le 0) in Hpos. destruct (s <? 512)%Z.
        -- change (inject_Z 0) with 0 in *. nra.
        -- change (inject_Z 0) with 0 in *. nra.
Qed.
