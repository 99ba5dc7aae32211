Definition impulsesR (m s : nat) (M S : R) (t : nat) : R :=
  if (t =? m)%nat then M else if (t =? s)%nat then S else 0.

(** The proof: on the cone of two rational inputs in one cell, the real network too is linear. *)

Lemma sumR_cone : forall k f g a b,
  sumR k (fun i => a * Q2R (f i) + b * Q2R (g i)) = a * Q2R (sum k f) + b * Q2R (sum k g).
Proof.
  induction k; intros; simpl; [change (Q2R 0) with (0 * / 1); ring|].
  rewrite IHk, !Q2R_plus. ring.
Qed.

Lemma Q2R_nonneg : forall u, (0 <= u)%Q -> 0 <= Q2R u.
Proof. intros u H. apply Qle_Rle in H. change (Q2R 0) with (0 * / 1) in H. lra. Qed.

Lemma Q2R_nonpos : forall u, (u <= 0)%Q -> Q2R u <= 0.
Proof. intros u H. apply Qle_Rle in H. change (Q2R 0) with (0 * / 1) in H. lra. Qed.

Lemma reluR_cone : forall a b u v, 0 <= a -> 0 <= b -> agree u v ->
  reluR (a * Q2R u + b * Q2R v) = a * Q2R (relu u) + b * Q2R (relu v).
Proof.
  intros a b u v Ha Hb [[Hu Hv] | [Hu Hv]].
  - rewrite (Qeq_eqR _ _ (relu_pos u Hu)), (Qeq_eqR _ _ (relu_pos v Hv)).
    apply Q2R_nonneg in Hu. apply Q2R_nonneg in Hv. apply Rmax_right. nra.
  - rewrite (Qeq_eqR _ _ (relu_neg u Hu)), (Qeq_eqR _ _ (relu_neg v Hv)).
    apply Q2R_nonpos in Hu. apply Q2R_nonpos in Hv. change (Q2R 0) with (0 * / 1).
    unfold reluR. rewrite Rmax_left; nra.
Qed.

Definition is_coneR (n : nat) (a b : R) (x y : nat -> Q) (z : nat -> R) : Prop :=
  0 <= a /\ 0 <= b /\ forall t, (t < n)%nat -> z t = a * Q2R (x t) + b * Q2R (y t).

Lemma stateR_cone : forall N a b x y z,
  is_coneR (seq_len N) a b x y z -> same_cell N x y ->
  forall t i, (t <= seq_len N)%nat -> (i < hidden_size N)%nat ->
  stateR N z t i = a * Q2R (state N x t i) + b * Q2R (state N y t i).
Proof.
  intros N a b x y z (Ha & Hb & Hz) Hcell t. induction t; intros i Ht Hi.
  - simpl. change (Q2R 0) with (0 * / 1). ring.
  - change (state N x (S t) i) with (relu (preact N x t i)).
    change (state N y (S t) i) with (relu (preact N y t i)).
    rewrite <- reluR_cone by (auto; apply Hcell; auto; lia).
    simpl. f_equal. rewrite (Hz t) by lia. unfold preact. rewrite !Q2R_plus, !Q2R_mult.
    rewrite (sumR_ext _ _ (fun k => a * Q2R (W_hh N i k * state N x t k)%Q
                                  + b * Q2R (W_hh N i k * state N y t k)%Q)).
    + rewrite (sumR_cone _ (fun k => W_hh N i k * state N x t k)%Q). ring.
    + intros k Hk. rewrite IHt, !Q2R_mult by (auto; lia). ring.
Qed.

Lemma logitR_cone : forall N a b x y z,
  is_coneR (seq_len N) a b x y z -> same_cell N x y ->
  forall j, logitR N z j = a * Q2R (logit N x j) + b * Q2R (logit N y j).
Proof.
  intros N a b x y z Hz Hcell j. unfold logitR, logit. rewrite <- sumR_cone. apply sumR_ext.
  intros i Hi. rewrite (stateR_cone N a b x y z), !Q2R_mult by (auto; lia). ring.
Qed.

Definition winsR (N : network) (s : nat) (x : nat -> R) : Prop :=
  forall j, (j < seq_len N)%nat -> j <> s -> logitR N x j < logitR N x s.

Lemma winsR_cone : forall N s a b x y z,
  is_coneR (seq_len N) a b x y z -> same_cell N x y -> 0 < a + b ->
  wins N s x -> wins N s y -> winsR N s z.
Proof.
  intros N s a b x y z Hz Hcell Hab Hx Hy j Hj Hjs.
  rewrite !(logitR_cone N a b x y z Hz Hcell).
  assert (Hx' := Qlt_Rlt _ _ (Hx j Hj Hjs)). assert (Hy' := Qlt_Rlt _ _ (Hy j Hj Hjs)).
  destruct Hz as (Ha & Hb & _). destruct (Rlt_le_dec 0 a); [|assert (0 < b) by lra]; nra.
Qed.

Lemma Q2R_den : forall r, 0 < Q2R (inject_Z (Zpos (Qden r))).
Proof. intros r. rewrite <- RMicromega.Q2R_0. apply Qlt_Rlt. reflexivity. Qed.

Lemma Q2R_num : forall r, Q2R (inject_Z (Qnum r)) = Q2R r * Q2R (inject_Z (Zpos (Qden r))).
Proof. intros r. rewrite <- Q2R_mult. apply Qeq_eqR, ratio_times_den. Qed.

Lemma winsR_between : forall N m s a b M S,
  (a < b)%Q -> same_cell N (at_ratio m s a) (at_ratio m s b) ->
  wins N s (at_ratio m s a) -> wins N s (at_ratio m s b) ->
  0 < M -> Q2R a * M <= S -> S <= Q2R b * M -> winsR N s (impulsesR m s M S).
Proof.
  intros N m s a b M S Hab Hcell Ha Hb HM HaS HSb. apply Qlt_Rlt in Hab.
  assert (Hq := Q2R_den a). assert (Hq' := Q2R_den b).
  assert (Ea := Q2R_num a). assert (Eb := Q2R_num b).
  set (q := Q2R (inject_Z (Zpos (Qden a)))) in *.
  set (q' := Q2R (inject_Z (Zpos (Qden b)))) in *.
  assert (Hi : 0 < / (Q2R b - Q2R a)) by (apply Rinv_0_lt_compat; lra).
  set (U := (Q2R b * M - S) * / (Q2R b - Q2R a)). set (V := (S - Q2R a * M) * / (Q2R b - Q2R a)).
  assert (HU : 0 <= U) by (apply Rmult_le_pos; lra).
  assert (HV : 0 <= V) by (apply Rmult_le_pos; lra).
  assert (HUV : U + V = M) by (unfold U, V; field; lra).
  assert (HS : U * Q2R a + V * Q2R b = S) by (unfold U, V; field; lra).
  assert (Hr := Rinv_0_lt_compat q Hq). assert (Hr' := Rinv_0_lt_compat q' Hq').
  apply (winsR_cone N s (U * / q) (V * / q') (at_ratio m s a) (at_ratio m s b)); auto.
  - repeat split; [apply Rmult_le_pos; lra | apply Rmult_le_pos; lra |].
    intros t _. unfold impulsesR, at_ratio, impulses.
    destruct (t =? m)%nat; [|destruct (t =? s)%nat].
    + fold q q'. rewrite <- HUV. field. lra.
    + rewrite Ea, Eb, <- HS. field. lra.
    + change (Q2R 0) with (0 * / 1). ring.
  - assert (0 <= U * / q) by (apply Rmult_le_pos; lra).
    assert (0 <= V * / q') by (apply Rmult_le_pos; lra). destruct (Rlt_le_dec 0 U).
    + assert (0 < U * / q) by (apply Rmult_lt_0_compat; assumption). lra.
    + assert (0 < V * / q') by (apply Rmult_lt_0_compat; lra). lra.
Qed.

Lemma winsR_on_chain : forall N m s a b, chain N m s a b ->
  forall M S, 0 < M -> Q2R a * M <= S -> S <= Q2R b * M -> winsR N s (impulsesR m s M S).
Proof.
  intros N m s a b H. induction H; intros M S HM HaS HSb.
  - assert (Hq := Q2R_den r). assert (E := Q2R_num r).
    set (q := Q2R (inject_Z (Zpos (Qden r)))) in *.
    assert (Hr := Rinv_0_lt_compat q Hq).
    assert (0 < M * / q) by (apply Rmult_lt_0_compat; assumption).
    apply (winsR_cone N s (M * / q) 0 (at_ratio m s r) (at_ratio m s r));
      auto using same_cell_refl; [|lra].
    repeat split; [lra | lra |]. intros t _. unfold impulsesR, at_ratio, impulses.
    destruct (t =? m)%nat; [|destruct (t =? s)%nat].
    + fold q. field. lra.
    + rewrite E. assert (ES : S = Q2R r * M) by lra. rewrite ES. field. lra.
    + change (Q2R 0) with (0 * / 1). ring.
  - destruct (Rlt_le_dec S (Q2R b * M)).
    + apply (winsR_between N m s a b); auto; lra.
    + apply IHchain; auto.
Qed.

Theorem check_sound_R : forall d n scale ih hh out lo hi ratios,
  check d n scale ih hh out lo hi ratios = true ->
  forall m s, (m < n)%nat -> (s < n)%nat -> m <> s ->
  forall M S, 0 < M -> Q2R lo <= S / M <= Q2R hi ->
  forall j, (j < n)%nat -> j <> s ->
  logitR (network_of_tables d n scale ih hh out) (impulsesR m s M S) j <
  logitR (network_of_tables d n scale ih hh out) (impulsesR m s M S) s.
Proof.
  intros d n scale ih hh out lo hi ratios H m s Hm Hs Hms M S HM [Hlo Hhi] j Hj Hjs.
  destruct (check_chains d n scale ih hh out lo hi ratios H m s Hm Hs Hms)
    as (a & b & Ha & Hb & Hc).
  apply Qle_Rle in Ha. apply Qle_Rle in Hb.
  assert (E : S = S / M * M) by (field; lra).
  apply (winsR_on_chain _ m s a b Hc M S HM); auto; rewrite E; apply Rmult_le_compat_r; lra.
Qed.
