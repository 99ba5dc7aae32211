(** *** Histories *)

Lemma z_basis : forall n t, map z (OverInt.basis n t) = OverZ.basis n t.
Proof.
  intros n t. unfold OverInt.basis, OverZ.basis. rewrite map_map. apply map_ext.
  intros k. destruct (Nat.eqb k t); reflexivity.
Qed.

Lemma small_more : forall a a' l, a <= a' -> small a l -> small a' l.
Proof.
  intros a a' l H S. apply (Forall_impl _ (P := fun x => within a (z x))); [|exact S].
  intros x Hx. unfold within in *. lia.
Qed.

Lemma basis_small : forall n t, small 1 (OverInt.basis n t).
Proof.
  intros n t. unfold OverInt.basis, small. rewrite Forall_map. apply Forall_forall.
  intros k _. destruct (Nat.eqb k t); vm_compute; split; discriminate.
Qed.

Lemma z_zip_add : forall a u v, 0 <= a <= 1073741824 -> small a u -> small 1 v ->
  map z (OverInt.zip PrimInt63.add u v) = OverZ.zip Z.add (map z u) (map z v) /\
  small (a + 1) (OverInt.zip PrimInt63.add u v).
Proof.
  intros a u. induction u as [|x u IH]; intros v Ha Hu Hv; [split; [reflexivity | constructor]|].
  destruct v as [|y v]; [split; [reflexivity | constructor]|].
  inversion Hu; subst. inversion Hv; subst. destruct (IH v) as [R1 R2]; auto.
  cbn [OverInt.zip OverZ.zip map]. rewrite R1.
  assert (E : z (PrimInt63.add x y) = z x + z y) by (apply z_add; unfold within in *; lia).
  rewrite E. split; [reflexivity|]. constructor; [rewrite E; unfold within in *; lia | exact R2].
Qed.

Lemma z_zip_sub : forall a u v, 0 <= a <= 1073741824 -> small a u -> small 1 v ->
  map z (OverInt.zip PrimInt63.sub u v) = OverZ.zip Z.sub (map z u) (map z v) /\
  small (a + 1) (OverInt.zip PrimInt63.sub u v).
Proof.
  intros a u. induction u as [|x u IH]; intros v Ha Hu Hv; [split; [reflexivity | constructor]|].
  destruct v as [|y v]; [split; [reflexivity | constructor]|].
  inversion Hu; subst. inversion Hv; subst. destruct (IH v) as [R1 R2]; auto.
  cbn [OverInt.zip OverZ.zip map]. rewrite R1.
  assert (E : z (PrimInt63.sub x y) = z x - z y) by (apply z_sub; unfold within in *; lia).
  rewrite E. split; [reflexivity|]. constructor; [rewrite E; unfold within in *; lia | exact R2].
Qed.

Lemma zeros_small : forall n, small 0 (repeat OverInt.zero n).
Proof.
  intros n. apply Forall_forall. intros x Hx. apply repeat_spec in Hx. subst x.
  vm_compute. split; discriminate.
Qed.

Lemma map_repeat : forall (A B : Type) (f : A -> B) x n, map f (repeat x n) = repeat (f x) n.
Proof. intros A B f x n. induction n as [|n IH]; [reflexivity|]. simpl. rewrite IH. reflexivity.
    Qed.

Lemma z_row_of : forall n kinds fuel t, Z.of_nat fuel <= 8192 ->
  option_map (map z) (OverInt.row_of n kinds fuel t) = OverZ.row_of n kinds fuel t /\
  forall row, OverInt.row_of n kinds fuel t = Some row -> small (Z.of_nat fuel) row.
Proof.
  intros n kinds fuel. induction fuel as [|fuel IH]; intros t Hf; destruct t as [t|].
  - split; [reflexivity | discriminate].
  - cbn [OverInt.row_of OverZ.row_of option_map]. rewrite map_repeat. split; [reflexivity|].
    intros row [= <-]. apply zeros_small.
  - rewrite Nat2Z.inj_succ in *. cbn [OverInt.row_of OverZ.row_of].
    destruct (nth t kinds Free) as [|p|p].
    + cbn [option_map]. rewrite z_basis. split; [reflexivity|]. intros row [= <-].
      apply (small_more 1); [lia | apply basis_small].
    + destruct (IH p) as [R1 R2]; [lia|]. rewrite <- R1.
      destruct (OverInt.row_of n kinds fuel p) as [row|]; [|split; [reflexivity | discriminate]].
      destruct (z_zip_add (Z.of_nat fuel) row (OverInt.basis n t)) as [S1 S2];
        [lia | auto | apply basis_small |].
      cbn [option_map]. rewrite z_basis in S1. rewrite S1. split; [reflexivity|].
      intros row' [= <-]. apply (small_more (Z.of_nat fuel + 1)); [lia | exact S2].
    + destruct (IH p) as [R1 R2]; [lia|]. rewrite <- R1.
      destruct (OverInt.row_of n kinds fuel p) as [row|]; [|split; [reflexivity | discriminate]].
      destruct (z_zip_sub (Z.of_nat fuel) row (OverInt.basis n t)) as [S1 S2];
        [lia | auto | apply basis_small |].
      cbn [option_map]. rewrite z_basis in S1. rewrite S1. split; [reflexivity|].
      intros row' [= <-]. apply (small_more (Z.of_nat fuel + 1)); [lia | exact S2].
  - cbn [OverInt.row_of OverZ.row_of option_map]. rewrite map_repeat. split; [reflexivity|].
    intros row [= <-]. apply (small_more 0); [lia | apply zeros_small].
Qed.

Lemma z_rows_of : forall n kinds, Z.of_nat n <= 4096 -> forall inputs,
  option_map (map (map z)) (OverInt.rows_of n kinds inputs) = OverZ.rows_of n kinds inputs /\
  forall rows, OverInt.rows_of n kinds inputs = Some rows ->
    Forall (small 8192) rows /\ length rows = length inputs.
Proof.
  intros n kinds Hn inputs. induction inputs as [|t inputs [R1 R2]].
  - split; [reflexivity|]. intros rows [= <-]. split; [constructor | reflexivity].
  - cbn [OverInt.rows_of OverZ.rows_of].
    destruct (z_row_of n kinds (S n) (Some t)) as [S1 S2]; [lia|].
    set (rowi := OverInt.row_of n kinds (S n) (Some t)) in *.
    rewrite <- S1, <- R1. destruct rowi as [row|]; [|split; [reflexivity | discriminate]].
    destruct (OverInt.rows_of n kinds inputs) as [rest|]; [|split; [reflexivity | discriminate]].
    split; [reflexivity|]. intros rows [= <-]. destruct (R2 rest eq_refl) as [U1 U2].
    split; [|simpl; lia]. constructor; [|exact U1].
    apply (small_more (Z.of_nat (S n))); [lia | apply S2; reflexivity].
Qed.

Lemma z_transpose : forall n m,
  map (map z) (OverInt.transpose n m) = OverZ.transpose n (map (map z) m).
Proof.
  intros n m. unfold OverInt.transpose, OverZ.transpose. rewrite map_map. apply map_ext.
  intros k. rewrite !map_map. apply map_ext. intros row.
  change OverZ.zero with (z OverInt.zero). symmetry. apply map_nth.
Qed.

Lemma transpose_small : forall n m, Forall (small 8192) m -> columns_ok (OverInt.transpose n m).
Proof.
  intros n m H. unfold OverInt.transpose, columns_ok. rewrite Forall_map. apply Forall_forall.
  intros k _. unfold small. rewrite Forall_map. apply (Forall_impl _ (P := small 8192)); [|exact
      H].
  intros row Hrow. destruct (nth_in_or_default k row OverInt.zero) as [I | E].
  - unfold small in Hrow. rewrite Forall_forall in Hrow. apply Hrow. exact I.
  - rewrite E. vm_compute. split; discriminate.
Qed.

Lemma z_box_of : forall all kinds least most,
  small 1073741823 all -> small 1073741823 least -> small 1073741823 most ->
  zbox (OverInt.box_of kinds all least most) =
    OverZ.box_of kinds (map z all) (map z least) (map z most) /\
  okbox (OverInt.box_of kinds all least most) /\
  (length (OverInt.box_of kinds all least most) <= length least)%nat.
Proof.
  intros all kinds least. revert kinds.
  induction least as [|l least IH]; intros kinds most Ha Hl Hm.
  { cbn [OverInt.box_of length]. split; [reflexivity | split; [constructor | lia]]. }
  destruct most as [|m most].
  { cbn [OverInt.box_of length]. split; [reflexivity | split; [constructor | lia]]. }
  inversion Hl as [|? ? Hl1 Hl']; subst. inversion Hm as [|? ? Hm1 Hm']; subst.
  assert (G : forall p, let e := match p with Some i => nth i all OverInt.zero | None =>
      OverInt.zero end in
    z (PrimInt63.sub e l) =
      match p with Some i => nth i (map z all) OverZ.zero | None => OverZ.zero end - z l /\
    within 2147483647 (z (PrimInt63.sub e l))).
  { intros p e.
    assert (E : z e = match p with Some i => nth i (map z all) OverZ.zero | None => OverZ.zero
        end).
    { unfold e. destruct p as [i|]; [|reflexivity].
      change OverZ.zero with (z OverInt.zero). symmetry. apply map_nth. }
    assert (W : within 1073741823 (z e)).
    { unfold e. destruct p as [i|]; [|vm_compute; split; discriminate].
      destruct (nth_in_or_default i all OverInt.zero) as [I | E'].
      - unfold small in Ha. rewrite Forall_forall in Ha. apply Ha. exact I.
      - rewrite E'. vm_compute. split; discriminate. }
    assert (S : z (PrimInt63.sub e l) = z e - z l) by (apply z_sub; unfold within in *; lia).
    rewrite S. rewrite E in *. split; [reflexivity | unfold within in *; lia]. }
  cbn [OverInt.box_of OverZ.box_of map length].
  assert (Z0 : within 2147483647 (z OverInt.zero)) by (vm_compute; split; discriminate).
  destruct kinds as [|[|p|p] kinds].
  - destruct (IH [] most Ha Hl' Hm') as (R1 & R2 & R3). cbn [zbox map fst snd length].
    unfold zbox in R1. rewrite R1. split; [reflexivity|]. split; [|lia].
    constructor; [split; cbn [fst snd]; unfold within in *; lia | exact R2].
  - destruct (IH kinds most Ha Hl' Hm') as (R1 & R2 & R3). cbn [zbox map fst snd length].
    unfold zbox in R1. rewrite R1. split; [reflexivity|]. split; [|lia].
    constructor; [split; cbn [fst snd]; unfold within in *; lia | exact R2].
  - destruct (IH kinds most Ha Hl' Hm') as (R1 & R2 & R3). cbn [zbox map fst snd length].
    unfold zbox in R1. rewrite R1. split; [reflexivity|]. split; [|lia].
    constructor; [split; cbn [fst snd]; [exact Z0 | unfold within in *; lia] | exact R2].
  - destruct (IH kinds most Ha Hl' Hm') as (R1 & R2 & R3). cbn [zbox map fst snd length].
    unfold zbox in R1. rewrite R1. destruct (G p) as [G1 G2]. rewrite G1.
    split; [reflexivity|]. split; [|lia].
    constructor; [split; cbn [fst snd]; [exact Z0 | exact G2] | exact R2].
Qed.

Lemma z_halves : forall box c, okbox box ->
  (zbox (fst (OverInt.halves c box)), zbox (snd (OverInt.halves c box))) =
    OverZ.halves c (zbox box) /\
  okbox (fst (OverInt.halves c box)) /\ okbox (snd (OverInt.halves c box)) /\
  length (fst (OverInt.halves c box)) = length box /\
  length (snd (OverInt.halves c box)) = length box.
Proof.
  induction box as [|[lo hi] box IH]; intros c Hb.
  - destruct c; repeat split; constructor.
  - inversion Hb as [|? ? [H1 H2] Hb']; subst. cbn [fst snd] in *.
    destruct c as [|c].
    + cbn [OverInt.halves OverZ.halves zbox map fst snd length]. fold (zbox box).
      assert (E1 : z (PrimInt63.add lo hi) = z lo + z hi) by (apply z_add; unfold within in *;
          lia).
      assert (E2 : z (PrimInt63.asr (PrimInt63.add lo hi) OverInt.one) = Z.shiftr (z lo + z hi) 1)
        by (rewrite z_shr, E1; constants; [reflexivity | lia]).
      assert (W : within 2147483647 (z (PrimInt63.asr (PrimInt63.add lo hi) OverInt.one))).
      { rewrite E2. apply shiftr_within; try lia. change (2 ^ 1) with 2. unfold within in *. lia.
          }
      rewrite E2 in *. change OverZ.one with 1. split; [reflexivity|].
      split; [constructor; [split; cbn [fst snd]; [exact H1 | rewrite E2; exact W] | exact Hb']|].
      split; [constructor; [split; cbn [fst snd]; [rewrite E2; exact W | exact H2] | exact Hb']|].
      split; reflexivity.
    + destruct (IH c Hb') as (R1 & R2 & R3 & R4 & R5).
      cbn [OverInt.halves OverZ.halves zbox map fst snd]. fold (zbox box). rewrite <- R1.
      destruct (OverInt.halves c box) as [low high]. cbn [fst snd zbox map length] in *.
      split; [reflexivity|]. rewrite R4, R5.
      split; [constructor; [split; assumption | exact R2]|].
      split; [constructor; [split; assumption | exact R3]|]. split; reflexivity.
Qed.
