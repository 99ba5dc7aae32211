(** ** 3.2. The network is linear on the cone of a cell

    Two inputs are in one cell when no unit has strictly opposite signs on them at any step.
    On the cone that they span the network is linear, so a margin that is positive on both is
    positive between them. With b = 0 this is positive homogeneity. A certificate lists, per pair
    (m, s), ratios such that neighbours are in one cell. *)

Definition agree (u v : Q) : Prop := (0 <= u /\ 0 <= v) \/ (u <= 0 /\ v <= 0).

Lemma relu_cone : forall a b u v, 0 <= a -> 0 <= b -> agree u v ->
  relu (a * u + b * v) == a * relu u + b * relu v.
Proof.
  intros a b u v Ha Hb [[Hu Hv] | [Hu Hv]].
  - rewrite !relu_pos; [reflexivity | assumption | assumption | nra].
  - rewrite !relu_neg; [ring | assumption | assumption | nra].
Qed.

Definition same_cell (N : network) (x y : nat -> Q) : Prop :=
  forall t i, (t < seq_len N)%nat -> (i < hidden_size N)%nat ->
  agree (preact N x t i) (preact N y t i).

Lemma same_cell_refl : forall N x, same_cell N x x.
Proof.
  intros N x t i _ _. unfold agree. destruct (Qlt_le_dec (preact N x t i) 0); [right | left]; lra.
Qed.

Definition is_cone (n : nat) (a b : Q) (x y z : nat -> Q) : Prop :=
  0 <= a /\ 0 <= b /\ forall t, (t < n)%nat -> z t == a * x t + b * y t.

Lemma state_cone : forall N a b x y z,
  is_cone (seq_len N) a b x y z -> same_cell N x y ->
  forall t i, (t <= seq_len N)%nat -> (i < hidden_size N)%nat ->
  state N z t i == a * state N x t i + b * state N y t i.
Proof.
  intros N a b x y z (Ha & Hb & Hz) Hcell t. induction t; intros i Ht Hi; [simpl; ring|].
  change (state N z (S t) i) with (relu (preact N z t i)).
  change (state N x (S t) i) with (relu (preact N x t i)).
  change (state N y (S t) i) with (relu (preact N y t i)).
  rewrite <- relu_cone by (auto; apply Hcell; auto; lia).
  apply relu_mor. unfold preact. rewrite (Hz t) by lia.
  rewrite (sum_ext _ _ (fun k => a * (W_hh N i k * state N x t k)
                               + b * (W_hh N i k * state N y t k))).
  - rewrite sum_linear. ring.
  - intros k Hk. rewrite IHt by (auto; lia). ring.
Qed.

Lemma logit_cone : forall N a b x y z,
  is_cone (seq_len N) a b x y z -> same_cell N x y ->
  forall j, logit N z j == a * logit N x j + b * logit N y j.
Proof.
  intros N a b x y z Hz Hcell j. unfold logit. rewrite <- sum_linear. apply sum_ext.
  intros i Hi. rewrite (state_cone N a b x y z) by (auto; lia). ring.
Qed.

(** ** 3.3. A chain of ratios whose neighbours are in one cell *)

Definition wins (N : network) (s : nat) (x : nat -> Q) : Prop :=
  forall j, (j < seq_len N)%nat -> j <> s -> logit N x j < logit N x s.

Lemma wins_cone : forall N s a b x y z,
  is_cone (seq_len N) a b x y z -> same_cell N x y -> 0 < a + b ->
  wins N s x -> wins N s y -> wins N s z.
Proof.
  intros N s a b x y z Hz Hcell Hab Hx Hy j Hj Hjs.
  rewrite !(logit_cone N a b x y z Hz Hcell).
  specialize (Hx j Hj Hjs). specialize (Hy j Hj Hjs). destruct Hz as (Ha & Hb & _).
  destruct (Qlt_le_dec 0 a); [|assert (0 < b) by lra]; nra.
Qed.

(** The impulses of ratio p/q with integer values: q at m, p at s. *)
Definition at_ratio (m s : nat) (r : Q) : nat -> Q :=
  impulses m s (inject_Z (Zpos (Qden r))) (inject_Z (Qnum r)).

Lemma ratio_times_den : forall r, inject_Z (Qnum r) == r * inject_Z (Zpos (Qden r)).
Proof. intros [p q]. unfold Qeq. simpl. lia. Qed.

Inductive chain (N : network) (m s : nat) : Q -> Q -> Prop :=
| chain_end : forall r, wins N s (at_ratio m s r) -> chain N m s r r
| chain_piece : forall a b c, a < b ->
    same_cell N (at_ratio m s a) (at_ratio m s b) ->
    wins N s (at_ratio m s a) -> wins N s (at_ratio m s b) ->
    chain N m s b c -> chain N m s a c.

Lemma wins_between : forall N m s a b M S,
  a < b -> same_cell N (at_ratio m s a) (at_ratio m s b) ->
  wins N s (at_ratio m s a) -> wins N s (at_ratio m s b) ->
  0 < M -> a * M <= S -> S <= b * M -> wins N s (impulses m s M S).
Proof.
  intros N m s a b M S Hab Hcell Ha Hb HM HaS HSb.
  set (q := inject_Z (Zpos (Qden a))). set (q' := inject_Z (Zpos (Qden b))).
  assert (Hq : 0 < / q) by reflexivity. assert (Hq' : 0 < / q') by reflexivity.
  assert (Hi : 0 < / (b - a)) by (apply Qinv_lt_0_compat; lra).
  set (U := (b * M - S) * / (b - a)). set (V := (S - a * M) * / (b - a)).
  assert (HU : 0 <= U) by (apply Qmult_le_0_compat; lra).
  assert (HV : 0 <= V) by (apply Qmult_le_0_compat; lra).
  assert (HUV : U + V == M) by (unfold U, V; field; lra).
  assert (HS : U * a + V * b == S) by (unfold U, V; field; lra).
  apply (wins_cone N s (U * / q) (V * / q') (at_ratio m s a) (at_ratio m s b)); auto.
  - repeat split; [apply Qmult_le_0_compat; lra | apply Qmult_le_0_compat; lra |].
    assert (Ea : inject_Z (Qnum a) == a * q) by apply ratio_times_den.
    assert (Eb : inject_Z (Qnum b) == b * q') by apply ratio_times_den.
    assert (q == 0 -> False) by (unfold q, Qeq; simpl; lia).
    assert (q' == 0 -> False) by (unfold q', Qeq; simpl; lia).
    intros t _. unfold at_ratio, impulses. fold q q'.
    destruct (t =? m)%nat; [|destruct (t =? s)%nat].
    + rewrite <- HUV. field. auto.
    + rewrite Ea, Eb, <- HS. field. auto.
    + ring.
  - destruct (Qlt_le_dec 0 U).
    + assert (0 < U * / q) by (apply Qmult_lt_0_compat; assumption).
      assert (0 <= V * / q') by (apply Qmult_le_0_compat; lra). lra.
    + assert (0 < V * / q') by (apply Qmult_lt_0_compat; lra).
      assert (0 <= U * / q) by (apply Qmult_le_0_compat; lra). lra.
Qed.

Lemma wins_on_chain : forall N m s a b, chain N m s a b ->
  forall M S, 0 < M -> a * M <= S -> S <= b * M -> wins N s (impulses m s M S).
Proof.
  intros N m s a b H. induction H; intros M S HM HaS HSb.
  - set (q := inject_Z (Zpos (Qden r))). assert (Hq : 0 < / q) by reflexivity.
    assert (q == 0 -> False) by (unfold q, Qeq; simpl; lia).
    assert (E : inject_Z (Qnum r) == r * q) by apply ratio_times_den.
    assert (0 < M * / q) by (apply Qmult_lt_0_compat; assumption).
    apply (wins_cone N s (M * / q) 0 (at_ratio m s r) (at_ratio m s r));
      auto using same_cell_refl; [|lra].
    repeat split; [lra | lra |]. intros t _. unfold at_ratio, impulses. fold q.
    destruct (t =? m)%nat; [|destruct (t =? s)%nat].
    + field. auto.
    + rewrite E. assert (ES : S == r * M) by lra. rewrite ES. field. auto.
    + ring.
  - destruct (Qlt_le_dec S (b * M)).
    + apply (wins_between N m s a b); auto; lra.
    + apply IHchain; auto.
Qed.
