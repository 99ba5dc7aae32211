(** *** A node's box: its units bounded anew, its rows proved *)

(** The first coefficients of a unit's pre-activation and of its negative. *)
Definition pre_rounds (N : network) (r : rule Z) (i : nat) (p : pre Z) : Prop :=
  let '(Pre plus g minus g') := p in
  length plus = hidden_size N /\ length minus = hidden_size N /\
  (forall k, (k < hidden_size N)%nat ->
   inject_Z (nth k plus 0%Z) <= W_hh N i k * inject_Z (2 ^ 24)) /\
  (forall k, (k < hidden_size N)%nat ->
   inject_Z (nth k minus 0%Z) <= - W_hh N i k * inject_Z (2 ^ 24)) /\
  drives_round r [g] (W_ih N i) /\ drives_round r [g'] (- W_ih N i).

Definition pres_round (N : network) (r : rule Z) : Prop :=
  length (pres r) = hidden_size N /\
  forall i p, nth_error (pres r) i = Some p -> pre_rounds N r i p.

Lemma units_step : forall r columns box chain begin amount past units future negative negatives,
  OverZ.bound_units r columns box chain begin amount past (units :: future) (negative :: negatives) =
  match begin, amount with
  | S b, _ => OverZ.bound_units r columns box chain b amount (units :: past) future negatives
  | O, O => OverZ.bound_units r columns box chain O O (units :: past) future negatives
  | O, S a =>
      OverZ.bound_units r columns box chain O a
        (OverZ.improve_all r columns box chain past negative units (pres r) :: past) future negatives
  end.
Proof. intros. destruct begin, amount; reflexivity. Qed.

Section Leaves.

Variables (N : network) (r : rule Z) (x y : nat -> Q).
Hypothesis r_rounds : rounds N r.
Hypothesis r_pres : pres_round N r.

(** What is known of the steps from [t] on is true. *)
Fixpoint steps_true (t : nat) (steps : list (list (known Z))) : Prop :=
  match steps with
  | [] => True
  | units :: steps' =>
      length units = hidden_size N /\ all_known units (preact N x t) /\ steps_true (S t) steps'
  end.

Lemma steps_of_past : forall past steps, all_true N x past -> steps_true (length past) steps ->
  steps_true 0 (rev past ++ steps).
Proof.
  induction past as [|units past IH]; intros steps H Hsteps; [exact Hsteps|].
  destruct H as (H1 & H2 & H3). simpl. rewrite <- app_assoc. apply IH; [exact H3|].
  simpl. auto.
Qed.

Lemma all_true_update : forall past back unit, all_true N x past ->
  all_true N x (OverZ.update back (OverZ.update unit OverZ.switch_on) past) \/
  all_true N x (OverZ.update back (OverZ.update unit OverZ.switch_off) past).
Proof.
  induction past as [|units past IH]; intros back unit H; [left; destruct back; exact I|].
  destruct H as (H1 & H2 & H3). destruct back as [|back]; simpl.
  - destruct (Qlt_le_dec (preact N x (length past) unit) 0) as [C | C]; [right | left];
      (split; [rewrite update_length; exact H1|]; split; [|exact H3]);
      intros i k Hk; apply update_nth in Hk;
      (destruct Hk as [Hk | (-> & u & Hk & ->)]; [exact (H2 i k Hk)|]).
    + apply known_off; [exact (H2 unit u Hk) | lra].
    + apply known_on; [exact (H2 unit u Hk) | exact C].
  - rewrite !update_length. destruct (IH back unit H3); auto.
Qed.

(** What is to be shown of a row. *)
Definition row_at_least (n : nat) (wanted : Z) (row : list Z) : Prop :=
  forall a, length row = hidden_size N ->
  (forall k, (k < hidden_size N)%nat -> inject_Z (nth k row 0%Z) <= a k * inject_Z (2 ^ 24)) ->
  inject_Z wanted <= sum (hidden_size N) (fun k => a k * state N x n k).

Variables (m : list (list Z)) (box : list (Z * Z)).
Let n := length m.
Hypothesis m_square : forall row, In row m -> length row = n.
Hypothesis x_is_my : forall t, (t < n)%nat -> x t == lin (nth t m []) y.
Hypothesis box_length : length box = n.
Hypothesis y_in_box : in_box box y.
Variable chain : option (list Z * Z).
Hypothesis y_chain : chain_holds n chain y.

Let columns := OverZ.transpose n m.
Let negatives := OverZ.negatives_of m box 0.

Lemma improve_known : forall past negative i u p,
  all_true N x past -> (length past < n)%nat ->
  sum (S (length past)) (fun t => deficit (x t)) <= inject_Z negative ->
  pre_rounds N r i p -> knows u (preact N x (length past) i) ->
  knows (OverZ.improve r columns box chain past negative u p) (preact N x (length past) i).
Proof.
  intros past negative i [b a s] [plus g minus g'] Hpast Hn Hnegative
    (P1 & P2 & P3 & P4 & P5 & P6) Hu.
  rewrite improve_as. destruct ((-128 <=? b) || (a <=? 128))%Z; [exact Hu|]. cbv zeta.
  set (t := length past) in *.
  assert (B : forall row g a b v, length row = hidden_size N ->
    (forall k, (k < hidden_size N)%nat -> inject_Z (nth k row 0%Z) <= a k * inject_Z (2 ^ 24)) ->
    drives_round r [g] b -> OverZ.bound r columns box chain past row [g] negative = Some v ->
    inject_Z v <= sum (hidden_size N) (fun k => a k * state N x t k) + b * x t).
  { intros row g0 a0 b0 v Hlen Ha Hb Hv.
    apply (bound_below N r x y r_rounds m box m_square x_is_my box_length y_in_box chain y_chain
             past row [g0] negative a0 b0 v OverZ.fractions bits_few Hpast Hlen Ha Hb); auto.
    - simpl length. fold t n. lia.
    - simpl length. rewrite Nat.add_1_r. exact Hnegative. }
  assert (K := Hu). destruct K as ((K1 & K2 & _) & _).
  set (low := match OverZ.bound r columns box chain past plus [g] negative with
              | None => b | Some v => Z.min (Z.max b v) a end).
  assert (Hlow : low = b \/ exists v, inject_Z v <= preact N x t i /\ low = Z.min (Z.max b v) a).
  { subst low. destruct (OverZ.bound r columns box chain past plus [g] negative) as [v|] eqn:E; [|auto].
    right. exists v. split; [|reflexivity]. exact (B plus g (W_hh N i) (W_ih N i) v P1 P3 P5 E). }
  assert (Hla : (low <= a)%Z) by (destruct Hlow as [-> | (v & _ & ->)]; lia).
  apply (knows_more b a s); auto.
  - destruct (-128 <=? low)%Z; [auto|].
    destruct (OverZ.bound r columns box chain past minus [g'] negative) as [v|] eqn:E; [|auto].
    right. exists v. rewrite Z.sub_0_l. split; [|reflexivity].
    apply (B minus g' (fun k => - W_hh N i k) (- W_ih N i) v P2 P4 P6) in E. unfold preact.
    rewrite (sum_ext _ _ (fun k => - (1) * (W_hh N i k * state N x t k))) in E by (intros; ring).
    rewrite sum_scale in E. lra.
  - destruct (-128 <=? low)%Z; [exact Hla|].
    destruct (OverZ.bound r columns box chain past minus [g'] negative) as [v|]; [lia | exact Hla].
Qed.

Lemma bound_units_true : forall future begin amount past t0,
  t0 = length past -> (t0 + length future = n)%nat ->
  all_true N x past -> steps_true t0 future ->
  let found := OverZ.bound_units r columns box chain begin amount past future (skipn t0 negatives) in
  all_true N x found /\ length found = n.
Proof.
  induction future as [|units future IH]; intros begin amount past t0 Ht0 Hn Hpast Hfuture found.
  - subst found. simpl in *. split; [exact Hpast | lia].
  - subst found. simpl in Hn. destruct Hfuture as (F1 & F2 & F3).
    assert (Hneg : (t0 < length negatives)%nat) by (unfold negatives; rewrite negatives_length;
        fold n; lia).
    assert (E : skipn t0 negatives = nth t0 negatives 0%Z :: skipn (S t0) negatives).
    { clear -Hneg. revert Hneg. generalize negatives. clear negatives. induction t0 as [|t0 IH];
        intros [|v l] H;
        simpl in H; try lia; [reflexivity|]. simpl skipn at 1. rewrite (IH l) by lia.
            reflexivity. }
    rewrite E, units_step.
    destruct begin as [|begin]; [destruct amount as [|amount]|].
    1, 3: apply (IH _ _ (units :: past) (S t0)); [simpl; lia | lia | simpl; subst t0;
        auto | exact F3].
    apply (IH _ _ (_ :: past) (S t0)); [simpl; lia | lia | | exact F3].
    destruct r_pres as [Lp Hp].
    simpl. split; [rewrite improve_all_length; congruence|]. split; [|exact Hpast].
    intros i k Hk. apply improve_all_nth in Hk. destruct Hk as (u & p & Hu & Hp' & ->).
    subst t0. apply improve_known; auto; [lia|].
    assert (D := negatives_bound m box y y_in_box 0 x (length past)).
    rewrite box_length in D. fold n negatives in D.
    specialize (D m_square x_is_my ltac:(lia)). change (inject_Z 0) with 0 in D. lra.
Qed.

Let negative := OverZ.last_of negatives 0%Z.

Lemma negative_bound : sum n (fun t => deficit (x t)) <= inject_Z negative.
Proof.
  assert (L : length negatives = n) by apply negatives_length. unfold negative.
  destruct (Nat.eq_dec n 0) as [E | E].
  - rewrite E in *. apply length_zero_iff_nil in L. rewrite L. apply Qle_refl.
  - rewrite last_of_nth, L by lia.
    assert (D := negatives_bound m box y y_in_box 0 x (n - 1)).
    rewrite box_length in D. fold n negatives in D.
    specialize (D m_square x_is_my ltac:(lia)). replace (S (n - 1)) with n in D by lia.
    change (inject_Z 0) with 0 in D. lra.
Qed.

Lemma at_least_true : forall past wanted row, all_true N x past -> length past = n ->
  OverZ.at_least r columns box chain past negative wanted row = true -> row_at_least n wanted row.
Proof.
  intros past wanted row Hpast Hn H a Hlen Ha. unfold OverZ.at_least in H.
  destruct (OverZ.bound r columns box chain past row [] negative) as [v|] eqn:E; [|discriminate].
  apply Z.leb_le, inject_le in H. apply Qle_trans with (inject_Z v); [exact H|].
  apply (bound_below N r x y r_rounds m box m_square x_is_my box_length y_in_box chain y_chain
           past row [] negative a 0 v OverZ.fractions bits_few Hpast Hlen Ha) in E.
  - rewrite Hn in E. lra.
  - reflexivity.
  - simpl. fold n. lia.
  - simpl length. rewrite Nat.add_0_r, Hn. exact negative_bound.
Qed.

Lemma by_cases_true : forall c past wanted row, all_true N x past -> length past = n ->
  OverZ.by_cases r columns box chain past negative wanted row c = true -> row_at_least n wanted row.
Proof.
  induction c as [|step unit on IHon off IHoff]; intros past wanted row Hpast Hn H.
  - exact (at_least_true past wanted row Hpast Hn H).
  - simpl in H. apply andb_prop in H. destruct H as [H1 H2].
    destruct (all_true_update past (length past - S step) unit Hpast) as [C | C];
      [apply IHon in H1 | apply IHoff in H2]; auto; rewrite update_length; exact Hn.
Qed.

Lemma all_by_cases_true : forall targets each past wanted, all_true N x past -> length past = n ->
  OverZ.all_by_cases r columns box chain past negative wanted targets each = true ->
  forall row, In row targets -> row_at_least n wanted row.
Proof.
  induction targets as [|row targets IH]; intros each past wanted Hpast Hn H row' Hin;
      [contradiction|].
  destruct each as [|c each]; [discriminate|]. simpl in H. apply andb_prop in H.
  destruct H as [H1 H2]. destruct Hin as [<- | Hin].
  - exact (by_cases_true c past wanted row Hpast Hn H1).
  - exact (IH each past wanted Hpast Hn H2 row' Hin).
Qed.

Lemma proved_true : forall past wanted, all_true N x past -> length past = n ->
  OverZ.proved r columns box chain past negatives wanted = true ->
  forall row, In row (rows r) -> row_at_least n wanted row.
Proof.
  intros past wanted Hpast Hn H row Hin. unfold OverZ.proved in H.
  rewrite forallb_forall in H. exact (at_least_true past wanted row Hpast Hn (H row Hin)).
Qed.

End Leaves.
