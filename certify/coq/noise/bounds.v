(** *** Lower bounds of rows *)

Lemma bound_step : forall F fractions r columns box chain past row drives negative,
  OverZ.bound_with (F :: fractions) r columns box chain past row drives negative =
  match
    match OverZ.begin_row (24 - F) row with
    | None => None
    | Some row =>
        match OverZ.back r F past row (map (fun g => Z.shiftr g (24 - F)) drives) 0 with
        | None => None
        | Some (drives, K) =>
            match OverZ.over_box columns box chain drives (0 - negative * (1 + (cut r + cut r))) with
            | None => None
            | Some total => Some (Z.shiftr total (F - 4) + K)%Z
            end
        end
    end
  with
  | None => OverZ.bound_with fractions r columns box chain past row drives negative
  | Some v => Some v
  end.
Proof. reflexivity. Qed.

Lemma state_nonneg : forall N x t i, 0 <= state N x t i.
Proof. intros N x [|t] i; [apply Qle_refl | apply relu_nonneg]. Qed.

Section Bounds.

Variables (N : network) (r : rule Z) (x y : nat -> Q).
Hypothesis r_rounds : rounds N r.

Variables (m : list (list Z)) (box : list (Z * Z)).
Let n := length m.
Hypothesis m_square : forall row, In row m -> length row = n.
Hypothesis x_is_my : forall t, (t < n)%nat -> x t == lin (nth t m []) y.
Hypothesis box_length : length box = n.
Hypothesis y_in_box : in_box box y.
Variable chain : option (list Z * Z).
Hypothesis y_chain : chain_holds n chain y.

Let d := hidden_size N.
Let e : Q := 16 * (1 + 2 * inject_Z (cut r)).
Let columns := OverZ.transpose n m.

Lemma columns_length : length columns = n.
Proof. unfold columns, OverZ.transpose. rewrite map_length, seq_length. reflexivity. Qed.

Lemma over_inputs : forall g s total, (length g <= n)%nat ->
  OverZ.over_box columns box chain g s = Some total -> inject_Z total <= inject_Z s + lin g x.
Proof.
  intros g s total Hg H.
  apply (over_box_bound columns box chain g s total y y_in_box) in H;
    [|rewrite columns_length, box_length; reflexivity | rewrite box_length; exact y_chain].
  rewrite box_length, <- (lin_sums g n (fun t k => inject_Z (nth t (nth k columns []) 0%Z)) y) in
      H.
  rewrite (lin_ext g x (fun t => sum n (fun k => inject_Z (nth t (nth k columns []) 0%Z) * y k)));
    [exact H|].
  intros t Ht. rewrite x_is_my by lia.
  rewrite lin_sum, m_square by (apply nth_In; unfold n in *; lia).
  apply sum_ext. intros k Hk.
  enough (E : nth t (nth k columns []) 0%Z = nth k (nth t m []) 0%Z) by (rewrite E; reflexivity).
  unfold columns, OverZ.transpose.
  rewrite (nth_indep _ _ (map (fun row => nth 0 row OverZ.zero) m))
    by (rewrite map_length, seq_length; exact Hk).
  rewrite (map_nth (fun k => map (fun row => nth k row OverZ.zero) m)), seq_nth by exact Hk.
  simpl Nat.add. rewrite (nth_indep _ 0%Z (nth k [] OverZ.zero))
    by (rewrite map_length; unfold n in *; lia).
  rewrite (map_nth (fun row => nth k row OverZ.zero)). reflexivity.
Qed.

(** The coefficient [b] of an input and its rounded value, if there is one. *)
Definition drives_round (drives : list Z) (b : Q) : Prop :=
  match drives with
  | [] => b == 0
  | [g] => inject_Z g <= b * inject_Z (2 ^ 20) /\
           b * inject_Z (2 ^ 20) <= inject_Z g + (1 + 2 * inject_Z (cut r))
  | _ => False
  end.

Lemma drive_begin : forall F g b, (0 <= F <= 24)%Z ->
  inject_Z g <= b * inject_Z (2 ^ 20) ->
  b * inject_Z (2 ^ 20) <= inject_Z g + (1 + 2 * inject_Z (cut r)) ->
  let g' := 16 * inject_Z (Z.shiftr g (24 - F)) in
  g' <= b * inject_Z (2 ^ F) /\ b * inject_Z (2 ^ F) <= g' + e.
Proof.
  intros F g b HF H1 H2 g'. subst g'. unfold e.
  destruct (shift_down g (24 - F) ltac:(lia)) as [S1 S2].
  assert (EF : inject_Z (2 ^ F) * inject_Z (2 ^ (24 - F)) == 16 * inject_Z (2 ^ 20)).
  { rewrite <- inject_Z_mult, <- Z.pow_add_r by lia. replace (F + (24 - F))%Z with 24%Z by lia.
    reflexivity. }
  assert (P : 1 <= inject_Z (2 ^ (24 - F))).
  { apply (inject_le 1). assert (0 < 2 ^ (24 - F))%Z by (apply Z.pow_pos_nonneg; lia). lia. }
  assert (C := inject_le _ _ (cut_nonneg N r r_rounds)). change (inject_Z 0) with 0 in C.
  set (P' := inject_Z (2 ^ (24 - F))) in *. set (PF := inject_Z (2 ^ F)) in *.
  set (G := inject_Z (2 ^ 20)) in *. set (s := inject_Z (Z.shiftr g (24 - F))) in *.
  set (c := inject_Z (cut r)) in *. set (q := inject_Z g) in *. clearbody P' PF G s c q.
  assert (0 < P') by lra.
  assert (EB : b * PF * P' == 16 * (b * G)) by (rewrite <- Qmult_assoc, EF; ring).
  split; apply (Qmult_le_r _ _ P'); auto; rewrite EB.
  - lra.
  - assert (0 <= 2 * c * (P' - 1)) by (apply Qmult_le_0_compat; lra). lra.
Qed.

Lemma bound_below : forall past row drives negative a b v fractions,
  Forall (fun F => 12 <= F <= 24)%Z fractions ->
  all_true N x past -> length row = d ->
  (forall k, (k < d)%nat -> inject_Z (nth k row 0%Z) <= a k * inject_Z (2 ^ 24)) ->
  drives_round drives b -> (length past + length drives <= n)%nat ->
  sum (length past + length drives) (fun t => deficit (x t)) <= inject_Z negative ->
  OverZ.bound_with fractions r columns box chain past row drives negative = Some v ->
  inject_Z v <= sum d (fun k => a k * state N x (length past) k) + b * x (length past).
Proof.
  intros past row drives negative a b v fractions HF Hpast Hlen Ha Hb Hn Hnegative.
  induction fractions as [|F fractions IH]; intros H; [discriminate|].
  inversion HF as [|? ? HF1 HF2]; subst. rewrite bound_step in H.
  destruct (OverZ.begin_row (24 - F) row) as [c|] eqn:B; [|exact (IH HF2 H)].
  destruct (OverZ.back r F past c _ 0) as [[all K]|] eqn:BB; [|exact (IH HF2 H)].
  destruct (OverZ.over_box columns box chain all _) as [total|] eqn:OB; [|exact (IH HF2 H)].
  clear IH. injection H as <-.
  destruct (begin_bounds (24 - F)%Z row c ltac:(lia) B) as (B1 & B2 & B3).
  destruct (back_bounds N r x r_rounds F ltac:(lia) past c _ 0 all K Hpast B1
    ltac:(rewrite B2; exact Hlen) BB) as (g & -> & Lg & G).
  apply over_inputs in OB; [|rewrite app_length, map_length, Lg; exact Hn].
  rewrite lin_app, Lg in OB. rewrite Z.sub_0_r in G. fold e in G.
  destruct (shift_down total (F - 4) ltac:(lia)) as [S1 _].
  assert (EF : inject_Z (2 ^ F) == 16 * inject_Z (2 ^ (F - 4))).
  { change 16 with (inject_Z (2 ^ 4)). rewrite <- inject_Z_mult, <- Z.pow_add_r by lia.
    replace (4 + (F - 4))%Z with F by lia. reflexivity. }
  assert (PF : 0 < inject_Z (2 ^ F)) by (apply (inject_lt 0); apply Z.pow_pos_nonneg; lia).
  set (t := length past) in *.
  assert (L : lin c (state N x t) <= inject_Z (2 ^ F) * sum d (fun k => a k * state N x t k)).
  { rewrite <- sum_scale. rewrite (sum_ext d _ (fun k => (a k * inject_Z (2 ^ F)) * state N x t
      k))
      by (intros; ring).
    apply lin_lower; [rewrite B2; exact Hlen | |].
    - intros j _. apply state_nonneg.
    - intros k Hk. specialize (Ha k Hk). specialize (B3 k).
      assert (P : 0 < inject_Z (2 ^ (24 - F))) by (apply (inject_lt 0); apply Z.pow_pos_nonneg;
          lia).
      apply (Qmult_le_r _ _ _ P).
      setoid_replace (a k * inject_Z (2 ^ F) * inject_Z (2 ^ (24 - F))) with (a k * inject_Z (2 ^
          24)).
      { lra. }
      rewrite <- Qmult_assoc, <- inject_Z_mult, <- Z.pow_add_r by lia.
      replace (F + (24 - F))%Z with 24%Z by lia. reflexivity. }
  set (S := sum d (fun k => a k * state N x t k)) in *.
  assert (D : 16 * lin (map (fun g => Z.shiftr g (24 - F)) drives) (fun i => x (t + i)%nat)
              - e * (sum (t + length drives) (fun t => deficit (x t)) - sum t (fun t => deficit (x
                  t)))
              <= b * inject_Z (2 ^ F) * x t).
  { destruct drives as [|h [|h' drives]]; simpl in Hb.
    - simpl lin. simpl length. rewrite Nat.add_0_r, Hb. lra.
    - destruct Hb as [Hb1 Hb2]. simpl length. rewrite Nat.add_1_r. cbn [map]. rewrite lin_one,
        Nat.add_0_r.
      destruct (drive_begin F h b ltac:(lia) Hb1 Hb2) as [D1 D2].
      change (sum (Datatypes.S t) (fun t => deficit (x t)))
        with (sum t (fun t => deficit (x t)) + deficit (x t)).
      assert (D3 := deficit_bound _ _ _ (x t) D1 D2). lra.
    - contradiction. }
  set (X := lin (map _ drives) _) in *. set (m1 := sum (t + length drives) _) in *.
  set (m0 := sum t (fun t => deficit (x t))) in *.
  rewrite inject_sub, inject_Z_mult, !inject_Z_plus in OB.
  change (inject_Z 0) with 0 in OB. change (inject_Z 1) with 1 in OB.
  assert (C := inject_le _ _ (cut_nonneg N r r_rounds)). change (inject_Z 0) with 0 in C.
  assert (E : e * m1 <= e * inject_Z negative).
  { apply Qmult_le_l; [unfold e; lra | exact Hnegative]. }
  assert (V : inject_Z (Z.shiftr total (F - 4)) * inject_Z (2 ^ F) <= 16 * inject_Z total).
  { rewrite EF. lra. }
  unfold e in *. apply (Qmult_le_r _ _ _ PF). rewrite inject_Z_plus. lra.
Qed.

End Bounds.
