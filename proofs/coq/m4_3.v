(** * A ReLU network finds the second largest of two impulses: a theorem

    Written by certify; checked with [coqc] of Coq 8.16, nothing else is needed.
    Model: d = 4 units, n = 3 inputs, 32 weights.
    SHA-256 of its weights: dff7709cbf9cb5017f089c1c21b0d2ed2a5128cf346fdb96074584238e8e4daa.

    For every two different positions m and s, all M > 0 and all S with
    17/1000 <= S/M <= 979/1000: on the input that is M at m, S at s and 0
    elsewhere, the logit at s is strictly larger than every other logit.

    Part 1 defines the network, Part 2 gives the weights and states the claim
    [right_on_impulses]. Who wants to know what is proved reads these two parts and the last
    lines of Part 5. Part 3 proves a checker sound, Part 4 is the data that it is run on.
    Part 6 carries the theorem over to real M and S. *)

(** * Part 1. The network and its inputs

    Everything that the claim at the end of Part 2 speaks of is defined in these two parts.
    [Q] is the type of the rational numbers, [p # q] is p/q; all floats are rational numbers.
    [nat] and [Z] are the natural numbers and the integers, [nth i l 0] is entry i of the list l.
    Positions, steps and units are counted from 0. *)

From Coq Require Import QArith Qminmax List Arith.
Import ListNotations.
Open Scope Q_scope.

(** [sum k f] is f(0) + f(1) + ... + f(k-1). *)
Fixpoint sum (k : nat) (f : nat -> Q) : Q :=
  match k with
  | O => 0
  | S k' => sum k' f + f k'
  end.

Definition relu (x : Q) : Q := Qmax 0 x.

(** A one-layer ReLU RNN without biases: d units, n inputs, n logits. *)
Record network := {
  hidden_size : nat;          (* d *)
  seq_len : nat;              (* n *)
  W_ih : nat -> Q;            (* from the input to unit i *)
  W_hh : nat -> nat -> Q;     (* to unit i from unit k *)
  W_out : nat -> nat -> Q     (* to logit j from unit i *)
}.

(** [state N x t] is h_t, the state after t steps on the inputs x_0, x_1, ...:
    h_0 = 0 and h_{t+1} = relu(W_hh h_t + W_ih x_t). *)
Fixpoint state (N : network) (x : nat -> Q) (t : nat) : nat -> Q :=
  match t with
  | O => fun i => 0
  | S t' => fun i =>
      relu (sum (hidden_size N) (fun k => W_hh N i k * state N x t' k) + W_ih N i * x t')
  end.

(** logits = W_out h_n. *)
Definition logit (N : network) (x : nat -> Q) (j : nat) : Q :=
  sum (hidden_size N) (fun i => W_out N j i * state N x (seq_len N) i).

(** The network whose weights are the integers in three tables, divided by [scale]:
    row i of [hh] leads to unit i, row j of [out] leads to logit j. *)
Definition network_of_tables (d n : nat) (scale : positive)
    (ih : list Z) (hh out : list (list Z)) : network :=
  {| hidden_size := d;
     seq_len := n;
     W_ih := fun i => nth i ih 0%Z # scale;
     W_hh := fun i k => nth k (nth i hh nil) 0%Z # scale;
     W_out := fun j i => nth i (nth j out nil) 0%Z # scale |}.

(** The input that is M at position m, S at position s, and 0 elsewhere. *)
Definition impulses (m s : nat) (M S : Q) (t : nat) : Q :=
  if (t =? m)%nat then M else if (t =? s)%nat then S else 0.

(** * Part 2. The model and the claim

    The weights are these integers, divided by [scale]. *)

Definition scale : positive := (2 ^ 25)%positive.

Definition w_ih : list Z := [
  -166147248; 202691520; 191327776; -192706496
]%Z.

(** Row i leads to unit i. *)
Definition w_hh : list (list Z) := [
  [73688648; -79541040; -66277560; 83662416];
  [115158784; -108724280; -102594608; 114231112];
  [-87644752; 91393696; 73625120; -96271512];
  [-112101872; 103011312; 95043680; -108752392]
]%Z.

(** Row j leads to logit j. *)
Definition w_out : list (list Z) := [
  [-140613408; 90260752; -125934736; 113263008];
  [104230024; -111415120; 86921896; -98944640];
  [-5095275; -3122272; -8165812; 15088267]
]%Z.

Definition model : network := network_of_tables 4 3 scale w_ih w_hh w_out.

Definition lo : Q := (17 # 1000).
Definition hi : Q := (979 # 1000).

(** The claim: m is the position of the larger impulse M, s that of the smaller one S. *)
Definition right_on_impulses : Prop :=
  forall m s : nat, (m < 3)%nat -> (s < 3)%nat -> m <> s ->
  forall M S : Q, 0 < M -> (17 # 1000) <= S / M <= (979 # 1000) ->
  forall j : nat, (j < 3)%nat -> j <> s ->
  logit model (impulses m s M S) j < logit model (impulses m s M S) s.

(** * Part 3. Why the computation at the end proves the theorem

    Nothing in this part has to be read to know what is proved: the kernel checks all of it.

    ** 3.1. Sums, relu, pre-activations *)

From Coq Require Import Bool Lia Lqa.

Lemma sum_ext : forall k f g, (forall i, (i < k)%nat -> f i == g i) -> sum k f == sum k g.
Proof.
  induction k; intros f g H; simpl; [reflexivity|].
  rewrite (IHk f g), (H k); [reflexivity | lia | intros; apply H; lia].
Qed.

Lemma sum_le : forall k f g, (forall i, (i < k)%nat -> f i <= g i) -> sum k f <= sum k g.
Proof.
  induction k; intros f g H; simpl; [lra|].
  assert (f k <= g k) by (apply H; lia).
  assert (sum k f <= sum k g) by (apply IHk; intros; apply H; lia). lra.
Qed.

Lemma sum_linear : forall k f g a b,
  sum k (fun i => a * f i + b * g i) == a * sum k f + b * sum k g.
Proof. induction k; intros; simpl; [ring | rewrite IHk; ring]. Qed.

Lemma sum_plus : forall k f g, sum k (fun i => f i + g i) == sum k f + sum k g.
Proof. induction k; intros; simpl; [ring | rewrite IHk; ring]. Qed.

Lemma sum_scale : forall k f a, sum k (fun i => a * f i) == a * sum k f.
Proof. induction k; intros; simpl; [ring | rewrite IHk; ring]. Qed.

Lemma sum_first : forall k f, sum (S k) f == f O + sum k (fun i => f (S i)).
Proof.
  induction k; intros; [simpl; ring|].
  change (sum (S (S k)) f) with (sum (S k) f + f (S k)). rewrite IHk. simpl. ring.
Qed.

Lemma relu_pos : forall u, 0 <= u -> relu u == u.
Proof. intros. apply Q.max_r. assumption. Qed.

Lemma relu_neg : forall u, u <= 0 -> relu u == 0.
Proof. intros. apply Q.max_l. assumption. Qed.

Global Instance relu_mor : Proper (Qeq ==> Qeq) relu.
Proof. intros u v H. unfold relu. rewrite H. reflexivity. Qed.

Definition preact (N : network) (x : nat -> Q) (t i : nat) : Q :=
  sum (hidden_size N) (fun k => W_hh N i k * state N x t k) + W_ih N i * x t.

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

(** * Part 4. The certificate

    For each pair (m, s) the ratios at which the network is run: the ends of the range, and the
    kinks between them. *)

Definition ratios : list (list (list Q)) := [
 [
  [];
  [ (* m = 0, s = 1 *)
    (17 # 1000);
    (13630208946337380041 # 17056676047231123456);
    (8764733682158994395 # 10020297807665692672);
    (979 # 1000) ];
  [ (* m = 0, s = 2 *)
    (17 # 1000);
    (979 # 1000) ]
 ];
 [
  [ (* m = 1, s = 0 *)
    (17 # 1000);
    (3320897863680 # 20345062379071);
    (1578651615232 # 9537113116145);
    (8355501109625618432 # 10374023924216409295);
    (39325735851022876672 # 45035616720769588445);
    (979 # 1000) ];
  [];
  [ (* m = 1, s = 2 *)
    (17 # 1000);
    (979 # 1000) ]
 ];
 [
  [ (* m = 2, s = 0 *)
    (17 # 1000);
    (1643493081472827392 # 10374023924216409295);
    (7611701295790948352 # 45035616720769588445);
    (979 # 1000) ];
  [ (* m = 2, s = 1 *)
    (17 # 1000);
    (3320897863680 # 20345062379071);
    (1578651615232 # 9537113116145);
    (979 # 1000) ];
  []
 ]
].

(** * Part 5. The theorem *)

(** The computation, done by the kernel's virtual machine. *)
Lemma certificate_holds :
  check (hidden_size model) (seq_len model) scale w_ih w_hh w_out lo hi ratios = true.
Proof. vm_cast_no_check (eq_refl true). Qed.

Theorem model_is_right : right_on_impulses.
Proof. exact (check_sound _ _ _ _ _ _ _ _ _ certificate_holds). Qed.

Print Assumptions model_is_right.

(** * Part 6. The same for real inputs

    Real numbers are not needed for the theorem above, and Coq's rest on axioms, which are
    printed at the end. The weights stay rational; [Q2R] reads a rational as a real number. *)

From Coq Require Import Reals Qreals Lra.
Open Scope R_scope.

(** The definitions of Part 1 with real inputs. *)

Fixpoint sumR (k : nat) (f : nat -> R) : R :=
  match k with
  | O => 0
  | S k' => sumR k' f + f k'
  end.

Definition reluR (x : R) : R := Rmax 0 x.

Fixpoint stateR (N : network) (x : nat -> R) (t : nat) : nat -> R :=
  match t with
  | O => fun i => 0
  | S t' => fun i =>
      reluR (sumR (hidden_size N) (fun k => Q2R (W_hh N i k) * stateR N x t' k)
             + Q2R (W_ih N i) * x t')
  end.

Definition logitR (N : network) (x : nat -> R) (j : nat) : R :=
  sumR (hidden_size N) (fun i => Q2R (W_out N j i) * stateR N x (seq_len N) i).

Lemma sumR_ext : forall k f g, (forall i, (i < k)%nat -> f i = g i) -> sumR k f = sumR k g.
Proof.
  induction k; intros f g H; simpl; [reflexivity|].
  rewrite (IHk f g), (H k); [reflexivity | lia | intros; apply H; lia].
Qed.

Definition impulsesR (m s : nat) (M S : R) (t : nat) : R :=
  if (t =? m)%nat then M else if (t =? s)%nat then S else 0.

(** The proof: on the cone of two rational inputs in one cell, the real network too is linear. *)

Lemma sumR_cone : forall k f g a b,
  sumR k (fun i => a * Q2R (f i) + b * Q2R (g i)) = a * Q2R (sum k f) + b * Q2R (sum k g).
Proof.
  induction k; intros; simpl; [change (Q2R 0) with (0 * / 1); ring|].
  rewrite IHk, !Q2R_plus. ring.
Qed.

Lemma Q2R_nonneg : forall u, (0 <= u)%Q -> 0 <= Q2R u.
Proof. intros u H. apply Qle_Rle in H. change (Q2R 0) with (0 * / 1) in H. lra. Qed.

Lemma Q2R_nonpos : forall u, (u <= 0)%Q -> Q2R u <= 0.
Proof. intros u H. apply Qle_Rle in H. change (Q2R 0) with (0 * / 1) in H. lra. Qed.

Lemma reluR_cone : forall a b u v, 0 <= a -> 0 <= b -> agree u v ->
  reluR (a * Q2R u + b * Q2R v) = a * Q2R (relu u) + b * Q2R (relu v).
Proof.
  intros a b u v Ha Hb [[Hu Hv] | [Hu Hv]].
  - rewrite (Qeq_eqR _ _ (relu_pos u Hu)), (Qeq_eqR _ _ (relu_pos v Hv)).
    apply Q2R_nonneg in Hu. apply Q2R_nonneg in Hv. apply Rmax_right. nra.
  - rewrite (Qeq_eqR _ _ (relu_neg u Hu)), (Qeq_eqR _ _ (relu_neg v Hv)).
    apply Q2R_nonpos in Hu. apply Q2R_nonpos in Hv. change (Q2R 0) with (0 * / 1).
    unfold reluR. rewrite Rmax_left; nra.
Qed.

Definition is_coneR (n : nat) (a b : R) (x y : nat -> Q) (z : nat -> R) : Prop :=
  0 <= a /\ 0 <= b /\ forall t, (t < n)%nat -> z t = a * Q2R (x t) + b * Q2R (y t).

Lemma stateR_cone : forall N a b x y z,
  is_coneR (seq_len N) a b x y z -> same_cell N x y ->
  forall t i, (t <= seq_len N)%nat -> (i < hidden_size N)%nat ->
  stateR N z t i = a * Q2R (state N x t i) + b * Q2R (state N y t i).
Proof.
  intros N a b x y z (Ha & Hb & Hz) Hcell t. induction t; intros i Ht Hi.
  - simpl. change (Q2R 0) with (0 * / 1). ring.
  - change (state N x (S t) i) with (relu (preact N x t i)).
    change (state N y (S t) i) with (relu (preact N y t i)).
    rewrite <- reluR_cone by (auto; apply Hcell; auto; lia).
    simpl. f_equal. rewrite (Hz t) by lia. unfold preact. rewrite !Q2R_plus, !Q2R_mult.
    rewrite (sumR_ext _ _ (fun k => a * Q2R (W_hh N i k * state N x t k)%Q
                                  + b * Q2R (W_hh N i k * state N y t k)%Q)).
    + rewrite (sumR_cone _ (fun k => W_hh N i k * state N x t k)%Q). ring.
    + intros k Hk. rewrite IHt, !Q2R_mult by (auto; lia). ring.
Qed.

Lemma logitR_cone : forall N a b x y z,
  is_coneR (seq_len N) a b x y z -> same_cell N x y ->
  forall j, logitR N z j = a * Q2R (logit N x j) + b * Q2R (logit N y j).
Proof.
  intros N a b x y z Hz Hcell j. unfold logitR, logit. rewrite <- sumR_cone. apply sumR_ext.
  intros i Hi. rewrite (stateR_cone N a b x y z), !Q2R_mult by (auto; lia). ring.
Qed.

Definition winsR (N : network) (s : nat) (x : nat -> R) : Prop :=
  forall j, (j < seq_len N)%nat -> j <> s -> logitR N x j < logitR N x s.

Lemma winsR_cone : forall N s a b x y z,
  is_coneR (seq_len N) a b x y z -> same_cell N x y -> 0 < a + b ->
  wins N s x -> wins N s y -> winsR N s z.
Proof.
  intros N s a b x y z Hz Hcell Hab Hx Hy j Hj Hjs.
  rewrite !(logitR_cone N a b x y z Hz Hcell).
  assert (Hx' := Qlt_Rlt _ _ (Hx j Hj Hjs)). assert (Hy' := Qlt_Rlt _ _ (Hy j Hj Hjs)).
  destruct Hz as (Ha & Hb & _). destruct (Rlt_le_dec 0 a); [|assert (0 < b) by lra]; nra.
Qed.

Lemma Q2R_den : forall r, 0 < Q2R (inject_Z (Zpos (Qden r))).
Proof. intros r. rewrite <- RMicromega.Q2R_0. apply Qlt_Rlt. reflexivity. Qed.

Lemma Q2R_num : forall r, Q2R (inject_Z (Qnum r)) = Q2R r * Q2R (inject_Z (Zpos (Qden r))).
Proof. intros r. rewrite <- Q2R_mult. apply Qeq_eqR, ratio_times_den. Qed.

Lemma winsR_between : forall N m s a b M S,
  (a < b)%Q -> same_cell N (at_ratio m s a) (at_ratio m s b) ->
  wins N s (at_ratio m s a) -> wins N s (at_ratio m s b) ->
  0 < M -> Q2R a * M <= S -> S <= Q2R b * M -> winsR N s (impulsesR m s M S).
Proof.
  intros N m s a b M S Hab Hcell Ha Hb HM HaS HSb. apply Qlt_Rlt in Hab.
  assert (Hq := Q2R_den a). assert (Hq' := Q2R_den b).
  assert (Ea := Q2R_num a). assert (Eb := Q2R_num b).
  set (q := Q2R (inject_Z (Zpos (Qden a)))) in *.
  set (q' := Q2R (inject_Z (Zpos (Qden b)))) in *.
  assert (Hi : 0 < / (Q2R b - Q2R a)) by (apply Rinv_0_lt_compat; lra).
  set (U := (Q2R b * M - S) * / (Q2R b - Q2R a)). set (V := (S - Q2R a * M) * / (Q2R b - Q2R a)).
  assert (HU : 0 <= U) by (apply Rmult_le_pos; lra).
  assert (HV : 0 <= V) by (apply Rmult_le_pos; lra).
  assert (HUV : U + V = M) by (unfold U, V; field; lra).
  assert (HS : U * Q2R a + V * Q2R b = S) by (unfold U, V; field; lra).
  assert (Hr := Rinv_0_lt_compat q Hq). assert (Hr' := Rinv_0_lt_compat q' Hq').
  apply (winsR_cone N s (U * / q) (V * / q') (at_ratio m s a) (at_ratio m s b)); auto.
  - repeat split; [apply Rmult_le_pos; lra | apply Rmult_le_pos; lra |].
    intros t _. unfold impulsesR, at_ratio, impulses.
    destruct (t =? m)%nat; [|destruct (t =? s)%nat].
    + fold q q'. rewrite <- HUV. field. lra.
    + rewrite Ea, Eb, <- HS. field. lra.
    + change (Q2R 0) with (0 * / 1). ring.
  - assert (0 <= U * / q) by (apply Rmult_le_pos; lra).
    assert (0 <= V * / q') by (apply Rmult_le_pos; lra). destruct (Rlt_le_dec 0 U).
    + assert (0 < U * / q) by (apply Rmult_lt_0_compat; assumption). lra.
    + assert (0 < V * / q') by (apply Rmult_lt_0_compat; lra). lra.
Qed.

Lemma winsR_on_chain : forall N m s a b, chain N m s a b ->
  forall M S, 0 < M -> Q2R a * M <= S -> S <= Q2R b * M -> winsR N s (impulsesR m s M S).
Proof.
  intros N m s a b H. induction H; intros M S HM HaS HSb.
  - assert (Hq := Q2R_den r). assert (E := Q2R_num r).
    set (q := Q2R (inject_Z (Zpos (Qden r)))) in *.
    assert (Hr := Rinv_0_lt_compat q Hq).
    assert (0 < M * / q) by (apply Rmult_lt_0_compat; assumption).
    apply (winsR_cone N s (M * / q) 0 (at_ratio m s r) (at_ratio m s r));
      auto using same_cell_refl; [|lra].
    repeat split; [lra | lra |]. intros t _. unfold impulsesR, at_ratio, impulses.
    destruct (t =? m)%nat; [|destruct (t =? s)%nat].
    + fold q. field. lra.
    + rewrite E. assert (ES : S = Q2R r * M) by lra. rewrite ES. field. lra.
    + change (Q2R 0) with (0 * / 1). ring.
  - destruct (Rlt_le_dec S (Q2R b * M)).
    + apply (winsR_between N m s a b); auto; lra.
    + apply IHchain; auto.
Qed.

Theorem check_sound_R : forall d n scale ih hh out lo hi ratios,
  check d n scale ih hh out lo hi ratios = true ->
  forall m s, (m < n)%nat -> (s < n)%nat -> m <> s ->
  forall M S, 0 < M -> Q2R lo <= S / M <= Q2R hi ->
  forall j, (j < n)%nat -> j <> s ->
  logitR (network_of_tables d n scale ih hh out) (impulsesR m s M S) j <
  logitR (network_of_tables d n scale ih hh out) (impulsesR m s M S) s.
Proof.
  intros d n scale ih hh out lo hi ratios H m s Hm Hs Hms M S HM [Hlo Hhi] j Hj Hjs.
  destruct (check_chains d n scale ih hh out lo hi ratios H m s Hm Hs Hms)
    as (a & b & Ha & Hb & Hc).
  apply Qle_Rle in Ha. apply Qle_Rle in Hb.
  assert (E : S = S / M * M) by (field; lra).
  apply (winsR_on_chain _ m s a b Hc M S HM); auto; rewrite E; apply Rmult_le_compat_r; lra.
Qed.

(** The claim of Part 2 for real M and S. *)
Definition right_on_real_impulses : Prop :=
  forall m s : nat, (m < 3)%nat -> (s < 3)%nat -> m <> s ->
  forall M S : R, 0 < M -> 17 / 1000 <= S / M <= 979 / 1000 ->
  forall j : nat, (j < 3)%nat -> j <> s ->
  logitR model (impulsesR m s M S) j < logitR model (impulsesR m s M S) s.

Theorem model_is_right_over_reals : right_on_real_impulses.
Proof. exact (check_sound_R _ _ _ _ _ _ _ _ _ certificate_holds). Qed.

Print Assumptions model_is_right_over_reals.
