(** ** 3.4. The checker: everything above in integers

    Weights times [scale] are integers. So are the states if each step multiplies them once more
    by [scale] ([c] is the product so far; signs and comparisons do not depend on it). *)

Open Scope Z_scope.

Fixpoint dot (u v : list Z) : Z :=
  match u, v with
  | a :: u', b :: v' => a * b + dot u' v'
  | _, _ => 0
  end.

(** The pre-activation of a unit, given its weights: from the input, and from the units. *)
Definition unit_pre (cx : Z) (h : list Z) (weights : Z * list Z) : Z :=
  fst weights * cx + dot (snd weights) h.

(** [run] gives the pre-activations of each step and the logits.
    As long as nothing has come in, all is zero and [c] can stay as it is. *)
Fixpoint run (scale : Z) (ih : list Z) (hh out : list (list Z)) (c : Z) (h xs : list Z)
    : list (list Z) * list Z :=
  match xs with
  | [] => ([], map (fun row => dot row h) out)
  | x :: xs' =>
      let u := map (unit_pre (c * x) h) (combine ih hh) in
      let c' := if forallb (Z.eqb 0) u then c else scale * c in
      let '(trace, logits) := run scale ih hh out c' (map (Z.max 0) u) xs' in
      (u :: trace, logits)
  end.

Definition agreeb (u v : Z) : bool :=
  match u, v with
  | Zpos _, Zneg _ | Zneg _, Zpos _ => false
  | _, _ => true
  end.

Definition same_cellb (trace trace' : list (list Z)) : bool :=
  forallb (fun '(us, vs) => forallb (fun '(u, v) => agreeb u v) (combine us vs))
    (combine trace trace').

Definition winsb (s : nat) (logits : list Z) : bool :=
  forallb (fun j => (j =? s)%nat || (nth j logits 0 <? nth s logits 0)) (seq 0 (length logits)).

Fixpoint chainb (run_at : Q -> list (list Z) * list Z) (s : nat) (hi : Q)
    (a : Q) (run_a : list (list Z) * list Z) (ratios : list Q) : bool :=
  match ratios with
  | [] => Qle_bool hi a
  | b :: ratios' =>
      let run_b := run_at b in
      negb (Qle_bool b a) && same_cellb (fst run_a) (fst run_b) && winsb s (snd run_b)
      && chainb run_at s hi b run_b ratios'
  end.

Definition check_pair (run_at : Q -> list (list Z) * list Z) (s : nat) (lo hi : Q)
    (ratios : list Q) : bool :=
  match ratios with
  | [] => false
  | a :: ratios' =>
      let run_a := run_at a in
      Qle_bool a lo && winsb s (snd run_a) && chainb run_at s hi a run_a ratios'
  end.

Definition input_at (n m s : nat) (r : Q) : list Z :=
  map (fun t => if (t =? m)%nat then Zpos (Qden r) else if (t =? s)%nat then Qnum r else 0)
    (seq 0 n).

(** Row m, column s of [ratios] is the chain of the pair (m, s); the diagonal is not read. *)
Definition check (d n : nat) (scale : positive) (ih : list Z) (hh out : list (list Z))
    (lo hi : Q) (ratios : list (list (list Q))) : bool :=
  (length ih =? d)%nat && (length hh =? d)%nat && (length out =? n)%nat &&
  forallb (fun m => forallb (fun s =>
      (m =? s)%nat ||
      check_pair (fun r => run (Zpos scale) ih hh out 1 (repeat 0 d) (input_at n m s r))
        s lo hi (nth s (nth m ratios []) []))
    (seq 0 n)) (seq 0 n).

(** ** 3.5. When [check] says true, the claim holds *)

Open Scope Q_scope.

Section Soundness.

Variables (d n : nat) (scale : positive) (ih : list Z) (hh out : list (list Z)).
Hypothesis ih_length : length ih = d.
Hypothesis hh_length : length hh = d.
Hypothesis out_length : length out = n.

Let N : network := network_of_tables d n scale ih hh out.

(** [u] is c times [f] on the units below k. *)
Definition scaled (k : nat) (c : Z) (u : list Z) (f : nat -> Q) : Prop :=
  (0 < c)%Z /\ length u = k /\ forall i, (i < k)%nat -> inject_Z (nth i u 0%Z) == inject_Z c * f i.

Lemma dot_sum : forall row h k, length h = k ->
  inject_Z (dot row h) == sum k (fun i => inject_Z (nth i row 0%Z) * inject_Z (nth i h 0%Z)).
Proof.
  intros row h. revert row. induction h as [|b h IH]; intros row k Hk; subst k.
  - destruct row; reflexivity.
  - simpl length. rewrite sum_first. destruct row as [|a row].
    + simpl. rewrite (sum_ext _ _ (fun i => 0 * inject_Z (nth i h 0%Z))).
      * rewrite sum_scale. simpl. ring.
      * intros i _. destruct i; simpl; ring.
    + simpl dot. rewrite inject_Z_plus, inject_Z_mult, (IH row _ eq_refl). reflexivity.
Qed.

Lemma dot_scaled : forall row h c f, scaled d c h f ->
  inject_Z (dot row h) ==
  inject_Z (Zpos scale * c) * sum d (fun k => (nth k row 0%Z # scale) * f k).
Proof.
  intros row h c f (Hc & Hlen & H). rewrite (dot_sum row h d Hlen), <- sum_scale.
  apply sum_ext. intros k Hk. rewrite (H k Hk), inject_Z_mult, (Qmake_Qdiv _ scale).
  field. unfold Qeq; simpl; lia.
Qed.

Lemma relu_scaled : forall c z u, (0 < c)%Z ->
  inject_Z z == inject_Z c * u -> inject_Z (Z.max 0 z) == inject_Z c * relu u.
Proof.
  intros c z u Hc Hz. assert (Hcq : 0 < inject_Z c) by (rewrite <- (Zlt_Qlt 0); exact Hc).
  destruct (Z.le_gt_cases 0 z) as [H | H].
  - rewrite Z.max_r, relu_pos; auto. rewrite (Zle_Qle 0) in H. change (inject_Z 0) with 0 in H. nra.
  - rewrite Z.max_l, relu_neg; [ring | | lia]. rewrite (Zlt_Qlt z 0) in H.
    change (inject_Z 0) with 0 in H. nra.
Qed.

Lemma pre_scaled : forall x t c h z,
  scaled d c h (state N x t) -> x t == inject_Z z ->
  scaled d (Zpos scale * c) (map (unit_pre (c * z) h) (combine ih hh)) (preact N x t).
Proof.
  intros x t c h z Hh Hx. assert (Hc := proj1 Hh). split; [lia|]. split.
  { rewrite map_length, combine_length. lia. }
  intros i Hi.
  rewrite (nth_indep _ _ (unit_pre (c * z) h (0%Z, [])))
    by (rewrite map_length, combine_length; lia).
  rewrite map_nth, combine_nth by lia. unfold unit_pre. simpl fst. simpl snd.
  rewrite inject_Z_plus, (dot_scaled _ h c _ Hh), !inject_Z_mult.
  unfold preact. rewrite Hx. simpl. rewrite (Qmake_Qdiv _ scale).
  field. unfold Qeq; simpl; lia.
Qed.

Lemma state_scaled : forall x t c u,
  scaled d c u (preact N x t) -> scaled d c (map (Z.max 0) u) (state N x (S t)).
Proof.
  intros x t c u (Hc & Hlen & H). split; [exact Hc|]. split; [rewrite map_length; exact Hlen|].
  intros i Hi. rewrite (map_nth (Z.max 0) u 0%Z i : nth i (map (Z.max 0) u) 0%Z = _).
  change (state N x (S t) i) with (relu (preact N x t i)). apply relu_scaled; auto.
Qed.

Lemma zero_scaled : forall c c' u f, (0 < c')%Z ->
  forallb (Z.eqb 0) u = true -> scaled d c u f -> scaled d c' u f.
Proof.
  intros c c' u f Hc' Hz (Hc & Hlen & H). split; [exact Hc'|]. split; [exact Hlen|].
  intros i Hi. assert (E : nth i u 0%Z = 0%Z).
  { rewrite forallb_forall in Hz. symmetry. apply Z.eqb_eq, Hz, nth_In. lia. }
  specialize (H i Hi). rewrite E in *. change (inject_Z 0) with 0 in *.
  assert (0 < inject_Z c) by (rewrite <- (Zlt_Qlt 0); exact Hc).
  destruct (Qmult_integral (inject_Z c) (f i)) as [Z | Z]; [lra | lra | rewrite Z; ring].
Qed.

Lemma run_sound : forall xs x t c h,
  scaled d c h (state N x t) ->
  (forall k, (k < length xs)%nat -> x (t + k)%nat == inject_Z (nth k xs 0%Z)) ->
  let '(trace, logits) := run (Zpos scale) ih hh out c h xs in
  length trace = length xs /\
  (forall k, (k < length xs)%nat ->
     exists c', scaled d c' (nth k trace []) (preact N x (t + k))) /\
  ((t + length xs)%nat = n -> exists c', scaled n c' logits (logit N x)).
Proof.
  induction xs as [|z xs IH]; intros x t c h Hh Hx; cbn [run].
  - split; [reflexivity|]. split; [simpl; lia|]. intros Ht. simpl in Ht.
    exists (Zpos scale * c)%Z. assert (Hc := proj1 Hh). split; [lia|].
    split; [rewrite map_length; exact out_length|]. intros j Hj.
    rewrite (nth_indep _ _ (dot [] h)) by (rewrite map_length; lia).
    rewrite (map_nth (fun row => dot row h)), (dot_scaled _ h c _ Hh).
    replace t with n by lia. reflexivity.
  - assert (Hz : x t == inject_Z z).
    { specialize (Hx O). rewrite Nat.add_0_r in Hx. apply Hx. simpl. lia. }
    assert (Hu := pre_scaled x t c h z Hh Hz).
    set (u := map _ (combine ih hh)) in *.
    set (c' := if forallb (Z.eqb 0) u then c else (Zpos scale * c)%Z).
    assert (Hu' : scaled d c' u (preact N x t)).
    { unfold c'. destruct (forallb (Z.eqb 0) u) eqn:E; [|exact Hu].
      apply (zero_scaled (Zpos scale * c)); auto. apply Hh. }
    specialize (IH x (S t) c' (map (Z.max 0) u) (state_scaled x t c' u Hu')).
    destruct (run (Zpos scale) ih hh out c' (map (Z.max 0) u) xs) as [trace logits].
    cbv beta iota in *. destruct IH as (IHlen & IHpre & IHout).
    { intros k Hk. specialize (Hx (S k)). rewrite Nat.add_succ_r in Hx. apply Hx. simpl. lia. }
    split; [simpl; lia|]. split.
    + intros [|k] Hk.
      * rewrite Nat.add_0_r. exists c'. exact Hu'.
      * rewrite Nat.add_succ_r. apply IHpre. simpl in Hk. lia.
    + intros Ht. apply IHout. simpl in Ht. lia.
Qed.

Definition run_at (m s : nat) (r : Q) : list (list Z) * list Z :=
  run (Zpos scale) ih hh out 1 (repeat 0%Z d) (input_at n m s r).

Lemma run_at_sound : forall m s r,
  length (fst (run_at m s r)) = n /\
  (forall t, (t < n)%nat ->
     exists c, scaled d c (nth t (fst (run_at m s r)) []) (preact N (at_ratio m s r) t)) /\
  exists c, scaled n c (snd (run_at m s r)) (logit N (at_ratio m s r)).
Proof.
  intros m s r. assert (Hlen : length (input_at n m s r) = n).
  { unfold input_at. rewrite map_length, seq_length. reflexivity. }
  assert (H := run_sound (input_at n m s r) (at_ratio m s r) O 1 (repeat 0%Z d)).
  unfold run_at. destruct (run _ ih hh out 1 _ _) as [trace logits].
  cbv beta iota in H. rewrite Hlen in H.
  destruct H as (Htrace & Hpre & Hout); [| | auto].
  - split; [lia|]. split; [apply repeat_length|]. intros i Hi. rewrite nth_repeat. reflexivity.
  - intros k Hk. simpl. unfold input_at.
    set (f := fun t => if (t =? m)%nat then Zpos (Qden r)
                       else if (t =? s)%nat then Qnum r else 0%Z).
    rewrite (nth_indep _ _ (f O)) by (rewrite map_length, seq_length; exact Hk).
    rewrite map_nth, seq_nth by exact Hk. simpl. unfold f, at_ratio, impulses.
    destruct (k =? m)%nat; [reflexivity|]. destruct (k =? s)%nat; reflexivity.
Qed.

Lemma scaled_le : forall k c u f i j, scaled k c u f -> (i < k)%nat -> (j < k)%nat ->
  (nth i u 0 < nth j u 0)%Z -> f i < f j.
Proof.
  intros k c u f i j (Hc & _ & H) Hi Hj Hlt. rewrite Zlt_Qlt, (H i Hi), (H j Hj) in Hlt.
  rewrite (Zlt_Qlt 0) in Hc. change (inject_Z 0) with 0 in Hc. nra.
Qed.

Lemma agree_scaled : forall c c' z z' u u', (0 < c)%Z -> (0 < c')%Z ->
  inject_Z z == inject_Z c * u -> inject_Z z' == inject_Z c' * u' ->
  agreeb z z' = true -> agree u u'.
Proof.
  intros c c' z z' u u' Hc Hc' Hz Hz' H.
  rewrite (Zlt_Qlt 0) in Hc. rewrite (Zlt_Qlt 0) in Hc'. change (inject_Z 0) with 0 in *.
  assert ((0 <= z /\ 0 <= z') \/ (z <= 0 /\ z' <= 0))%Z as [[A B] | [A B]]
    by (destruct z, z'; try discriminate H; lia).
  - left. rewrite (Zle_Qle 0 z) in A. rewrite (Zle_Qle 0 z') in B.
    change (inject_Z 0) with 0 in *. split; nra.
  - right. rewrite (Zle_Qle z 0) in A. rewrite (Zle_Qle z' 0) in B.
    change (inject_Z 0) with 0 in *. split; nra.
Qed.

Lemma same_cellb_sound : forall m s a b,
  same_cellb (fst (run_at m s a)) (fst (run_at m s b)) = true ->
  same_cell N (at_ratio m s a) (at_ratio m s b).
Proof.
  intros m s a b H t i Ht Hi. change (t < n)%nat in Ht. change (i < d)%nat in Hi.
  destruct (run_at_sound m s a) as (La & Pa & _). destruct (run_at_sound m s b) as (Lb & Pb & _).
  destruct (Pa t Ht) as (c & Hc & Ha & Ea). destruct (Pb t Ht) as (c' & Hc' & Hb & Eb).
  apply (agree_scaled c c' _ _ _ _ Hc Hc' (Ea i Hi) (Eb i Hi)).
  unfold same_cellb in H. rewrite forallb_forall in H.
  set (us := nth t (fst (run_at m s a)) []) in *. set (vs := nth t (fst (run_at m s b)) []) in *.
  assert (Hin : In (us, vs) (combine (fst (run_at m s a)) (fst (run_at m s b)))).
  { unfold us, vs. rewrite <- combine_nth by lia. apply nth_In. rewrite combine_length. lia. }
  specialize (H _ Hin). cbv beta iota in H. rewrite forallb_forall in H.
  apply (H (nth i us 0%Z, nth i vs 0%Z)). rewrite <- combine_nth by lia.
  apply nth_In. rewrite combine_length. lia.
Qed.

Lemma winsb_sound : forall m s r, (s < n)%nat ->
  winsb s (snd (run_at m s r)) = true -> wins N s (at_ratio m s r).
Proof.
  intros m s r Hs H j Hj Hjs. change (j < n)%nat in Hj.
  destruct (run_at_sound m s r) as (_ & _ & c & Hc). assert (Hlen := proj1 (proj2 Hc)).
  unfold winsb in H. rewrite forallb_forall in H.
  specialize (H j). rewrite in_seq in H. apply (scaled_le n c _ _ j s Hc); auto.
  destruct (orb_prop _ _ (H ltac:(lia))) as [E | E].
  - apply Nat.eqb_eq in E. contradiction.
  - apply Z.ltb_lt. exact E.
Qed.

Lemma chainb_sound : forall m s hi ratios a, (s < n)%nat ->
  wins N s (at_ratio m s a) -> chainb (run_at m s) s hi a (run_at m s a) ratios = true ->
  exists b, hi <= b /\ chain N m s a b.
Proof.
  intros m s hi ratios. induction ratios as [|b ratios IH]; intros a Hs Ha H; simpl in H.
  - exists a. split; [apply Qle_bool_iff; exact H | constructor; exact Ha].
  - repeat (apply andb_prop in H; destruct H as [H ?]).
    assert (Hb : wins N s (at_ratio m s b)) by (apply winsb_sound; assumption).
    destruct (IH b Hs Hb) as (e & He & Hchain); [assumption|].
    exists e. split; [exact He|]. apply chain_piece with (b := b); auto using same_cellb_sound.
    apply Qnot_le_lt. intros Hle. apply Qle_bool_iff in Hle. rewrite Hle in H. discriminate H.
Qed.

Lemma check_pair_sound : forall m s lo hi ratios, (s < n)%nat ->
  check_pair (run_at m s) s lo hi ratios = true ->
  exists a b, a <= lo /\ hi <= b /\ chain N m s a b.
Proof.
  intros m s lo hi [|a ratios] Hs H; simpl in H; [discriminate H|].
  apply andb_prop in H. destruct H as [H Hchain]. apply andb_prop in H. destruct H as [Hlo Hwins].
  assert (Ha : wins N s (at_ratio m s a)) by (apply winsb_sound; assumption).
  destruct (chainb_sound m s hi ratios a Hs Ha Hchain) as (b & Hb & Hc).
  exists a, b. split; [apply Qle_bool_iff; exact Hlo | split; assumption].
Qed.

End Soundness.

Lemma check_chains : forall d n scale ih hh out lo hi ratios,
  check d n scale ih hh out lo hi ratios = true ->
  forall m s, (m < n)%nat -> (s < n)%nat -> m <> s ->
  exists a b, a <= lo /\ hi <= b /\ chain (network_of_tables d n scale ih hh out) m s a b.
Proof.
  intros d n scale ih hh out lo hi ratios H m s Hm Hs Hms. unfold check in H.
  apply andb_prop in H. destruct H as [Hlen H].
  apply andb_prop in Hlen. destruct Hlen as [Hlen Hout].
  apply andb_prop in Hlen. destruct Hlen as [Hih Hhh]. rewrite forallb_forall in H.
  specialize (H m ltac:(apply in_seq; lia)). rewrite forallb_forall in H.
  specialize (H s ltac:(apply in_seq; lia)). destruct (orb_prop _ _ H) as [E | E].
  - apply Nat.eqb_eq in E. contradiction.
  - apply (check_pair_sound d n scale ih hh out) in E; auto; apply Nat.eqb_eq; assumption.
Qed.

Theorem check_sound : forall d n scale ih hh out lo hi ratios,
  check d n scale ih hh out lo hi ratios = true ->
  forall m s, (m < n)%nat -> (s < n)%nat -> m <> s ->
  forall M S, 0 < M -> lo <= S / M <= hi ->
  forall j, (j < n)%nat -> j <> s ->
  logit (network_of_tables d n scale ih hh out) (impulses m s M S) j <
  logit (network_of_tables d n scale ih hh out) (impulses m s M S) s.
Proof.
  intros d n scale ih hh out lo hi ratios H m s Hm Hs Hms M S HM [Hlo Hhi] j Hj Hjs.
  destruct (check_chains d n scale ih hh out lo hi ratios H m s Hm Hs Hms)
    as (a & b & Ha & Hb & Hc).
  apply (wins_on_chain _ m s a b Hc M S HM); auto.
  - assert (E : S == S / M * M) by (field; lra). rewrite E at 1. nra.
  - assert (E : S == S / M * M) by (field; lra). rewrite E at 1. nra.
Qed.
