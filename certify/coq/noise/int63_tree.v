(** *** The tree *)

Definition zgoal (g : goal int) : goal Z :=
  MakeGoal (map z (least g)) (map z (most g)) (first g) (z (wanted g)).
Definition zmaps (a : maps int) : maps Z :=
  MakeMaps (map (map z) (by_input a)) (map (map z) (by_coordinate a)).

Definition okmaps (n : nat) (a : maps int) : Prop :=
  Forall (small 8192) (by_input a) /\ length (by_input a) = n /\ columns_ok (by_coordinate a).

Definition okgoal (n : nat) (g : goal int) : Prop :=
  small 1073741823 (least g) /\ small 1073741823 (most g) /\ length (least g) = n.

Definition okunits (n : nat) (units : list (list (known int))) : Prop :=
  Forall (Forall okk) units /\ Z.of_nat (length units) <= Z.of_nat n.

Section Tree.

Variables (d b : Z) (n : nat) (r : rule int) (g : goal int).
Hypothesis OK : ok_rule d (Z.of_nat n) b r.
Hypothesis G : okgoal n g.

Lemma small_goal : small 2147483647 (least g) /\ small 2147483647 (most g).
Proof.
  destruct G as (G1 & G2 & _).
  split; apply (small_more 1073741823); auto; clear; lia.
Qed.

Lemma maps_from : forall m, Forall (small 8192) m -> length m = n ->
  okmaps n (MakeMaps m (OverInt.transpose n m)).
Proof.
  intros m H L. split; [exact H|]. split; [exact L|]. apply transpose_small. exact H.
Qed.

Lemma n_small : Z.of_nat n <= 4096.
Proof. destruct (ok_n _ _ _ _ OK) as [[_ H] _]. exact H. Qed.

Definition agrees (p : tree) : Prop := forall h a box units,
  okmaps n a -> okbox box -> (length box <= n)%nat -> okunits n units ->
  OverInt.check_tree r g n h a box units p =
  OverZ.check_tree (zrule r) (zgoal g) n h (zmaps a) (zbox box) (map (map zk) units) p.

(** A history is checked in a box of its own. *)
Lemma agrees_history : forall p, agrees p -> forall h units, okunits n units ->
  match OverInt.rows_of n (kinds h) (seq 0 n) with
  | None => false
  | Some m =>
      OverInt.check_tree r g n h (MakeMaps m (OverInt.transpose n m))
        (OverInt.box_of (kinds h) (most g) (least g) (most g)) units p
  end =
  match OverZ.rows_of n (kinds h) (seq 0 n) with
  | None => false
  | Some m =>
      OverZ.check_tree (zrule r) (zgoal g) n h (MakeMaps m (OverZ.transpose n m))
        (OverZ.box_of (kinds h) (map z (most g)) (map z (least g)) (map z (most g)))
        (map (map zk) units) p
  end.
Proof.
  intros p A h units U. destruct (z_rows_of n (kinds h) n_small (seq 0 n)) as [R1 R2].
  rewrite <- R1. destruct (OverInt.rows_of n (kinds h) (seq 0 n)) as [m|]; [|reflexivity].
  cbn [option_map]. destruct (R2 m eq_refl) as [M1 M2]. rewrite seq_length in M2.
  destruct G as (G1 & G2 & G3).
  destruct (z_box_of (most g) (kinds h) (least g) (most g) G2 G1 G2) as (B1 & B2 & B3).
  rewrite A; [|apply maps_from; assumption | exact B2 | rewrite G3 in B3; exact B3 | exact U].
  rewrite B1. unfold zmaps. cbn [by_input by_coordinate]. rewrite z_transpose. reflexivity.
Qed.

Lemma last_within : forall l x, small 144115188075855872 l -> within 144115188075855872 (z x) ->
  within 144115188075855872 (z (OverInt.last_of l x)).
Proof.
  induction l as [|y l IH]; intros x Hl Hx; [exact Hx|].
  inversion Hl; subst. apply IH; assumption.
Qed.

Lemma rev_units : forall units, okunits n units -> okunits n (rev units).
Proof.
  intros units [U1 U2]. split; [apply Forall_rev; exact U1 | rewrite rev_length; exact U2].
Qed.

Lemma z_chain_of : forall h a, okmaps n a ->
  zchain (OverInt.chain_of g h (by_input a)) =
    OverZ.chain_of (zgoal g) h (map (map z) (by_input a)) /\
  okchain (OverInt.chain_of g h (by_input a)).
Proof.
  intros h a _. unfold OverInt.chain_of, OverZ.chain_of. destruct (top h) as [t|];
    [|split; [reflexivity | exact I]].
  set (row := nth t (by_input a) []).
  assert (R : nth t (map (map z) (by_input a)) [] = map z row)
    by (unfold row; change (@nil Z) with (map z []); apply map_nth).
  rewrite R.
  assert (E : forall l, forallb (fun v => PrimInt63.lesb OverInt.zero v && PrimInt63.lesb v
      OverInt.one) l = forallb (fun v => (0 <=? v) && (v <=? 1)) (map z l)).
  { induction l as [|v l IH]; [reflexivity|]. cbn [forallb map]. rewrite IH, !z_leb.
    constants. reflexivity. }
  rewrite E. constants.
  destruct (forallb (fun v => (0 <=? v) && (v <=? 1)) (map z row)) eqn:C;
    [|split; [reflexivity | exact I]].
  split.
  - cbn [zchain option_map fst snd zgoal most]. f_equal. f_equal.
    symmetry. exact (map_nth z (most g) OverInt.zero t).
  - split.
    + rewrite forallb_forall in C. apply Forall_forall. intros v Hv.
      specialize (C (z v) (in_map z row v Hv)). apply andb_prop in C. destruct C as [C1 C2].
      apply Z.leb_le in C1, C2. unfold within. lia.
    + destruct G as (_ & G2 & _). destruct (nth_in_or_default t (most g) OverInt.zero) as [H | H].
      * unfold small in G2. rewrite Forall_forall in G2. apply G2. exact H.
      * rewrite H. vm_compute. split; discriminate.
Qed.

Lemma z_check_tree : forall p, agrees p.
Proof.
  destruct small_goal as [SL SM]. assert (NS := n_small).
  induction p; intros h a box units (A1 & A2 & A3) Hb Hlen (U1 & U2);
    cbn [OverInt.check_tree OverZ.check_tree];
    (destruct (z_tighten (by_input a) (least g) (most g) box A1 SL SM Hb ltac:(clear - Hlen NS;
        lia))
      as [T1 T2];
     cbn [by_input by_coordinate zmaps least most first wanted zgoal]; rewrite <- T1;
     destruct (OverInt.tighten (by_input a) (least g) (most g) box) as [box1|];
       cbn [option_map]; [|reflexivity];
     destruct (T2 box1 eq_refl) as [Hb1 Hlen1]; clear T1 T2;
     destruct (z_size box1 OverInt.zero 0 Hb1) as [S1 S2];
       [rewrite z_zero; clear; lia | clear - Hlen Hlen1 NS; lia |];
     rewrite z_ltb; rewrite z_zero in *; change OverZ.zero with 0; change OverZ.wide with
         2147483647;
     rewrite z_wide, <- S1;
     destruct (Z.ltb_spec 2147483647 (z (OverInt.size box1 OverInt.zero))) as [W | W];
       [reflexivity|];
     rewrite S2 in W; rewrite Z.add_0_l in W; clear S1 S2;
     assert (NB : 0 + Z.of_nat (length (by_input a)) * 17592186044416 <= 144115188075855872)
       by (rewrite A2; clear - NS; lia);
     destruct (z_negatives_of box1 W (by_input a) OverInt.zero 0 A1) as [N1 N2];
       [rewrite z_zero; unfold within; clear; lia | exact NB |];
     rewrite z_zero in N1; cbv zeta;
     first [match goal with |- false = false => reflexivity end |
     destruct (z_chain_of h a ltac:(split; [exact A1 | split; assumption])) as [HC1 HC];
     rewrite <- N1, <- HC1; clear HC1;
     set (chain := OverInt.chain_of g h (by_input a)) in *;
     set (negatives := OverInt.negatives_of (by_input a) box1 OverInt.zero) in *;
     assert (NL : within 144115188075855872 (z (OverInt.last_of negatives OverInt.zero)))
       by (apply last_within; [exact N2 | rewrite z_zero; unfold within; clear; lia]);
     assert (BU : forall begin amount,
       map (map zk) (OverInt.bound_units r (by_coordinate a) box1 chain begin amount [] units
           negatives) =
       OverZ.bound_units (zrule r) (map (map z) (by_coordinate a)) (zbox box1) (zchain chain) begin amount
         [] (map (map zk) units) (map z negatives) /\
       okunits n (OverInt.bound_units r (by_coordinate a) box1 chain begin amount [] units negatives))
       by (intros begin0 amount0;
           destruct (z_bound_units d (Z.of_nat n) b r (by_coordinate a) box1 chain OK A3 W HC units begin0
             amount0 [] negatives ltac:(constructor) U1 ltac:(exact U2) N2) as (B1 & B2 & B3);
           split; [exact B1 | split; assumption])]).
  - destruct (BU begin (Nat.sub n begin)) as [B1 [B2 B3]]. rewrite <- B1.
    apply (z_proved d (Z.of_nat n) b r (by_coordinate a) box1 chain OK). constructor; assumption.
  - destruct (BU begin (Nat.sub n begin)) as [B1 [B2 B3]]. rewrite <- B1.
    replace (OverZ.last_of (map z negatives) 0) with (z (OverInt.last_of negatives OverInt.zero))
      by (rewrite z_last_of, z_zero; reflexivity).
    apply (z_all_by_cases d (Z.of_nat n) b r (by_coordinate a) box1 chain OK);
      [constructor; assumption | exact (ok_rows _ _ _ _ OK)].
  - destruct (BU begin (Nat.sub stop begin)) as [B1 B2]. rewrite <- B1, <- map_rev.
    apply rev_units in B2.
    destruct (z_halves box1 coordinate Hb1) as (H1 & H2 & H3 & H4 & H5). rewrite <- H1.
    destruct (OverInt.halves coordinate box1) as [low high]. cbn [fst snd] in *.
    assert (A : okmaps n a) by (split; [exact A1 | split; assumption]).
    rewrite IHp1, IHp2; auto; [rewrite H5 | rewrite H4]; clear - Hlen Hlen1; lia.
  - destruct (BU begin (Nat.sub stop begin)) as [B1 B2]. rewrite <- B1, <- map_rev.
    apply rev_units in B2. destruct (top h); [reflexivity|].
    rewrite (agrees_history p1 IHp1 (with_new h) _ B2).
    rewrite (agrees_history p2 IHp2 (with_below h) _ B2).
    reflexivity.
  - destruct (BU begin (Nat.sub stop begin)) as [B1 B2]. rewrite <- B1, <- map_rev.
    apply rev_units in B2. destruct (top h) as [t|]; [|reflexivity].
    rewrite (agrees_history p1 IHp1 (with_new h) _ B2).
    rewrite (agrees_history p2 IHp2 (with_between h t) _ B2).
    rewrite (agrees_history p3 IHp3 (with_below h) _ B2).
    reflexivity.
Qed.

Lemma zbox_combine : forall u v, zbox (combine u v) = combine (map z u) (map z v).
Proof.
  induction u as [|x u IH]; intros [|y v]; try reflexivity.
  cbn [combine zbox map fst snd]. f_equal. apply IH.
Qed.

Lemma okbox_combine : forall u v, small 2147483647 u -> small 2147483647 v -> okbox (combine u v).
Proof.
  induction u as [|x u IH]; intros [|y v] Hu Hv; try constructor.
  - inversion Hu; subst. inversion Hv; subst. split; assumption.
  - inversion Hu; subst. inversion Hv; subst. apply IH; assumption.
Qed.

Lemma z_check_pair : forall units p,
  OverInt.check_pair r g units n p = OverZ.check_pair (zrule r) (zgoal g) units n p.
Proof.
  intros units p. unfold OverInt.check_pair, OverZ.check_pair. cbv zeta.
  destruct small_goal as [SL SM].
  assert (E : map (map z) (map (OverInt.basis n) (seq 0 n)) = map (OverZ.basis n) (seq 0 n)).
  { rewrite map_map. apply map_ext. intros t. apply z_basis. }
  assert (M : okmaps n (MakeMaps (map (OverInt.basis n) (seq 0 n))
                 (OverInt.transpose n (map (OverInt.basis n) (seq 0 n))))).
  { apply maps_from; [|rewrite map_length, seq_length; reflexivity].
    rewrite Forall_map. apply Forall_forall. intros t _.
    apply (small_more 1); [clear; lia | apply basis_small]. }
  rewrite z_check_tree.
  - unfold zmaps. cbn [by_input by_coordinate]. rewrite z_transpose, E, zbox_combine, !map_repeat.
    reflexivity.
  - exact M.
  - apply okbox_combine; assumption.
  - rewrite combine_length. destruct G as (_ & _ & G3). rewrite G3. clear; lia.
  - split.
    + apply Forall_forall. intros l Hl. apply repeat_spec in Hl. subst l.
      apply Forall_forall. intros k Hk. apply repeat_spec in Hk. subst k.
      vm_compute. repeat split; discriminate.
    + rewrite repeat_length. clear; lia.
Qed.

End Tree.
