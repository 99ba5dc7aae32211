(** *** When the checker over [Z] says true, the claim holds *)

Lemma relu_scale : forall k u, 0 <= k -> relu (k * u) == k * relu u.
Proof.
  intros k u Hk. destruct (Qlt_le_dec u 0) as [H | H].
  - rewrite !relu_neg; [ring | lra | nra].
  - rewrite !relu_pos; [reflexivity | lra | nra].
Qed.

(** What comes in [k] times as large makes states [k] times as large. *)
Lemma state_scale : forall N N' x x' k, 0 <= k -> hidden_size N' = hidden_size N ->
  (forall i j, W_hh N' i j == W_hh N i j) ->
  forall t, (forall i s, (s < t)%nat -> W_ih N' i * x' s == k * (W_ih N i * x s)) ->
  forall i, state N' x' t i == k * state N x t i.
Proof.
  intros N N' x x' k Hk Hd Hhh t. induction t as [|t IH]; intros Hih i; [simpl; ring|].
  change (relu (preact N' x' t i) == k * relu (preact N x t i)).
  rewrite <- relu_scale by exact Hk. apply relu_mor. unfold preact.
  rewrite Hih by lia. rewrite Hd.
  rewrite (sum_ext _ _ (fun j => k * (W_hh N i j * state N x t j))).
  - rewrite sum_scale. ring.
  - intros j _. rewrite Hhh, IH by (intros; apply Hih; lia). ring.
Qed.

Lemma down_below : forall q, inject_Z (down q) <= q * 16777216.
Proof.
  intros [a b]. unfold down, Qle. simpl. rewrite Z.mul_1_r, Pos.mul_1_r.
  rewrite Z.mul_comm. apply Z.mul_div_le. lia.
Qed.

Lemma up_above : forall q, q * 16777216 <= inject_Z (up q).
Proof.
  intros [a b]. unfold up, Qle. simpl. rewrite Z.mul_1_r, Pos.mul_1_r.
  assert (H := Z.mul_div_le (- a * 16777216) (Zpos b) ltac:(lia)).
  change (Qnum (a # b)) with a. lia.
Qed.

Section Soundness.

Variables (d n : nat) (scale : positive) (ih : list Z) (hh out : list (list Z)).

Let N := network_of_tables d n scale ih hh out.

Lemma margin_row : forall s j f, length out = n -> (forall row, In row out -> length row = d) ->
  (s < n)%nat -> (j < n)%nat -> j <> s ->
  exists row, In row (margins out s) /\ length row = d /\
  forall B C, sum d (fun k => (nth k row 0%Z # B) * (C * f k)) ==
    C * (Zpos scale # B) * (sum d (fun k => W_out N s k * f k) - sum d (fun k => W_out N j k * f
        k)).
Proof.
  intros s j f Hout Hrows Hs Hj Hjs.
  assert (Ls : length (nth s out []) = d) by (apply Hrows, nth_In; lia).
  assert (Lj : length (nth j out []) = d) by (apply Hrows, nth_In; lia).
  exists (OverZ.zip Z.sub (nth s out []) (nth j out [])). split; [|split].
  - unfold margins. apply (in_map (fun j => OverZ.zip Z.sub (nth s out []) (nth j out []))).
    apply filter_In. split; [apply in_seq; lia|]. apply negb_true_iff, Nat.eqb_neq. exact Hjs.
  - rewrite zip_length; congruence.
  - intros B C. rewrite (sum_ext d _ (fun k => C * (Zpos scale # B) * (W_out N s k * f k)
      + - (C * (Zpos scale # B)) * (W_out N j k * f k))).
    + rewrite sum_plus, !sum_scale. ring.
    + intros k Hk.
      assert (E : nth k (OverZ.zip Z.sub (nth s out []) (nth j out [])) 0%Z
                  = (nth k (nth s out []) 0 - nth k (nth j out []) 0)%Z).
      { clear -Ls Lj Hk. revert k Hk. rewrite <- Ls, <- Lj in *. clear Ls.
        revert Lj. generalize (nth s out []) as u, (nth j out []) as v. clear.
        induction u as [|a u IH]; intros [|b v] L k Hk; try discriminate; simpl in Hk; [lia|].
        destruct k as [|k]; [reflexivity|]. simpl. apply IH; simpl in *; lia. }
      rewrite E. simpl W_out. rewrite !(Qmake_Qdiv _ scale), !(Qmake_Qdiv _ B), inject_sub.
      field. split; unfold Qeq; simpl; lia.
Qed.

Lemma x_in_goal : forall m s lo hi noise wanted c M x, (m < n)%nat -> (s < n)%nat -> m <> s ->
  c * M == 16777216 -> 0 <= c -> noisy_impulses n m s lo hi noise M x ->
  let g := goal_of n m s lo hi noise wanted in
  forall t, (t < n)%nat ->
  inject_Z (nth t (least g) 0%Z) <= c * x t /\ c * x t <= inject_Z (nth t (most g) 0%Z).
Proof.
  intros m s lo hi noise wanted c M x Hm Hs Hms Hc Hc0 (X1 & X2 & X3 & X4) g t Ht.
  assert (G : forall f, nth t (map f (seq 0 n)) 0%Z = f t).
  { intros f. rewrite (nth_indep _ 0%Z (f O)) by (rewrite map_length, seq_length; exact Ht).
    rewrite map_nth, seq_nth by exact Ht. reflexivity. }
  subst g. unfold goal_of. cbn [least most]. rewrite !G.
  assert (Lo := down_below lo). assert (Hi := up_above hi). assert (No := up_above noise).
  assert (L : lo * 16777216 == c * (lo * M)) by (rewrite <- Hc; ring).
  assert (H : hi * 16777216 == c * (hi * M)) by (rewrite <- Hc; ring).
  assert (E : noise * 16777216 == c * (noise * M)) by (rewrite <- Hc; ring).
  destruct (Nat.eqb_spec t m) as [-> | Htm].
  - rewrite X1, Hc. split; apply Qle_refl.
  - destruct (Nat.eqb_spec t s) as [-> | Hts].
    + assert (c * (lo * M) <= c * x s) by nra. assert (c * x s <= c * (hi * M)) by nra. lra.
    + destruct (X4 t Ht Htm Hts) as [X5 X6]. rewrite inject_Z_opp.
      assert (c * - (noise * M) <= c * x t) by nra. assert (c * x t <= c * (noise * M)) by nra.
          lra.
Qed.

(** A proof that is checked gives all margins of its pair a positive bound. *)
Theorem checked_pair : forall shift m s lo hi noise wanted p,
  (2 ^ shift = Zpos scale)%Z -> fits d n shift ih hh out = true ->
  (m < n)%nat -> (s < n)%nat -> m <> s -> (1 <= wanted)%Z ->
  OverZ.check_pair (rule_of d shift ih hh (margins out s)) (goal_of n m s lo hi noise wanted) d n
      p
    = true ->
  exists delta, 0 < delta /\ forall M x, 0 < M -> noisy_impulses n m s lo hi noise M x ->
  forall j, (j < n)%nat -> j <> s -> logit N x j + delta * M <= logit N x s.
Proof.
  intros shift m s lo hi noise w p Hscale Hfits Hm Hs Hms Hw H.
  unfold fits in Hfits. rewrite !andb_true_iff in Hfits.
  destruct Hfits as (((((((((_ & F1) & _) & _) & F2) & F3) & F4) & F5) & F6) & F7).
  apply Z.leb_le in F1. apply Z.leb_le in F2. apply Nat.eqb_eq in F3, F4, F5.
  rewrite forallb_forall in F6, F7.
  assert (F6' : forall row, In row hh -> length row = d) by (intros; apply Nat.eqb_eq, F6; auto).
  assert (F7' : forall row, In row out -> length row = d) by (intros; apply Nat.eqb_eq, F7; auto).
  assert (Fd : (d <= 1024)%nat) by lia.
  set (raw := margins out s) in *. set (g := goal_of n m s lo hi noise w) in *.
  set (r := rule_of d shift ih hh raw) in *.
  set (B := Z.to_pos (2 ^ bits ih)). set (B' := Z.to_pos (2 ^ bits (concat raw))).
  set (c1 := Zpos scale # B). set (c2 := Zpos scale # B').
  assert (P1 : 0 < c1) by reflexivity. assert (P2 : 0 < c2) by reflexivity.
  assert (P : 0 < c1 * c2 * 16777216) by reflexivity.
  exists (inject_Z w * / (c1 * c2 * 16777216)). split.
  { apply Qmult_lt_0_compat; [apply (inject_lt 0); lia | apply Qinv_lt_0_compat; exact P]. }
  intros M x HM Hx j Hj Hjs. set (c := 16777216 * / M).
  assert (PM : 0 < / M) by (apply Qinv_lt_0_compat; exact HM).
  assert (Hc : c * M == 16777216) by (unfold c; field; lra).
  assert (Hc0 : 0 <= c) by (unfold c; lra).
  assert (X := x_in_goal m s lo hi noise w c M x Hm Hs Hms Hc Hc0 Hx). fold g in X.
  assert (R : rounds (normal d n scale ih hh) r) by (apply rule_rounds; assumption).
  assert (R' : pres_round (normal d n scale ih hh) r) by (apply rule_pres; assumption).
  assert (G := pair_true (normal d n scale ih hh) r g (fun t => c * x t) R R' n).
  simpl hidden_size in G.
  assert (G1 : (first g <= n)%nat) by (simpl; lia).
  assert (G2 : length (least g) = n) by (simpl; rewrite map_length; apply seq_length).
  assert (G3 : length (most g) = n) by (simpl; rewrite map_length; apply seq_length).
  specialize (G G1 G2 G3 X p H).
  destruct (margin_row s j (state N x n) F5 F7' Hs Hj Hjs) as (row & M1 & M2 & M3).
  destruct (rule_rows d shift ih hh raw row M1) as (row' & M4 & M5 & M6). fold r in M4. fold B' in
      M6.
  specialize (G row' M4 (fun k => nth k row 0%Z # B')). simpl hidden_size in G.
  specialize (G ltac:(congruence) (fun k _ => M6 k)). change (wanted g) with w in *. 
  assert (HS : forall k, state (normal d n scale ih hh) (fun t => c * x t) n k
                 == c * c1 * state N x n k).
  { apply state_scale; [nra | reflexivity | reflexivity |]. intros i t _. simpl. fold B. unfold
      c1.
    rewrite (Qmake_Qdiv _ B), (Qmake_Qdiv (Zpos scale)), (Qmake_Qdiv _ scale). field.
    split; unfold Qeq; simpl; lia. }
  rewrite (sum_ext d _ (fun k => (nth k row 0%Z # B') * (c * c1 * state N x n k))) in G
    by (intros; rewrite HS; reflexivity).
  rewrite M3 in G. fold c2 in G. unfold logit. simpl hidden_size. simpl seq_len. fold N.
  set (Ls := sum d (fun k => W_out N s k * state N x n k)) in *.
  set (Lj := sum d (fun k => W_out N j k * state N x n k)) in *.
  assert (Q : inject_Z w * / (c1 * c2 * 16777216) * M * (c1 * c2 * 16777216)
              == inject_Z w * M) by (field; lra).
  assert (Q' : inject_Z w * M <= (Ls - Lj) * (c1 * c2 * 16777216)).
  { setoid_replace ((Ls - Lj) * (c1 * c2 * 16777216)) with (c * c1 * c2 * (Ls - Lj) * M)
      by (rewrite <- Hc; ring).
    apply Qmult_le_compat_r; [exact G | lra]. }
  enough (inject_Z w * / (c1 * c2 * 16777216) * M <= Ls - Lj) by lra.
  apply (Qmult_le_r _ _ _ P). rewrite Q. exact Q'.
Qed.

Theorem check_Z_bounds : forall lo hi noise proofs,
  check_Z d n scale ih hh out lo hi noise proofs = true ->
  forall p, In p proofs -> (at_m p < n)%nat /\ (at_s p < n)%nat /\ at_m p <> at_s p /\
  exists delta, 0 < delta /\ forall M x, 0 < M -> noisy_impulses n (at_m p) (at_s p) lo hi noise M
      x ->
  forall j, (j < n)%nat -> j <> at_s p -> logit N x j + delta * M <= logit N x (at_s p).
Proof.
  intros lo hi noise proofs H p Hp. unfold check_Z in H. rewrite !andb_true_iff in H.
  destruct H as ((H1 & H2) & H3). rewrite forallb_forall in H3. specialize (H3 p Hp).
  apply andb_prop in H3. destruct H3 as [H3 H4]. unfold in_order in H3.
  rewrite !andb_true_iff in H3. destruct H3 as ((((((((I1 & I2) & I3) & I4) & _) & _) & _) & _) &
      _).
  apply Nat.ltb_lt in I1, I2. apply negb_true_iff, Nat.eqb_neq in I3. apply Z.leb_le in I4.
  apply Z.eqb_eq in H1. repeat split; auto.
  exact (checked_pair _ _ _ lo hi noise (bound_of p) (tree_of p) H1 H2 I1 I2 I3 I4 H4).
Qed.

(** The claim for all listed pairs, over the rationals. *)
Theorem check_Z_sound : forall lo hi noise proofs,
  check_Z d n scale ih hh out lo hi noise proofs = true ->
  forall p, In p proofs -> forall M x, 0 < M -> noisy_impulses n (at_m p) (at_s p) lo hi noise M x
      ->
  forall j, (j < n)%nat -> j <> at_s p -> logit N x j < logit N x (at_s p).
Proof.
  intros lo hi noise proofs H p Hp M x HM Hx j Hj Hjs.
  destruct (check_Z_bounds lo hi noise proofs H p Hp) as (_ & _ & _ & delta & Hd & G).
  specialize (G M x HM Hx j Hj Hjs).
  assert (0 < delta * M) by (apply Qmult_lt_0_compat; assumption). lra.
Qed.

End Soundness.
