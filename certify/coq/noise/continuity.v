Definition noisy_impulsesR (n m s : nat) (lo hi noise : Q) (M : R) (x : nat -> R) : Prop :=
  x m = M /\ Q2R lo * M <= x s /\ x s <= Q2R hi * M /\
  forall t, (t < n)%nat -> t <> m -> t <> s -> - (Q2R noise * M) <= x t /\ x t <= Q2R noise * M.

(** The proof: logits are continuous, and real inputs have rational ones of the pair beside them.
    *)

Lemma sumR_scale : forall k f a, sumR k (fun i => a * f i) = a * sumR k f.
Proof. induction k; intros; simpl; [ring | rewrite IHk; ring]. Qed.

Lemma Q2R_sum : forall k f, Q2R (sum k f) = sumR k (fun i => Q2R (f i)).
Proof. induction k; intros; simpl; [apply RMicromega.Q2R_0 | rewrite Q2R_plus, IHk;
    reflexivity]. Qed.

Lemma Q2R_relu : forall u, Q2R (relu u) = reluR (Q2R u).
Proof.
  intros u. unfold reluR. destruct (Qlt_le_dec u 0) as [H | H].
  - rewrite (Qeq_eqR _ _ (relu_neg u (Qlt_le_weak _ _ H))). apply Qlt_Rlt in H.
    rewrite RMicromega.Q2R_0 in *. rewrite Rmax_left; lra.
  - rewrite (Qeq_eqR _ _ (relu_pos u H)). apply Qle_Rle in H. rewrite RMicromega.Q2R_0 in H.
    rewrite Rmax_right; lra.
Qed.

Lemma state_real : forall N x t i, stateR N (fun t => Q2R (x t)) t i = Q2R (state N x t i).
Proof.
  intros N x t. induction t as [|t IH]; intros i; simpl; [symmetry; apply RMicromega.Q2R_0|].
  rewrite Q2R_relu, Q2R_plus, Q2R_sum, Q2R_mult. f_equal. f_equal. apply sumR_ext.
  intros k _. rewrite IH, Q2R_mult. reflexivity.
Qed.

Lemma logit_real : forall N x j, logitR N (fun t => Q2R (x t)) j = Q2R (logit N x j).
Proof.
  intros. unfold logitR, logit. rewrite Q2R_sum. apply sumR_ext. intros i _.
  rewrite state_real, Q2R_mult. reflexivity.
Qed.

Lemma stateR_scale : forall N x M t i, 0 <= M ->
  stateR N (fun t => M * x t) t i = M * stateR N x t i.
Proof.
  intros N x M t i HM. revert i. induction t as [|t IH]; intros i; simpl; [ring|].
  rewrite (sumR_ext _ _ (fun k => M * (Q2R (W_hh N i k) * stateR N x t k)))
    by (intros; rewrite IH; ring).
  rewrite sumR_scale.
  replace (M * sumR (hidden_size N) (fun k => Q2R (W_hh N i k) * stateR N x t k)
           + Q2R (W_ih N i) * (M * x t))
    with (M * (sumR (hidden_size N) (fun k => Q2R (W_hh N i k) * stateR N x t k)
               + Q2R (W_ih N i) * x t)) by ring.
  unfold reluR. rewrite <- RmaxRmult by exact HM. rewrite Rmult_0_r. reflexivity.
Qed.

Lemma logitR_scale : forall N x M j, 0 <= M -> logitR N (fun t => M * x t) j = M * logitR N x j.
Proof.
  intros. unfold logitR. rewrite <- sumR_scale. apply sumR_ext. intros. rewrite stateR_scale by
      auto.
  ring.
Qed.

(** A change of all entries by at most [e] changes a sum by at most [l e]. *)
Lemma sum_close : forall k w, exists l, 0 <= l /\ forall f g e, 0 <= e ->
  (forall i, (i < k)%nat -> Rabs (f i - g i) <= e) ->
  Rabs (sumR k (fun i => w i * f i) - sumR k (fun i => w i * g i)) <= l * e.
Proof.
  induction k as [|k IH]; intros w.
  - exists 0. split; [lra|]. intros. simpl. rewrite Rminus_0_r, Rabs_R0. lra.
  - destruct (IH w) as (l & Hl & H). exists (l + Rabs (w k)).
    assert (P := Rabs_pos (w k)). split; [lra|]. intros f g e He Hfg. simpl.
    specialize (H f g e He (fun i Hi => Hfg i ltac:(lia))).
    assert (D := Hfg k ltac:(lia)).
    replace (sumR k (fun i => w i * f i) + w k * f k - (sumR k (fun i => w i * g i) + w k * g k))
      with ((sumR k (fun i => w i * f i) - sumR k (fun i => w i * g i)) + w k * (f k - g k)) by
          ring.
    eapply Rle_trans; [apply Rabs_triang|]. rewrite Rabs_mult.
    assert (Rabs (w k) * Rabs (f k - g k) <= Rabs (w k) * e) by (apply Rmult_le_compat_l; lra).
        lra.
Qed.

Lemma reluR_close : forall a b, Rabs (reluR a - reluR b) <= Rabs (a - b).
Proof.
  intros a b. unfold reluR, Rmax. destruct (Rle_dec 0 a), (Rle_dec 0 b); unfold Rabs;
    repeat destruct (Rcase_abs _); lra.
Qed.

Lemma state_close : forall N t k, exists l, 0 <= l /\ forall x y e, 0 <= e ->
  (forall s, (s < t)%nat -> Rabs (x s - y s) <= e) ->
  forall i, (i < k)%nat -> Rabs (stateR N x t i - stateR N y t i) <= l * e.
Proof.
  intros N t. induction t as [|t IHt]; intros k.
  - exists 0. split; [lra|]. intros. simpl. rewrite Rminus_0_r, Rabs_R0. lra.
  - destruct (IHt (hidden_size N)) as (l & Hl & H). induction k as [|k IHk].
    + exists 0. split; [lra|]. intros. lia.
    + destruct IHk as (l1 & Hl1 & H1).
      destruct (sum_close (hidden_size N) (fun j => Q2R (W_hh N k j))) as (l2 & Hl2 & H2).
      assert (P := Rabs_pos (Q2R (W_ih N k))).
      assert (P2 : 0 <= l2 * l) by (apply Rmult_le_pos; assumption).
      exists (l1 + (l2 * l + Rabs (Q2R (W_ih N k)))). split; [lra|].
      intros x y e He Hxy i Hi.
      assert (Hle : 0 <= l * e) by (apply Rmult_le_pos; assumption).
      assert (C : 0 <= l1 * e) by (apply Rmult_le_pos; assumption).
      assert (C2 : 0 <= (l2 * l + Rabs (Q2R (W_ih N k))) * e) by (apply Rmult_le_pos; lra).
      destruct (Nat.eq_dec i k) as [-> | Hik].
      * simpl. eapply Rle_trans; [apply reluR_close|].
        specialize (H x y e He (fun s Hs => Hxy s ltac:(lia))).
        specialize (H2 (stateR N x t) (stateR N y t) (l * e) Hle H).
        assert (D := Hxy t ltac:(lia)).
        match goal with |- Rabs (?a + ?b * ?c - (?a' + ?b * ?c')) <= _ =>
          replace (a + b * c - (a' + b * c')) with ((a - a') + b * (c - c')) by ring end.
        eapply Rle_trans; [apply Rabs_triang|]. rewrite Rabs_mult.
        assert (Rabs (Q2R (W_ih N k)) * Rabs (x t - y t) <= Rabs (Q2R (W_ih N k)) * e)
          by (apply Rmult_le_compat_l; lra).
        lra.
      * specialize (H1 x y e He Hxy i ltac:(lia)). lra.
Qed.

Lemma logit_close : forall N j, exists l, 0 <= l /\ forall x y e, 0 <= e ->
  (forall s, (s < seq_len N)%nat -> Rabs (x s - y s) <= e) ->
  Rabs (logitR N x j - logitR N y j) <= l * e.
Proof.
  intros N j. destruct (state_close N (seq_len N) (hidden_size N)) as (l & Hl & H).
  destruct (sum_close (hidden_size N) (fun i => Q2R (W_out N j i))) as (l2 & Hl2 & H2).
  exists (l2 * l). split; [apply Rmult_le_pos; assumption|]. intros x y e He Hxy.
  rewrite Rmult_assoc. apply H2; [apply Rmult_le_pos; assumption|]. apply H; assumption.
Qed.

(** A rational number near [z], between a and b. *)
Definition near (K : positive) (a b : Q) (z : R) : Q :=
  Qmax a (Qmin b (up (z * IZR (Zpos K)) # K)).

Lemma near_close : forall K a b z, Q2R a <= z <= Q2R b ->
  (a <= near K a b z)%Q /\ (near K a b z <= b)%Q /\ Rabs (z - Q2R (near K a b z)) <= / IZR (Zpos
      K).
Proof.
  intros K a b z [Ha Hb]. unfold near. set (q := up (z * IZR (Zpos K)) # K).
  assert (P : 0 < IZR (Zpos K)) by (apply IZR_lt; lia).
  assert (Hq : Rabs (z - Q2R q) <= / IZR (Zpos K)).
  { unfold q, Q2R. simpl. destruct (archimed (z * IZR (Zpos K))) as [A1 A2].
    set (u := IZR (up (z * IZR (Zpos K)))) in *. set (k := IZR (Zpos K)) in *.
    assert (I : 0 < / k) by (apply Rinv_0_lt_compat; exact P).
    assert (E : z - u * / k = (z * k - u) * / k) by (field; lra).
    rewrite E, Rabs_mult, (Rabs_right (/ k)) by lra.
    assert (Rabs (z * k - u) <= 1) by (unfold Rabs; destruct (Rcase_abs _); lra). nra. }
  assert (Hab : (a <= b)%Q) by (apply Rle_Qle; lra).
  assert (V : forall v, (Qmax a (Qmin b q) == v)%Q -> (a <= v)%Q -> (v <= b)%Q ->
    Rabs (z - Q2R v) <= / IZR (Zpos K) ->
    (a <= Qmax a (Qmin b q))%Q /\ (Qmax a (Qmin b q) <= b)%Q /\
    Rabs (z - Q2R (Qmax a (Qmin b q))) <= / IZR (Zpos K)).
  { intros v E V1 V2 V3. rewrite <- (Qeq_eqR _ _ E) in V3. rewrite <- E in V1, V2. auto. }
  destruct (Q.min_spec b q) as [[C1 C2] | [C1 C2]].
  - apply (V b); [rewrite C2; apply Q.max_r; exact Hab | exact Hab | apply Qle_refl|].
    apply Qlt_Rlt in C1. revert Hq. unfold Rabs. repeat destruct (Rcase_abs _); lra.
  - destruct (Q.max_spec a q) as [[D1 D2] | [D1 D2]].
    + apply (V q); [rewrite C2; exact D2 | apply Qlt_le_weak; exact D1 | exact C1 | exact Hq].
    + apply (V a); [rewrite C2; exact D2 | apply Qle_refl | exact Hab|].
      apply Qle_Rle in D1. revert Hq. unfold Rabs. repeat destruct (Rcase_abs _); lra.
Qed.

Lemma margin_over_reals : forall N m s lo hi noise delta, (0 < delta)%Q ->
  (forall x, noisy_impulses (seq_len N) m s lo hi noise 1 x ->
   forall j, (j < seq_len N)%nat -> j <> s -> (logit N x j + delta <= logit N x s)%Q) ->
  m <> s ->
  forall M x, 0 < M -> noisy_impulsesR (seq_len N) m s lo hi noise M x ->
  forall j, (j < seq_len N)%nat -> j <> s -> logitR N x j < logitR N x s.
Proof.
  intros N m s lo hi noise delta Hdelta H Hms M x HM (X1 & X2 & X3 & X4) j Hj Hjs.
  set (z := fun t => x t / M).
  assert (Hx : forall t, x t = M * z t) by (intros; unfold z; field; lra).
  assert (E : forall j, logitR N x j = M * logitR N z j).
  { intros i. rewrite <- logitR_scale by lra. unfold logitR. apply sumR_ext. intros k _. f_equal.
    revert k. generalize (seq_len N) as t. induction t as [|t IH]; intros k; [reflexivity|].
    simpl. rewrite Hx, (sumR_ext _ _ (fun i => Q2R (W_hh N k i) * stateR N (fun t => M * z t) t
        i));
      [reflexivity|]. intros i0 _. rewrite IH. reflexivity. }
  rewrite !E. apply Rmult_lt_compat_l; [exact HM|].
  assert (Z1 : z m = 1) by (unfold z; rewrite X1; field; lra).
  assert (Hi : 0 < / M) by (apply Rinv_0_lt_compat; exact HM).
  assert (Z2 : Q2R lo <= z s <= Q2R hi).
  { split; apply (Rmult_le_reg_l M); try exact HM; rewrite <- Hx; lra. }
  assert (Z3 : forall t, (t < seq_len N)%nat -> t <> m -> t <> s ->
               Q2R (- noise) <= z t <= Q2R noise).
  { intros t Ht Htm Hts. destruct (X4 t Ht Htm Hts). rewrite Q2R_opp.
    split; apply (Rmult_le_reg_l M); try exact HM; rewrite <- Hx; lra. }
  destruct (logit_close N s) as (l1 & Hl1 & C1). destruct (logit_close N j) as (l2 & Hl2 & C2).
  apply Qlt_Rlt in Hdelta. rewrite RMicromega.Q2R_0 in Hdelta.
  destruct (archimed_cor1 (Q2R delta / (l1 + l2 + 1))) as (k & K1 & K2).
  { apply Rdiv_lt_0_compat; lra. }
  set (K := Pos.of_nat k).
  assert (EK : IZR (Zpos K) = INR k).
  { unfold K. rewrite INR_IZR_INZ. f_equal. rewrite <- positive_nat_Z, Nat2Pos.id by lia.
      reflexivity. }
  set (e := / IZR (Zpos K)). assert (He : 0 < e) by (unfold e; rewrite EK;
      apply Rinv_0_lt_compat, lt_0_INR; exact K2).
  set (y := fun t => if (t =? m)%nat then 1%Q
                     else if (t =? s)%nat then near K lo hi (z t) else near K (- noise) noise (z
                         t)).
  assert (Hy : noisy_impulses (seq_len N) m s lo hi noise 1 y).
  { unfold noisy_impulses, y. rewrite Nat.eqb_refl. split; [reflexivity|].
    destruct (Nat.eqb_spec s m) as [|_]; [congruence|]. rewrite Nat.eqb_refl, !Qmult_1_r.
    destruct (near_close K lo hi (z s) Z2) as (N1 & N2 & _). split; [exact N1|]. split; [exact
        N2|].
    intros t Ht Htm Hts. destruct (Nat.eqb_spec t m) as [|_]; [contradiction|].
    destruct (Nat.eqb_spec t s) as [|_]; [contradiction|]. rewrite !Qmult_1_r.
    destruct (near_close K (- noise) noise (z t) (Z3 t Ht Htm Hts)) as (N3 & N4 & _). auto. }
  assert (Hzy : forall t, (t < seq_len N)%nat -> Rabs (z t - Q2R (y t)) <= e).
  { intros t Ht. unfold y. destruct (Nat.eqb_spec t m) as [-> | Htm].
    - rewrite Z1, RMicromega.Q2R_1, Rminus_diag_eq, Rabs_R0 by reflexivity. lra.
    - destruct (Nat.eqb_spec t s) as [-> | Hts].
      + apply (near_close K lo hi (z s) Z2).
      + apply (near_close K (- noise) noise (z t) (Z3 t Ht Htm Hts)). }
  specialize (H y Hy j Hj Hjs). apply Qle_Rle in H. rewrite Q2R_plus, <- !logit_real in H.
  specialize (C1 z (fun t => Q2R (y t)) e ltac:(lra) Hzy).
  specialize (C2 z (fun t => Q2R (y t)) e ltac:(lra) Hzy).
  assert (B : (l1 + l2 + 1) * e < Q2R delta).
  { unfold e. rewrite EK. apply (Rmult_lt_compat_l (l1 + l2 + 1)) in K1; [|lra].
    replace ((l1 + l2 + 1) * (Q2R delta / (l1 + l2 + 1))) with (Q2R delta) in K1 by (field; lra).
    exact K1. }
  revert C1 C2. unfold Rabs. repeat destruct (Rcase_abs _); lra.
Qed.

Theorem check_Z_sound_R : forall d n scale ih hh out lo hi noise proofs,
  check_Z d n scale ih hh out lo hi noise proofs = true ->
  forall p, In p proofs -> forall M x, 0 < M ->
  noisy_impulsesR n (at_m p) (at_s p) lo hi noise M x ->
  forall j, (j < n)%nat -> j <> at_s p ->
  logitR (network_of_tables d n scale ih hh out) x j <
  logitR (network_of_tables d n scale ih hh out) x (at_s p).
Proof.
  intros d n scale ih hh out lo hi noise proofs H p Hp.
  destruct (check_Z_bounds d n scale ih hh out lo hi noise proofs H p Hp)
    as (_ & _ & Hms & delta & Hdelta & G).
  apply (margin_over_reals (network_of_tables d n scale ih hh out) (at_m p) (at_s p) lo hi noise
           delta Hdelta); [|exact Hms].
  intros x Hx j Hj Hjs. specialize (G 1%Q x ltac:(reflexivity) Hx j Hj Hjs).
  rewrite Qmult_1_r in G. exact G.
Qed.
