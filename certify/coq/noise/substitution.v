(** *** Backward substitution: from a row of the state to the inputs *)

(** How far [x] reaches below 0. *)
Definition deficit (x : Q) : Q := Qmax 0 (- x).

Lemma deficit_nonneg : forall x, 0 <= deficit x.
Proof. intros. apply Q.le_max_l. Qed.

(** A coefficient b of an input between g and g + e. *)
Lemma deficit_bound : forall b g e x, g <= b -> b <= g + e ->
  g * x - e * deficit x <= b * x.
Proof.
  intros b g e x H H'. unfold deficit.
  destruct (Q.max_spec 0 (- x)) as [[L E] | [L E]]; rewrite E; nra.
Qed.

(** What the integers of a rule say of a network: its weights, rounded. *)
Record rounds (N : network) (r : rule Z) : Prop := {
  cut_nonneg : (0 <= cut r)%Z;
  units_few : (hidden_size N <= 1024)%nat;
  hh_rounded : exists columns, hh r = map parts_of columns /\ length columns = hidden_size N /\
    forall j v, nth_error columns j = Some v ->
    rounded (cut r) v (fun i => W_hh N i j) (hidden_size N);
  ih_rounded : exists v, ih r = parts_of v /\ rounded (cut r) v (W_ih N) (hidden_size N)
}.

Lemma back_nil : forall r F row drives K, OverZ.back r F [] row drives K = Some (drives, K).
Proof. reflexivity. Qed.

Lemma back_step : forall r F units past row drives K,
  OverZ.back r F (units :: past) row drives K =
  match OverZ.relax F row units K with
  | None => None
  | Some (row, K) =>
      let g := OverZ.weigh (cut r) 24 row (ih r) in
      if OverZ.too_large g then None
      else match past with
           | [] => Some (g :: drives, K)
           | _ => match OverZ.before (cut r) (hh r) row with
                  | None => None
                  | Some row => OverZ.back r F past row (g :: drives) K
                  end
           end
  end.
Proof. reflexivity. Qed.

Lemma lin_app : forall u v f, lin (u ++ v) f == lin u f + lin v (fun i => f (length u + i)%nat).
Proof.
  induction u as [|a u IH]; intros v f.
  - change (lin v f == 0 + lin v f). ring.
  - simpl. rewrite IH. ring.
Qed.

Lemma lin_one : forall g f, lin [g] f == inject_Z g * f O.
Proof. intros. simpl. ring. Qed.

Section Network.

Variables (N : network) (r : rule Z) (x : nat -> Q).
Hypothesis r_rounds : rounds N r.

Let d := hidden_size N.
Let e : Q := 16 * (1 + 2 * inject_Z (cut r)).

(** What is known of the steps before, the latest first, is true. *)
Fixpoint all_true (past : list (list (known Z))) : Prop :=
  match past with
  | [] => True
  | units :: past' =>
      length units = d /\ all_known units (preact N x (length past')) /\ all_true past'
  end.

Lemma back_bounds : forall F, (0 <= F)%Z -> forall past row drives K0 all K,
  all_true past -> Forall small row -> length row = d ->
  OverZ.back r F past row drives K0 = Some (all, K) ->
  exists g, all = g ++ drives /\ length g = length past /\
  16 * lin g x - e * sum (length past) (fun t => deficit (x t))
  + inject_Z (K - K0) * inject_Z (2 ^ F) <= lin row (state N x (length past)).
Proof.
  intros F HF past. destruct r_rounds as [Hcut Hd (columns & Ecolumns & Lcolumns & Hcolumns)
                                          (v & Ev & Hv)].
  change (hidden_size N) with d in Hd, Lcolumns, Hcolumns, Hv.
  induction past as [|units past IH]; intros row drives K0 all K Hpast Hrow Hlen H.
  - rewrite back_nil in H. injection H as <- <-. exists []. repeat split; auto.
    rewrite Z.sub_diag. simpl. change (inject_Z 0) with 0.
    assert (E : lin row (fun _ => 0) == 0).
    { rewrite (lin_ext row _ (fun _ => 0 * 0)) by (intros; ring). rewrite lin_scale. ring. }
    rewrite E. lra.
  - rewrite back_step in H. destruct Hpast as (Hunits & Hknown & Hpast).
    destruct (OverZ.relax F row units K0) as [[kept K1]|] eqn:R; [|discriminate].
    destruct (relax_bounds F HF row units K0 kept K1 _ Hrow ltac:(lia) Hknown R) as (B1 & B2 &
        B3).
    cbv zeta in H. rewrite Ev in H.
    destruct (weigh_input (cut r) v (W_ih N) kept Hcut ltac:(lia) B1 ltac:(rewrite B2, Hlen;
        exact Hv))
      as [G1 G2].
    set (g := OverZ.weigh (cut r) 24 kept (parts_of v)) in *.
    destruct (OverZ.too_large g); [discriminate|].
    assert (S1 : lin kept (preact N x (length past)) ==
      sum d (fun k => lin kept (fun i => W_hh N i k) * state N x (length past) k)
      + lin kept (W_ih N) * x (length past)).
    { unfold preact. rewrite lin_plus, lin_scale. apply Qplus_inj_r.
      apply (lin_sums kept d (W_hh N) (state N x (length past))). }
    assert (S2 : 16 * inject_Z g * x (length past) - e * deficit (x (length past))
                 <= lin kept (W_ih N) * x (length past)).
    { apply deficit_bound; [exact G1|]. unfold e. lra. }
    change (state N x (length (units :: past)))
      with (fun i => relu (preact N x (length past) i)).
    destruct past as [|units' past].
    + injection H as <- <-. exists [g]. repeat split. simpl length in *.
      assert (S3 : sum d (fun k => lin kept (fun i => W_hh N i k) * state N x 0 k) == 0).
      { rewrite (sum_ext _ _ (fun k => 0 * 0)) by (intros; simpl; ring).
        rewrite sum_scale. ring. }
      simpl lin at 1. simpl sum at 1. lra.
    + rewrite Ecolumns in H.
      destruct (OverZ.before (cut r) (map parts_of columns) kept) as [new|] eqn:P;
          [|discriminate].
      destruct (before_bounds (cut r) columns kept new (W_hh N) Hcut ltac:(lia) B1
                  ltac:(rewrite B2, Hlen; exact Hcolumns) P) as (P1 & P2 & P3).
      destruct (IH new (g :: drives) K1 all K Hpast P1 ltac:(lia) H) as (g' & I1 & I2 & I3).
      set (t := length (units' :: past)) in *.
      exists (g' ++ [g]). split; [rewrite <- app_assoc; exact I1|].
      split; [rewrite app_length, I2; simpl; lia|].
      rewrite lin_app, I2, lin_one, Nat.add_0_r.
      change (sum (length (units :: units' :: past)) (fun t => deficit (x t)))
        with (sum t (fun t => deficit (x t)) + deficit (x t)).
      assert (S3 : lin new (state N x t) <=
        sum d (fun k => lin kept (fun i => W_hh N i k) * state N x t k)).
      { apply lin_lower; [lia | |].
        - intros j _. unfold t. simpl. apply relu_nonneg.
        - intros j Hj. apply P3. lia. }
      rewrite !inject_sub in *. lra.
Qed.

End Network.
