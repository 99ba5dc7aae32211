(** *** The tree of a pair *)

Section Walk.

Variables (N : network) (r : rule Z) (g : goal Z) (x : nat -> Q).
Hypothesis r_rounds : rounds N r.
Hypothesis r_pres : pres_round N r.

Variable n : nat.
Hypothesis first_few : (first g <= n)%nat.
Hypothesis least_length : length (least g) = n.
Hypothesis most_length : length (most g) = n.
Hypothesis x_in_claim : forall t, (t < n)%nat ->
  inject_Z (nth t (least g) 0%Z) <= x t /\ x t <= inject_Z (nth t (most g) 0%Z).

(** [a] maps the coordinates of the order [h] to the inputs, and x is in the box. *)
Definition holds (h : history) (a : maps Z) (box : list (Z * Z)) : Prop :=
  follows n x h /\ length (by_input a) = n /\ by_coordinate a = OverZ.transpose n (by_input a) /\
  (forall row, In row (by_input a) -> length row = n) /\
  (forall t, (t < n)%nat -> x t == lin (nth t (by_input a) []) (coordinate x (kinds h))) /\
  length box = n /\ in_box box (coordinate x (kinds h)).

Definition rows_hold : Prop :=
  forall row, In row (rows r) -> row_at_least N x n (wanted g) row.

Lemma holds_root : forall h m, follows n x h ->
  OverZ.rows_of n (kinds h) (seq 0 n) = Some m ->
  holds h (MakeMaps m (OverZ.transpose n m)) (OverZ.box_of (kinds h) (most g) (least g) (most g)).
Proof.
  intros h m F H. destruct F as (F & F').
  destruct (rows_of_true n x (kinds h) F (seq 0 n) m) as (M1 & M2 & M3); [|exact H|].
  { intros t Ht. apply in_seq in Ht. lia. }
  rewrite seq_length in M1, M3.
  destruct (box_of_true n x (most g) (fun t Ht => proj2 (x_in_claim t Ht)) (least g) (most g)
      (kinds h)
    x (coordinate x (kinds h)) ltac:(congruence)) as [B1 B2].
  { intros t Ht. rewrite least_length in Ht. destruct (x_in_claim t Ht) as [C1 C2].
    split; [exact C1|]. split; [exact C2|]. split; [apply F | reflexivity]. }
  split; [split; auto|]. split; [exact M1|]. split; [reflexivity|]. split; [exact M2|].
  split; [|split; [congruence | exact B1]].
  intros t Ht. simpl by_input. rewrite <- M3 by exact Ht. rewrite seq_nth by exact Ht.
      reflexivity.
Qed.

(** The largest of the ordered inputs is at most what the claim says. *)
Lemma chain_true : forall h a box, holds h a box ->
  chain_holds n (OverZ.chain_of g h (by_input a)) (coordinate x (kinds h)).
Proof.
  intros h a box (F & A1 & A2 & A3 & A4 & B1 & B2). unfold OverZ.chain_of.
  destruct F as (_ & T & _). destruct (top h) as [t|]; [|exact I]. simpl in T.
  destruct (forallb _ _); [|exact I]. split.
  - apply A3, nth_In. rewrite A1. exact T.
  - rewrite <- A4 by exact T. apply x_in_claim. exact T.
Qed.

(** Bounding units anew keeps what is known true. *)
Lemma bounded_true : forall h m columns box chain units begin amount,
  holds h (MakeMaps m columns) box -> chain_holds n chain (coordinate x (kinds h)) ->
  steps_true N x 0 units -> length units = n ->
  let found := OverZ.bound_units r columns box chain begin amount [] units
                 (OverZ.negatives_of m box OverZ.zero) in
  (all_true N x found /\ length found = n) /\ (steps_true N x 0 (rev found) /\ length (rev found)
      =
      n).
Proof.
  intros h m columns box chain units begin amount (F & A1 & A2 & A3 & A4 & B1 & B2) C U1 U2 found.
  simpl by_input in *. simpl by_coordinate in *. rewrite rev_length.
  enough (G : all_true N x found /\ length found = n).
  { split; [exact G|]. split; [|apply G]. rewrite <- (app_nil_r (rev found)).
    apply steps_of_past; [apply G | exact I]. }
  subst found. rewrite A2. clear A2 columns. rewrite <- A1 in *.
  exact (bound_units_true N r x _ r_rounds r_pres m box A3 A4 B1 B2 chain C units begin amount [] O
    eq_refl U2 I U1).
Qed.

Lemma proved_rows : forall h m columns box chain past,
  holds h (MakeMaps m columns) box -> chain_holds n chain (coordinate x (kinds h)) ->
  all_true N x past -> length past = n ->
  OverZ.proved r columns box chain past (OverZ.negatives_of m box OverZ.zero) (wanted g) = true ->
      rows_hold.
Proof.
  intros h m columns box chain past (F & A1 & A2 & A3 & A4 & B1 & B2) C P1 P2 H row.
  simpl by_input in *. simpl by_coordinate in *. rewrite A2 in H. clear A2 columns.
  unfold rows_hold. rewrite <- A1 in *.
  exact (proved_true N r x _ r_rounds m box A3 A4 B1 B2 chain C past _ P1 P2 H row).
Qed.

Lemma cases_rows : forall h m columns box chain past each,
  holds h (MakeMaps m columns) box -> chain_holds n chain (coordinate x (kinds h)) ->
  all_true N x past -> length past = n ->
  OverZ.all_by_cases r columns box chain past (OverZ.last_of (OverZ.negatives_of m box OverZ.zero)
      OverZ.zero)
    (wanted g) (rows r) each = true -> rows_hold.
Proof.
  intros h m columns box chain past each (F & A1 & A2 & A3 & A4 & B1 & B2) C P1 P2 H row.
  simpl by_input in *. simpl by_coordinate in *. rewrite A2 in H. clear A2 columns.
  rewrite <- A1 in *.
  exact (all_by_cases_true N r x _ r_rounds m box A3 A4 B1 B2 chain C (rows r) each past _ P1 P2 H row).
Qed.

(** Nothing in the box is outside the claim, so the claim's bounds cut nothing off. *)
Lemma tightened_holds : forall h a box, holds h a box ->
  exists box', OverZ.tighten (by_input a) (least g) (most g) box = Some box' /\ holds h a box'.
Proof.
  intros h a box (F & A1 & A2 & A3 & A4 & B1 & B2).
  destruct (tighten_true (coordinate x (kinds h)) (by_input a) (least g) (most g) box B2)
    as (box' & T & B2' & B1').
  - intros row Hin. rewrite B1. exact (A3 row Hin).
  - intros t Ht. rewrite A1 in Ht. rewrite <- A4 by exact Ht. exact (x_in_claim t Ht).
  - exists box'. split; [exact T|]. rewrite B1 in B1'. unfold holds. auto 8.
Qed.

Lemma tree_true : forall p h a box units, holds h a box ->
  steps_true N x 0 units -> length units = n ->
  OverZ.check_tree r g n h a box units p = true -> rows_hold.
Proof.
  induction p as [begin | begin each | | c begin stop low IHlow high IHhigh
                 | begin stop new IHnew below IHbelow
                 | begin stop new IHnew between IHbetween below IHbelow];
    intros h [m columns] box0 units H0 U1 U2 H; cbn [OverZ.check_tree] in H;
    destruct (tightened_holds h _ box0 H0) as (box & T & Hbox); rewrite T in H; clear T box0 H0;
    assert (Hchain := chain_true h _ box Hbox);
    simpl by_input in *; simpl by_coordinate in *;
    destruct (OverZ.wide <? OverZ.size box OverZ.zero)%Z; try discriminate.
  - destruct (bounded_true h m columns box _ units begin (n - begin) Hbox Hchain U1 U2) as [[D1 D2] _].
    exact (proved_rows h m columns box _ _ Hbox Hchain D1 D2 H).
  - destruct (bounded_true h m columns box _ units begin (n - begin) Hbox Hchain U1 U2) as [[D1 D2] _].
    exact (cases_rows h m columns box _ _ each Hbox Hchain D1 D2 H).
  - destruct (bounded_true h m columns box _ units begin (stop - begin) Hbox Hchain U1 U2) as [_ [D1 D2]].
    destruct Hbox as (F & A1 & A2 & A3 & A4 & B1 & B2).
    assert (C := halves_cover box c _ B2). destruct (OverZ.halves c box) as [low_box high_box].
    destruct C as (C1 & C2 & C3). apply andb_prop in H. destruct H as [H1 H2].
    destruct C3 as [C3 | C3];
      [apply (IHlow h _ low_box _) in H1 | apply (IHhigh h _ high_box _) in H2]; auto;
      unfold holds; rewrite ?C1, ?C2; auto 8.
  - destruct (bounded_true h m columns box _ units begin (stop - begin) Hbox Hchain U1 U2) as [_ [D1 D2]].
    destruct (top h) as [|] eqn:E; [discriminate|].
    apply andb_prop in H. destruct H as [H H2]. apply andb_prop in H. destruct H as [H H1].
    apply Nat.ltb_lt in H. destruct Hbox as [F _].
    assert (G := F). destruct G as (_ & _ & _ & G1 & G2). rewrite E in G2. simpl in G2.
    destruct (Qlt_le_dec (x (length (kinds h))) 0) as [C | C].
    + destruct (OverZ.rows_of n (kinds (with_below h)) (seq 0 n)) as [m'|] eqn:R; [|discriminate].
      refine (IHbelow _ _ _ _ (holds_root _ m' _ R) D1 D2 H2).
      apply follows_below; [exact F | lia | lra].
    + destruct (OverZ.rows_of n (kinds (with_new h)) (seq 0 n)) as [m'|] eqn:R; [|discriminate].
      refine (IHnew _ _ _ _ (holds_root _ m' _ R) D1 D2 H1).
      apply follows_new; [exact F | lia | rewrite E; exact C].
  - destruct (bounded_true h m columns box _ units begin (stop - begin) Hbox Hchain U1 U2) as [_ [D1 D2]].
    destruct (top h) as [a|] eqn:E; [|discriminate].
    apply andb_prop in H. destruct H as [H H3]. apply andb_prop in H. destruct H as [H H2].
    apply andb_prop in H. destruct H as [H H1].
    apply Nat.ltb_lt in H. destruct Hbox as [F _].
    destruct (Qlt_le_dec (x (length (kinds h))) (x a)) as [C | C];
      [destruct (Qlt_le_dec (x (length (kinds h))) (value x (second h))) as [C' | C']|].
    + destruct (OverZ.rows_of n (kinds (with_below h)) (seq 0 n)) as [m'|] eqn:R; [|discriminate].
      refine (IHbelow _ _ _ _ (holds_root _ m' _ R) D1 D2 H3).
      apply follows_below; [exact F | lia | lra].
    + destruct (OverZ.rows_of n (kinds (with_between h a)) (seq 0 n)) as [m'|] eqn:R;
        [|discriminate].
      refine (IHbetween _ _ _ _ (holds_root _ m' _ R) D1 D2 H2).
      apply follows_between; [exact F | lia | exact E | exact C' | lra].
    + destruct (OverZ.rows_of n (kinds (with_new h)) (seq 0 n)) as [m'|] eqn:R; [|discriminate].
      refine (IHnew _ _ _ _ (holds_root _ m' _ R) D1 D2 H1).
      apply follows_new; [exact F | lia | rewrite E; exact C].
Qed.

Theorem pair_true : forall p, OverZ.check_pair r g (hidden_size N) n p = true -> rows_hold.
Proof.
  intros p H. unfold OverZ.check_pair in H.
  set (m := map (OverZ.basis n) (seq 0 n)) in H.
  assert (F : follows n x no_history).
  { split; [intros t; destruct t; exact I|]. simpl. repeat split; lra. }
  assert (R : OverZ.rows_of n [] (seq 0 n) = Some m).
  { unfold m. generalize (seq 0 n). intros l. induction l as [|t l IH]; [reflexivity|].
    cbn [OverZ.rows_of map]. rewrite IH. simpl OverZ.row_of. destruct t; reflexivity. }
  assert (B : OverZ.box_of [] (most g) (least g) (most g) = combine (least g) (most g)).
  { generalize (most g) at 1. generalize (least g) (most g).
    clear. intros l. induction l as [|a l IH]; intros [|b u] all; simpl; auto. f_equal. apply IH.
        }
  assert (R0 := holds_root no_history m F R).
  change (kinds no_history) with (@nil kind) in R0. rewrite B in R0.
  refine (tree_true p _ _ _ _ R0 _ _ H); [|apply repeat_length].
  generalize O. clear. induction n as [|k IH]; intros t; [exact I|].
  simpl. split; [apply repeat_length|]. split; [|apply IH].
  intros i k' Hk. apply nth_error_In, repeat_spec in Hk. subst k'.
  apply knows_as; [cbv; split; discriminate | cbv; discriminate | left; reflexivity | left;
      reflexivity].
Qed.

End Walk.
