(** *** Bounds of units, and of rows by cases of units *)

Lemma bits_few : Forall (fun F => 12 <= F <= 24)%Z OverZ.fractions.
Proof. repeat constructor; cbv; discriminate. Qed.

Lemma negatives_step : forall row m box s,
  OverZ.negatives_of (row :: m) box s =
  (let s' := s + OverZ.max (0 - fst (OverZ.range row box 0 0)) 0 in
   s' :: OverZ.negatives_of m box s')%Z.
Proof. reflexivity. Qed.

Lemma negatives_length : forall m box s, length (OverZ.negatives_of m box s) = length m.
Proof. induction m as [|row m IH]; intros; [reflexivity|]. simpl. f_equal. apply IH. Qed.

Lemma negatives_bound : forall m box y, in_box box y ->
  forall s x t,
  (forall row, In row m -> length row = length box) ->
  (forall t, (t < length m)%nat -> x t == lin (nth t m []) y) ->
  (t < length m)%nat ->
  inject_Z s + sum (S t) (fun t => deficit (x t)) <= inject_Z (nth t (OverZ.negatives_of m box s)
      0%Z).
Proof.
  intros m box y Hbox. induction m as [|row m IH]; intros s x t Hm Hx Ht; [simpl in Ht; lia|].
  rewrite negatives_step, max_Z. cbv zeta.
  destruct (range_bounds row box 0 0 y Hbox (Hm row (or_introl eq_refl))) as [R _].
  assert (X := Hx O ltac:(simpl; lia)). change (nth 0 (row :: m) []) with row in X.
  set (l := fst (OverZ.range row box 0 0)) in *. change (inject_Z 0) with 0 in R.
  assert (D : deficit (x O) <= inject_Z (Z.max (0 - l) 0)).
  { unfold deficit. rewrite <- inject_max, inject_sub. change (inject_Z 0) with 0.
    apply Q.max_lub; [apply Q.le_max_r|].
    apply Qle_trans with (0 - inject_Z l); [lra | apply Q.le_max_l]. }
  rewrite sum_first. destruct t as [|t].
  - cbn [nth sum]. rewrite inject_Z_plus. lra.
  - cbn [nth]. simpl in Ht.
    assert (I := IH (s + Z.max (0 - l) 0)%Z (fun t => x (S t)) t
      (fun row H => Hm row (or_intror H)) (fun t H => Hx (S t) ltac:(simpl; lia)) ltac:(lia)).
    rewrite inject_Z_plus in I. lra.
Qed.

Lemma last_of_nth : forall (l : list Z) v, (0 < length l)%nat ->
  OverZ.last_of l v = nth (length l - 1) l 0%Z.
Proof.
  induction l as [|a l IH]; intros v H; [simpl in H; lia|]. simpl.
  destruct l as [|b l]; [reflexivity|]. rewrite IH by (simpl; lia). simpl. rewrite Nat.sub_0_r.
  reflexivity.
Qed.

Lemma improve_all_nth : forall r columns box chain past negative units ps i k,
  nth_error (OverZ.improve_all r columns box chain past negative units ps) i = Some k ->
  exists u p, nth_error units i = Some u /\ nth_error ps i = Some p /\
  k = OverZ.improve r columns box chain past negative u p.
Proof.
  intros r columns box chain past negative units.
  induction units as [|u units IH]; intros ps i k H; [destruct i; discriminate|].
  destruct ps as [|p ps]; [destruct i; discriminate|]. destruct i as [|i].
  - injection H as <-. exists u, p. auto.
  - exact (IH ps i k H).
Qed.

Lemma improve_all_length : forall r columns box chain past negative units ps,
  length ps = length units ->
  length (OverZ.improve_all r columns box chain past negative units ps) = length units.
Proof.
  intros r columns box chain past negative units.
  induction units as [|u units IH]; intros [|p ps] H; try discriminate; [reflexivity|].
  simpl. f_equal. apply IH. simpl in H. lia.
Qed.

Lemma improve_eq : forall r columns box chain past negative b a s plus g minus g',
  OverZ.improve r columns box chain past negative (Known b a s) (Pre plus g minus g') =
  if ((-128 <=? b) || (a <=? 128))%Z then Known b a s
  else
    (let low := match OverZ.bound r columns box chain past plus [g] negative with
                | None => b
                | Some v => OverZ.min (OverZ.max b v) a
                end in
     let up := if -128 <=? low then a
               else match OverZ.bound r columns box chain past minus [g'] negative with
                    | None => a
                    | Some v => OverZ.max (OverZ.min a (0 - v)) low
                    end in
     OverZ.known_as low up)%Z.
Proof. reflexivity. Qed.

Lemma improve_as : forall r columns box chain past negative b a s plus g minus g',
  OverZ.improve r columns box chain past negative (Known b a s) (Pre plus g minus g') =
  if ((-128 <=? b) || (a <=? 128))%Z then Known b a s
  else
    (let low := match OverZ.bound r columns box chain past plus [g] negative with
                | None => b
                | Some v => Z.min (Z.max b v) a
                end in
     let up := if -128 <=? low then a
               else match OverZ.bound r columns box chain past minus [g'] negative with
                    | None => a
                    | Some v => Z.max (Z.min a (0 - v)) low
                    end in
     OverZ.known_as low up)%Z.
Proof.
  intros. rewrite improve_eq. destruct (_ || _); [reflexivity|]. cbv zeta.
  destruct (OverZ.bound r columns box chain past plus [g] negative); rewrite ?min_Z, ?max_Z;
    (destruct (-128 <=? _)%Z; [reflexivity|]);
    destruct (OverZ.bound r columns box chain past minus [g'] negative); rewrite ?min_Z, ?max_Z;
    reflexivity.
Qed.

(** What bounds of z and of -z make of what is known of z. *)
Lemma knows_more : forall b a s z low up,
  knows (Known b a s) z ->
  (low = b \/ exists v, inject_Z v <= z /\ low = Z.min (Z.max b v) a) ->
  (up = a \/ exists v, inject_Z v <= - z /\ up = Z.max (Z.min a (- v)) low) ->
  (low <= up)%Z -> knows (OverZ.known_as low up) z.
Proof.
  intros b a s z low up ((K1 & K2 & _) & K3 & K4) Hlow Hup Hle.
  assert (Hla : (low <= a)%Z) by (destruct Hlow as [-> | (v & _ & ->)]; lia). apply knows_as.
  - destruct Hlow as [-> | (v & _ & ->)]; lia.
  - destruct Hlow as [-> | (v & _ & ->)], Hup as [-> | (v' & _ & ->)]; lia.
  - destruct Hlow as [-> | (v & Hv & ->)]; [exact K3|].
    destruct (Z.eq_dec (Z.min (Z.max b v) a) (- WIDE)) as [E | E]; [left; exact E | right].
    destruct (Z.le_gt_cases v b) as [C | C].
    + destruct K3 as [K3 | K3]; [lia|]. apply Qle_trans with (inject_Z b); [|exact K3].
      apply inject_le. lia.
    + apply Qle_trans with (inject_Z v); [|exact Hv]. apply inject_le. lia.
  - destruct Hup as [-> | (v & Hv & ->)]; [exact K4|].
    destruct (Z.eq_dec (Z.max (Z.min a (- v)) low) WIDE) as [E | E]; [left; exact E | right].
    destruct (Z.le_gt_cases a (- v)) as [C | C].
    + destruct K4 as [K4 | K4]; [lia|]. apply Qle_trans with (inject_Z a); [exact K4|].
      apply inject_le. lia.
    + apply Qle_trans with (inject_Z (- v)); [rewrite inject_Z_opp; lra|]. apply inject_le. lia.
Qed.

Lemma update_length : forall (B : Set) (f : B -> B) l i, length (OverZ.update i f l) = length l.
Proof. induction l as [|a l IH]; intros [|i]; simpl; auto. Qed.

Lemma update_nth : forall (B : Set) (f : B -> B) l i j v,
  nth_error (OverZ.update i f l) j = Some v ->
  nth_error l j = Some v \/ (j = i /\ exists u, nth_error l j = Some u /\ v = f u).
Proof.
  induction l as [|a l IH]; intros i j v H; [left; destruct i; exact H|].
  destruct i as [|i], j as [|j]; simpl in H |- *; auto.
  - injection H as <-. right. eauto.
  - destruct (IH i j v H) as [E | [-> E]]; auto.
Qed.

Lemma known_on : forall k z, knows k z -> 0 <= z -> knows (OverZ.switch_on k) z.
Proof.
  intros [b a s] z ((K1 & K2 & _) & _ & K4) Hz. unfold OverZ.switch_on.
  change OverZ.zero with 0%Z. change OverZ.on with 1024%Z.
  assert (0 <= a)%Z.
  { destruct K4 as [-> | K4]; [lia|]. rewrite Zle_Qle. change (inject_Z 0) with 0. lra. }
  split; [lia|]. split; [right; exact Hz | exact K4].
Qed.

Lemma known_off : forall k z, knows k z -> z <= 0 -> knows (OverZ.switch_off k) z.
Proof.
  intros [b a s] z ((K1 & K2 & _) & K3 & _) Hz. unfold OverZ.switch_off.
  change OverZ.zero with 0%Z.
  assert (b <= 0)%Z.
  { destruct K3 as [-> | K3]; [lia|]. rewrite Zle_Qle. change (inject_Z 0) with 0. lra. }
  split; [lia|]. split; [exact K3 | right; exact Hz].
Qed.
