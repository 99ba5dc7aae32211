(** *** Orders of inputs: coordinates, their maps and their boxes *)

Lemma lin_zero : forall row k y, lin (row ++ repeat 0%Z k) y == lin row y.
Proof.
  induction row as [|a row IH]; intros k y; simpl; [|rewrite IH; reflexivity].
  revert y. induction k as [|k IH]; intros y; simpl;
      [ring|]. rewrite IH. change (inject_Z 0) with 0.
  ring.
Qed.

Lemma zip_add : forall u v y, length u = length v ->
  lin (OverZ.zip Z.add u v) y == lin u y + lin v y.
Proof.
  induction u as [|a u IH]; intros [|b v] y H; try discriminate; simpl; [ring|].
  rewrite IH, inject_Z_plus by (simpl in H; lia). ring.
Qed.

Lemma zip_sub : forall u v y, length u = length v ->
  lin (OverZ.zip Z.sub u v) y == lin u y - lin v y.
Proof.
  induction u as [|a u IH]; intros [|b v] y H; try discriminate; simpl; [ring|].
  rewrite IH, inject_sub by (simpl in H; lia). ring.
Qed.

Lemma basis_length : forall n t, length (OverZ.basis n t) = n.
Proof. intros. unfold OverZ.basis. rewrite map_length. apply seq_length. Qed.

Lemma basis_lin : forall n t y, (t < n)%nat -> lin (OverZ.basis n t) y == y t.
Proof.
  intros n t y Ht. unfold OverZ.basis. change OverZ.one with 1%Z. change OverZ.zero with 0%Z.
  enough (G : forall s k y, lin (map (fun k => if Nat.eqb k t then 1%Z else 0%Z) (seq s k)) y ==
    if (s <=? t)%nat && (t <? s + k)%nat then y (t - s)%nat else 0).
  { rewrite (G O n y), Nat.sub_0_r. simpl. destruct (Nat.ltb_spec t n); [reflexivity|lia]. }
  clear. intros s k. revert s. induction k as [|k IH]; intros s y; simpl.
  - destruct (Nat.leb_spec s t), (Nat.ltb_spec t (s + 0)); simpl; try reflexivity; lia.
  - rewrite IH. destruct (Nat.eqb_spec s t) as [-> | E].
    + destruct (Nat.leb_spec t t), (Nat.leb_spec (S t) t), (Nat.ltb_spec t (t + S k)); simpl;
        try lia.
      rewrite Nat.sub_diag. change (inject_Z 1) with 1. ring.
    + change (inject_Z 0) with 0.
      destruct (Nat.leb_spec s t), (Nat.leb_spec (S s) t), (Nat.ltb_spec t (s + S k)),
        (Nat.ltb_spec t (S s + k)); simpl; try lia; try ring.
      replace (t - s)%nat with (S (t - S s)) by lia. ring.
Qed.

Section Orders.

Variables (n : nat) (x : nat -> Q).

(** An input, or 0. *)
Definition value (p : option nat) : Q := match p with None => 0 | Some t => x t end.

Definition in_range (p : option nat) : Prop := match p with None => True | Some t => (t < n)%nat
    end.

(** The coordinate of an input of a kind. *)
Definition measured (k : kind) (x_t : Q) : Q :=
  match k with
  | Free => x_t
  | Above p => x_t - value p
  | Under p => value p - x_t
  end.

Definition coordinate (kinds : list kind) (t : nat) : Q := measured (nth t kinds Free) (x t).

Definition right (k : kind) (x_t : Q) : Prop :=
  match k with
  | Free => True
  | Above p => in_range p /\ 0 <= value p /\ value p <= x_t
  | Under p => in_range p /\ x_t <= value p
  end.

(** [x] has the order [h]. *)
Definition follows (h : history) : Prop :=
  (forall t, right (nth t (kinds h) Free) (x t)) /\
  in_range (top h) /\ in_range (second h) /\
  0 <= value (second h) /\ value (second h) <= value (top h).

Lemma nth_snoc : forall (l : list kind) k t,
  nth t (l ++ [k]) Free = nth t l Free \/ (t = length l /\ nth t (l ++ [k]) Free = k).
Proof.
  intros l k t. destruct (Nat.lt_trichotomy t (length l)) as [H | [H | H]].
  - left. apply app_nth1. exact H.
  - right. split; [exact H|]. rewrite app_nth2 by lia. rewrite H, Nat.sub_diag. reflexivity.
  - left. rewrite !nth_overflow; [reflexivity | lia | rewrite app_length; simpl; lia].
Qed.

Lemma nth_replace : forall l i k t,
  nth t (replace i k l) Free = nth t l Free \/ (t = i /\ nth t (replace i k l) Free = k).
Proof.
  induction l as [|a l IH]; intros i k t; [left; destruct i; reflexivity|].
  destruct i as [|i], t as [|t]; simpl; auto. destruct (IH i k t) as [E | [-> E]]; auto.
Qed.

Lemma follows_new : forall h, follows h -> (length (kinds h) < n)%nat ->
  value (top h) <= x (length (kinds h)) -> follows (with_new h).
Proof.
  intros h (F & T & S & F1 & F2) L H. unfold with_new.
  split; [|simpl; repeat split; auto; lra]. intros t. simpl.
  destruct (nth_snoc (kinds h) (Above (top h)) t) as [-> | [-> ->]]; [apply F|].
  simpl. repeat split; auto. lra.
Qed.

Lemma follows_below : forall h, follows h -> (length (kinds h) < n)%nat ->
  x (length (kinds h)) <= value (second h) -> follows (with_below h).
Proof.
  intros h (F & T & S & F1 & F2) L H. unfold with_below.
  split; [|simpl; repeat split; auto]. intros t. simpl.
  destruct (nth_snoc (kinds h) (Under (second h)) t) as [-> | [-> ->]]; [apply F|]. simpl. auto.
Qed.

Lemma follows_between : forall h a, follows h -> (length (kinds h) < n)%nat -> top h = Some a ->
  value (second h) <= x (length (kinds h)) -> x (length (kinds h)) <= x a ->
  follows (with_between h a).
Proof.
  intros h a (F & T & S & F1 & F2) L E H H'. unfold with_between. rewrite E in *.
  split; [|simpl in *; repeat split; auto; lra]. intros t. simpl.
  destruct (nth_snoc (replace a (Above (Some (length (kinds h)))) (kinds h)) (Above (second h)) t)
    as [-> | [-> ->]].
  - destruct (nth_replace (kinds h) a (Above (Some (length (kinds h)))) t) as [-> | [-> ->]];
      [apply F|]. simpl. repeat split; auto. lra.
  - assert (Lr : length (replace a (Above (Some (length (kinds h)))) (kinds h)) = length (kinds
      h)).
    { generalize (Above (Some (length (kinds h)))). clear. intros k. revert a.
      induction (kinds h) as [|b l IH]; intros [|a]; simpl; auto. }
    rewrite Lr. simpl. repeat split; auto.
Qed.

(** *** A row of A *)

Lemma row_of_true : forall kinds, (forall t, right (nth t kinds Free) (x t)) ->
  forall fuel p row, in_range p -> OverZ.row_of n kinds fuel p = Some row ->
  length row = n /\ lin row (coordinate kinds) == value p.
Proof.
  intros kinds F fuel. induction fuel as [|fuel IH]; intros p row Hp H.
  - destruct p; [discriminate|]. injection H as <-. rewrite repeat_length. split; [reflexivity|].
    apply (lin_zero []).
  - destruct p as [t|]; [|injection H as <-; rewrite repeat_length; split;
      [reflexivity | apply (lin_zero [])]].
    simpl in Hp. cbn [OverZ.row_of] in H. specialize (F t).
    assert (B := basis_lin n t (coordinate kinds) Hp).
    unfold coordinate in B at 2. assert (Bl := basis_length n t).
    destruct (nth t kinds Free) as [|p|p].
    + injection H as <-. split; [exact Bl | exact B].
    + destruct (OverZ.row_of n kinds fuel p) as [row'|] eqn:R; [|discriminate]. injection H as <-.
      destruct F as (F1 & F2 & F3). destruct (IH p row' F1 R) as [I1 I2].
      split; [rewrite zip_length; congruence|]. simpl in B.
      rewrite (zip_add row' (OverZ.basis n t)) by congruence. rewrite I2, B. simpl. ring.
    + destruct (OverZ.row_of n kinds fuel p) as [row'|] eqn:R; [|discriminate]. injection H as <-.
      destruct F as (F1 & F2). destruct (IH p row' F1 R) as [I1 I2].
      split; [rewrite zip_length; congruence|]. simpl in B.
      rewrite (zip_sub row' (OverZ.basis n t)) by congruence. rewrite I2, B. simpl. ring.
Qed.

Lemma rows_of_true : forall kinds, (forall t, right (nth t kinds Free) (x t)) ->
  forall inputs m, (forall t, In t inputs -> (t < n)%nat) -> OverZ.rows_of n kinds inputs = Some m
      ->
  length m = length inputs /\ (forall row, In row m -> length row = n) /\
  forall i, (i < length inputs)%nat -> x (nth i inputs O) == lin (nth i m []) (coordinate kinds).
Proof.
  intros kinds F inputs. induction inputs as [|t inputs IH]; intros m Ht H.
  - injection H as <-. split; [reflexivity|]. split; [contradiction|]. simpl. lia.
  - cbn [OverZ.rows_of] in H.
    destruct (OverZ.row_of n kinds (S n) (Some t)) as [row|] eqn:R; [|discriminate].
    destruct (OverZ.rows_of n kinds inputs) as [rest|] eqn:Rs; [|discriminate]. injection H as <-.
    destruct (row_of_true kinds F (S n) (Some t) row (Ht t (or_introl eq_refl)) R) as [R1 R2].
    destruct (IH rest (fun t H => Ht t (or_intror H)) eq_refl) as (I1 & I2 & I3).
    split; [simpl; congruence|]. split.
    + intros row' [<- | H]; auto.
    + intros [|i] Hi; simpl nth; [rewrite R2; reflexivity|]. apply I3. simpl in Hi. lia.
Qed.

(** *** The box of an order *)

Lemma box_of_true : forall all,
  (forall t, (t < n)%nat -> x t <= inject_Z (nth t all 0%Z)) ->
  forall least most kinds z y, length most = length least ->
  (forall i, (i < length least)%nat ->
    inject_Z (nth i least 0%Z) <= z i /\ z i <= inject_Z (nth i most 0%Z) /\
    right (nth i kinds Free) (z i) /\ y i == measured (nth i kinds Free) (z i)) ->
  in_box (OverZ.box_of kinds all least most) y /\
  length (OverZ.box_of kinds all least most) = length least.
Proof.
  intros all Hall least. induction least as [|l least IH]; intros [|m most] kinds z y Hlen H;
    try discriminate; [split; [exact I | reflexivity]|].
  destruct (H O) as (H1 & H2 & H3 & H4); [simpl; lia|]. simpl nth in *.
  assert (G : forall kinds', (forall i, nth i kinds' Free = nth (S i) kinds Free) ->
    in_box (OverZ.box_of kinds' all least most) (fun i => y (S i)) /\
    length (OverZ.box_of kinds' all least most) = length least).
  { intros kinds' E. apply (IH most kinds' (fun i => z (S i))); [simpl in Hlen; lia|].
    intros i Hi. rewrite E. apply (H (S i)). simpl. lia. }
  destruct kinds as [|k kinds].
  - destruct (G [] ltac:(intros [|i]; reflexivity)) as [G1 G2]. simpl in *. rewrite G2.
    rewrite <- H4 in H1, H2. auto.
  - destruct (G kinds ltac:(reflexivity)) as [G1 G2]. simpl nth in *.
    destruct k as [|p|p]; cbn [OverZ.box_of in_box length]; rewrite G2; (split; [|reflexivity]);
      simpl in H4; rewrite H4.
    + auto.
    + destruct H3 as (P1 & P2 & P3). change (inject_Z OverZ.zero) with 0.
      repeat split; auto; lra.
    + destruct H3 as (P1 & P2). change (inject_Z OverZ.zero) with 0. rewrite inject_sub.
      split; [lra|]. split; [|exact G1]. destruct p as [p|]; simpl value in *.
      * specialize (Hall p P1). change OverZ.zero with 0%Z. lra.
      * change (inject_Z OverZ.zero) with 0. lra.
Qed.

(** *** Parts of boxes *)

Lemma halves_cover : forall box c y, in_box box y ->
  let '(low, high) := OverZ.halves c box in
  length low = length box /\ length high = length box /\ (in_box low y \/ in_box high y).
Proof.
  induction box as [|[lo hi] box IH]; intros c y H; [destruct c; simpl; auto|].
  destruct H as (H1 & H2 & H3). destruct c as [|c].
  - simpl. set (middle := Z.shiftr (lo + hi) OverZ.one). split; [reflexivity|]. split;
      [reflexivity|].
    destruct (Qlt_le_dec (y O) (inject_Z middle)) as [C | C]; [left | right]; repeat split; auto;
        lra.
  - specialize (IH c _ H3). simpl. destruct (OverZ.halves c box) as [low high].
    destruct IH as (I1 & I2 & I3). simpl. destruct I3; auto 6.
Qed.

Lemma tighten_step : forall row m l least u most box,
  OverZ.tighten (row :: m) (l :: least) (u :: most) box =
  (let '(low, up) := OverZ.range row box 0 0 in
   if (u <? low) || (up <? l) then None
   else OverZ.tighten m least most (OverZ.shrink row box (u - low) (up - l)))%Z.
Proof. reflexivity. Qed.

Lemma tighten_true : forall y m least most box,
  in_box box y -> (forall row, In row m -> length row = length box) ->
  (forall t, (t < length m)%nat -> inject_Z (nth t least 0%Z) <= lin (nth t m []) y /\
                           lin (nth t m []) y <= inject_Z (nth t most 0%Z)) ->
  exists box', OverZ.tighten m least most box = Some box' /\ in_box box' y /\ length box' = length
      box.
Proof.
  intros y m. induction m as [|row m IH]; intros least most box Hbox Hm H; [exists box; auto|].
  destruct least as [|l least]; [exists box; auto|].
  destruct most as [|u most]; [exists box; auto|]. rewrite tighten_step.
  destruct (H O) as [H1 H2]; [simpl; lia|]. simpl nth in H1, H2.
  assert (Hrow := Hm row (or_introl eq_refl)).
  destruct (range_bounds row box 0 0 y Hbox Hrow) as [R1 R2].
  change (inject_Z 0) with 0 in R1, R2.
  assert (S := shrink_in_box row box).
  destruct (OverZ.range row box 0 0) as [low up]. simpl fst in *. simpl snd in *.
  destruct (Z.ltb_spec u low) as [C | C]; [apply inject_lt in C; lra|].
  destruct (Z.ltb_spec up l) as [C' | C']; [apply inject_lt in C'; lra|]. simpl orb. cbv iota.
  assert (L := shrink_length row box (u - low) (up - l) Hrow).
  destruct (IH least most (OverZ.shrink row box (u - low) (up - l))) as (box' & B1 & B2 & B3).
  - apply S; [exact Hbox | exact Hrow | |]; rewrite inject_sub; lra.
  - intros row' Hin. rewrite L. apply Hm. right. exact Hin.
  - intros t Ht. apply (H (Datatypes.S t)). simpl. lia.
  - exists box'. rewrite <- L. auto.
Qed.

End Orders.
