(** * A ReLU network finds the second largest of two impulses: a theorem

    Written by certify; checked with [coqc] of Coq 8.16, nothing else is needed.
    Model: d = 16 units, n = 10 inputs, 432 weights.
    SHA-256 of its weights: a9bed3dd624542f854655230dbe39ba53c26731fee2edde74e2141bc7f30432d.

    For every two different positions m and s, all M > 0 and all S with
    37/500 <= S/M <= 461/500: on the input that is M at m, S at s and 0
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

Definition scale : positive := (2 ^ 32)%positive.

Definition w_ih : list Z := [
  678796800; -42206531584; -1247865728; 163201696; -400778208; -44384505856; -318335008;
  430775488; 995229952; -212306016; -688715968; -44301107200; 31645644800; -41972658176;
  -647819584; 523846400
]%Z.

(** Row i leads to unit i. *)
Definition w_hh : list (list Z) := [
  [1740234752; -208194448; -307064384; -1308273408; -1965350784; -1120605312; 938704128;
   608039680; 657215488; 1033343296; 684246272; 51737928; 8904279040; 1313708032; 991900096;
   447495584];
  [891993728; 187245408; 266057008; 447599392; -66556300; -639949248; 1128231424; -243676592;
   233853664; 156189520; 97091696; -532627488; 5279185920; 1033905216; -279720672; 342204576];
  [1025815360; -4112893184; 113965968; -580949504; 1865778944; 1658935040; -79274024; -1013431808;
   2611737600; 613536640; -19872762; 1429801856; 6205977600; 1238926208; -972500032; -226581952];
  [-380156832; -67043052; 522384640; 1045199616; 1352501888; 176339728; 2004721920; 434282944;
   2718673408; -3222334208; -207899536; -296721792; 4939041792; 312268640; 1760718976; -664381312];
  [-496580416; 285380256; 2303323136; 2294071040; -2123994496; -1537585920; -159540816;
   2885665024; 1529133312; 332297472; -1465889536; 1520095360; 1009099456; -96236232; -264932416;
   -3800560640];
  [1078781440; -1711875968; 302606560; 471903232; -136250336; 3721967616; 1068441728; -224422160;
   266991872; 152383136; -15116732; -2611260416; -280877824; 498465568; -67943096; 577294528];
  [1722594176; -384730208; 2022417280; 1401291776; 881971520; 22037158; 2360058880; -830761792;
   -1107101824; 1030606208; -1202533504; -216385936; 7985071104; 521686016; -2408143360; 642358272];
  [-1131883520; 2733734144; 487108064; 1462822528; -18519992; -1050523584; -347708576; 118406856;
   2148557824; 763709504; -842356288; 770443584; 381693760; -2523440640; -522966720; 1211938304];
  [19884540; 2412513536; -3904453120; 2376029696; 436525984; 90535528; 1513262976; -615518400;
   -110923640; 1948181760; -170194576; -995824256; 1339230720; -1490679680; 1248739456; -661983872];
  [-1023522368; -1443438208; -1175683456; 1805525760; -822791936; -1521508736; 2113953280;
   2501533696; 1196667392; 481117824; 1788471552; 3836449536; 3554618112; -717553664; -482638496;
   -530902528];
  [352977248; -1458413952; 365158080; 866387136; -485917376; -3903767808; -462075360; 1458549120;
   1156452736; -326955936; -1317388416; 113302912; 4447298048; -1377729920; 1179316480; 937486464];
  [971969472; -1245082112; 301803840; 355274208; -72125704; 2728686848; 1083724544; -513065536;
   321473792; 233972544; 121926864; 1204324480; 6546947584; -2936703744; 45498684; 513810240];
  [-777668096; 477119616; -52135768; -322780192; 4089481; 159488752; -800314944; 109401392;
   -115285712; -104699336; -26331082; -276568608; -4093292544; -369234624; 102117072; -214496608];
  [1019402752; -4003915008; 114911024; 395228800; -75645672; -43744740; 1067892288; -98969376;
   178808624; 186406096; -14487030; 3734134016; -219057088; 127145952; -33291004; 261408016];
  [-922770240; 1741017344; 1875832960; 670627776; -495813024; -2188499712; -357245120; 1896865920;
   583268672; 920013312; -2929999104; -59134332; -77855336; 984535104; 421750208; 811103808];
  [1610375424; -56276988; -415696160; 3090955264; 5345111; -801997696; -1367088000; -1080427136;
   252873264; -1092629504; 75309064; 791620864; 6616014336; 145589744; 191808128; 2649313536]
]%Z.

(** Row j leads to logit j. *)
Definition w_out : list (list Z) := [
  [2423049472; -687003136; 2140952576; -1034844224; 2533514496; -16478150656; -9625219072;
   4636169728; 3846619136; -3608242944; -1512117760; 9374858240; 1950660352; 8928812032;
   397418336; -4132130048];
  [-5035717632; 1928797568; -7064022016; -2504750336; -4244046592; -5444721664; -3207816192;
   308739104; 5087563776; 3990070784; -1580343808; 17072546816; 1883866752; -13437222912;
   5783689216; -5013755904];
  [-8287390720; 21627267072; -8437838336; 1548932224; -1680906112; 5597909504; 2142620160;
   1910308864; -6565308416; 5516620288; -1506879744; -6545661440; 1820257280; -20245708800;
   2703710464; 62967052];
  [-6836631040; 22425634816; 5605433856; 5201708544; -1709917824; -3449658880; 1878407296;
   2135252864; -3139235328; -4774755840; -1556373376; -22559006720; 1820667008; 5355492864;
   -4340726784; 3087785472];
  [1184343936; -540570176; 1746693504; 2424533504; 8154504192; -9297321984; -511738720;
   -8020747776; 2415632128; -6193937920; -1548659072; -6465610240; 2069370368; 17837850624;
   -4605884928; 2016543488];
  [4720444928; -14174114816; -1339196160; 1861377024; -2440057344; -3994994432; 577929664;
   -1445532416; -1826085120; -1508083328; -1673823744; 12794599424; 2004640512; 5584629248;
   2214069248; -9280358400];
  [-923714688; -7103564800; 932477824; -8621775872; -2238090496; 9564135424; 4482446336;
   -61364196; -1520165376; 1984195072; -1626683008; 6616445440; 2139193216; -9538479104;
   2382019840; -2316980736];
  [779985408; 521385760; 1251631744; -1622152832; -2027937664; 15763720192; 125179200;
   -3308185344; -6086647296; 8556626944; -1499287040; -10403201024; 1998809344; -5719065088;
   -5883793920; 3513385472];
  [2985372160; -10145949696; -3289405440; 931173120; -2228665600; 11749190656; 2526183168;
   1775833216; -1352603264; -2859963392; 7565653504; -11764895744; 1655670144; 10946086912;
   -4932288000; 2048387712];
  [5005175808; -11921692672; -1466730112; 2129465984; -2203591680; 57877488; 464812480;
   -1434535040; -1330996224; -2026879360; -2078233472; -4381285376; -19610200064; 1970078592;
   2268489984; 5771581440]
]%Z.

Definition model : network := network_of_tables 16 10 scale w_ih w_hh w_out.

Definition lo : Q := (37 # 500).
Definition hi : Q := (461 # 500).

(** The claim: m is the position of the larger impulse M, s that of the smaller one S. *)
Definition right_on_impulses : Prop :=
  forall m s : nat, (m < 10)%nat -> (s < 10)%nat -> m <> s ->
  forall M S : Q, 0 < M -> (37 # 500) <= S / M <= (461 # 500) ->
  forall j : nat, (j < 10)%nat -> j <> s ->
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
    (37 # 500);
    (969885060277631885608469 # 5217233355740880551542784);
    (307050722288654637057338213016994079490783753961779960956503126512620156906175 # 1375576637600679394893033301518305214417258786039307096655602263577157630427136);
    (2739974093126611972767824269201335775321855592886564472084525337789978984420964394127147 # 7032239466035336974884007204804109070758964154862935613630313408851209357237567537283072);
    (461 # 500) ];
  [ (* m = 0, s = 2 *)
    (37 # 500);
    (3118228205537714006657879985562895533409578245372716908590432135467516368531743 # 18893956737941554402426669597573869360866111967164104240012420339250665256648704);
    (3327650075414306760127499247654578598026407311337023680612066760784983042910463140595579 # 6982288392996961286603588365805784989136727543815056970173069893006913659505896625012736);
    (84433995621166410127985547 # 95040659957151735146872832);
    (128574286889806334686725171 # 142519314129179074415820800);
    (461 # 500) ];
  [ (* m = 0, s = 3 *)
    (37 # 500);
    (10936217976430832027770983772831853 # 107315150240310216536029431502733312);
    (4332940995489955989655435250848839912679393929764752577870232197553661757154673 # 24930609111460138954391209917400340713461663061480922220123930127453377911586816);
    (52630470522202183910173716749329137 # 214227009326382199027623325912268800);
    (11485200671115095359449258904632206134823745637455368545540589 # 13955097980578528948723475727503428349479117406403716223860736);
    (49321198874538063706467128258691314039289904125795752169725944743207743 # 57468720858479827432234599880877024809628321032669362295384402185682944);
    (461 # 500) ];
  [ (* m = 0, s = 4 *)
    (37 # 500);
    (7741907573353853717415429466977484656130011 # 57506124936043658426262824087496491322572800);
    (32333137801831096575059592254862001996026753 # 108967250595800474121695613808988925038952448);
    (3430254836039715474526701931290678197813059690454694959431674031426936983192717 # 8951423270811946701145193306061737828312103794139039336869025408068315443625984);
    (4682919146583720429109987942144815585068431 # 7201797822616545639326950218714245463277568);
    (461 # 500) ];
  [ (* m = 0, s = 5 *)
    (37 # 500);
    (5310185622296905127936124910357135402185106307402551284718092481634780408029660964351 # 39635941786055053354255383160311448069120242719414607197893724052298393074118726516736);
    (1568272394852404813780261911433433727007616221105191754902673757567253330874619 # 5736774687395004938152931354170764265840284320115200253582623297272808749400064);
    (33733023691780729031380392644278817504041958744231968416071693543904088086963736130715611 # 108930907136160860383038563836472421495326069177984231922354766098130463915218098194481152);
    (282822026796957325891543437578251785482898318486364687 # 352860730664002790929849733484549801760124660246118400);
    (58637728934916925310323988117230228437686798969569356654485387329223633 # 69454515060356969361893819433661444785825223681808689641858545118871552);
    (105534051194213364616536797269172846994103692775514009 # 117654638321064887001803574442332374153501529098682368);
    (461 # 500) ];
  [ (* m = 0, s = 6 *)
    (37 # 500);
    (289478672875210909835528204288075846686859400677760550672984754734870413565460391828321 # 2851311720938634568462351215947787791741482187395573530336034696800325363891036542205952);
    (2819877687879001809877986902627938634986296410298882277441132661944725919555429 # 9364381789886531491130251532192513712037340540308392423843178289631069082746880);
    (5404752250810749153537564416545156697012435424373465859374933 # 9023621853780036385119318665102124731273656274372020129497088);
    (161389852343177739220676725283236804425289430002130733671735 # 257679235811312061343916958907164909886540443719274864836608);
    (2495015593431442627634362982075012448409140584763924778208929 # 3382868969295884713161674186407271249649595206786138033356800);
    (10407336225421145936824661329951035286903253446238901079212572163742857945546808037562935 # 13750203188584120993618713086132610611838785199886325756793926030838296655005393652547584);
    (2081653777829569610623911460660488992161598728036275352990009717204799395469803 # 2505361837830517860381140190122750509815824392848398180463533689029907923861504);
    (26963019690753559485892562138967167483175024967118928064386757 # 31407671627445406303848525530744979851925271427505191819149312);
    (461 # 500) ];
  [ (* m = 0, s = 7 *)
    (37 # 500);
    (245984704626639107158988575316771767021772279342412022686525973971797 # 553361945333928665161234573523024594020739138177807074654025871785984);
    (88183047315507222756102159438424674009293430778739395893241714952434235 # 142646302071284682130878540122492688562989838295146200380937533193715712);
    (85278396533755093397933257479267883038844517448307014602982456797779411 # 135646562637096525881221371535456007773265997436705602877752872605319168);
    (6006403569056948645867364750985540931691421010492868054281209576741451 # 7396740445705699704211645071897197401957995644326817515335599395962880);
    (461 # 500) ];
  [ (* m = 0, s = 8 *)
    (37 # 500);
    (3604304845830433536850695309852316951018512989999009687058866783193409343558711 # 10919821599156326510556611873591533595220181476250075408774774966468907263590400);
    (13433616781369888385258520585857963397613088248776084337914286486949283104354029 # 19145662571609524076808716299197810355536080983061916442962170215185106742542336);
    (193160721096209731032618759202512861311272456996573350491046974746066868292001847 # 218410213390231801608902987192336466668827083899397138003368847857748227706060800);
    (461 # 500) ];
  [ (* m = 0, s = 9 *)
    (37 # 500);
    (128417581703934967675448267033043501251791346303472662664619517920451905666469277968732129 # 311046513986736717705111071170641788581752769933548354976511420800956279646682091937071104);
    (29506516617219657084485087536314802365651957686016331248751937072492478743338804523763911 # 65660387305143180976073825455097291995538373903550704437510085875040834617168667355381760);
    (36581160427481649303461452407777171431374647521035088190165756123718347139044543449761701 # 42639305619246676080427205110354181189582108546679948265475815426101286281795101681254400);
    (461 # 500) ]
 ];
 [
  [ (* m = 1, s = 0 *)
    (37 # 500);
    (9650022607276021053149696726401024 # 52821288741308686496350943939887483);
    (22346871118982316818432 # 114744031450273397916979);
    (1691326785760378850991422857805824 # 5739394955119209942185820738795255);
    (415652354107070304223232 # 1319775367200908213991515);
    (185812311133388800 # 203386924631353791);
    (461 # 500) ];
  [];
  [ (* m = 1, s = 2 *)
    (37 # 500);
    (969885060277631885608469 # 5217233355740880551542784);
    (307050722288654637057338213016994079490783753961779960956503126512620156906175 # 1375576637600679394893033301518305214417258786039307096655602263577157630427136);
    (461 # 500) ];
  [ (* m = 1, s = 3 *)
    (37 # 500);
    (3118228205537714006657879985562895533409578245372716908590432135467516368531743 # 18893956737941554402426669597573869360866111967164104240012420339250665256648704);
    (84433995621166410127985547 # 95040659957151735146872832);
    (128574286889806334686725171 # 142519314129179074415820800);
    (461 # 500) ];
  [ (* m = 1, s = 4 *)
    (37 # 500);
    (10936217976430832027770983772831853 # 107315150240310216536029431502733312);
    (4332940995489955989655435250848839912679393929764752577870232197553661757154673 # 24930609111460138954391209917400340713461663061480922220123930127453377911586816);
    (52630470522202183910173716749329137 # 214227009326382199027623325912268800);
    (11485200671115095359449258904632206134823745637455368545540589 # 13955097980578528948723475727503428349479117406403716223860736);
    (49321198874538063706467128258691314039289904125795752169725944743207743 # 57468720858479827432234599880877024809628321032669362295384402185682944);
    (461 # 500) ];
  [ (* m = 1, s = 5 *)
    (37 # 500);
    (7741907573353853717415429466977484656130011 # 57506124936043658426262824087496491322572800);
    (32333137801831096575059592254862001996026753 # 108967250595800474121695613808988925038952448);
    (3430254836039715474526701931290678197813059690454694959431674031426936983192717 # 8951423270811946701145193306061737828312103794139039336869025408068315443625984);
    (4682919146583720429109987942144815585068431 # 7201797822616545639326950218714245463277568);
    (461 # 500) ];
  [ (* m = 1, s = 6 *)
    (37 # 500);
    (1568272394852404813780261911433433727007616221105191754902673757567253330874619 # 5736774687395004938152931354170764265840284320115200253582623297272808749400064);
    (282822026796957325891543437578251785482898318486364687 # 352860730664002790929849733484549801760124660246118400);
    (58637728934916925310323988117230228437686798969569356654485387329223633 # 69454515060356969361893819433661444785825223681808689641858545118871552);
    (105534051194213364616536797269172846994103692775514009 # 117654638321064887001803574442332374153501529098682368);
    (461 # 500) ];
  [ (* m = 1, s = 7 *)
    (37 # 500);
    (2819877687879001809877986902627938634986296410298882277441132661944725919555429 # 9364381789886531491130251532192513712037340540308392423843178289631069082746880);
    (5404752250810749153537564416545156697012435424373465859374933 # 9023621853780036385119318665102124731273656274372020129497088);
    (161389852343177739220676725283236804425289430002130733671735 # 257679235811312061343916958907164909886540443719274864836608);
    (2495015593431442627634362982075012448409140584763924778208929 # 3382868969295884713161674186407271249649595206786138033356800);
    (2081653777829569610623911460660488992161598728036275352990009717204799395469803 # 2505361837830517860381140190122750509815824392848398180463533689029907923861504);
    (26963019690753559485892562138967167483175024967118928064386757 # 31407671627445406303848525530744979851925271427505191819149312);
    (461 # 500) ];
  [ (* m = 1, s = 8 *)
    (37 # 500);
    (245984704626639107158988575316771767021772279342412022686525973971797 # 553361945333928665161234573523024594020739138177807074654025871785984);
    (88183047315507222756102159438424674009293430778739395893241714952434235 # 142646302071284682130878540122492688562989838295146200380937533193715712);
    (85278396533755093397933257479267883038844517448307014602982456797779411 # 135646562637096525881221371535456007773265997436705602877752872605319168);
    (6006403569056948645867364750985540931691421010492868054281209576741451 # 7396740445705699704211645071897197401957995644326817515335599395962880);
    (461 # 500) ];
  [ (* m = 1, s = 9 *)
    (37 # 500);
    (3604304845830433536850695309852316951018512989999009687058866783193409343558711 # 10919821599156326510556611873591533595220181476250075408774774966468907263590400);
    (13433616781369888385258520585857963397613088248776084337914286486949283104354029 # 19145662571609524076808716299197810355536080983061916442962170215185106742542336);
    (193160721096209731032618759202512861311272456996573350491046974746066868292001847 # 218410213390231801608902987192336466668827083899397138003368847857748227706060800);
    (461 # 500) ]
 ];
 [
  [ (* m = 2, s = 0 *)
    (37 # 500);
    (350564056312955155999144155244961879554402385390154178101248 # 4355488590627367037484357228974877490049117296045635332311889);
    (112809036762938446184448 # 969885060277631885608469);
    (2374807393944621982032611451600896 # 7238008890164429902987452474728473);
    (461 # 500) ];
  [ (* m = 2, s = 1 *)
    (37 # 500);
    (9650022607276021053149696726401024 # 52821288741308686496350943939887483);
    (22346871118982316818432 # 114744031450273397916979);
    (1691326785760378850991422857805824 # 5739394955119209942185820738795255);
    (415652354107070304223232 # 1319775367200908213991515);
    (185812311133388800 # 203386924631353791);
    (461 # 500) ];
  [];
  [ (* m = 2, s = 3 *)
    (37 # 500);
    (969885060277631885608469 # 5217233355740880551542784);
    (461 # 500) ];
  [ (* m = 2, s = 4 *)
    (37 # 500);
    (84433995621166410127985547 # 95040659957151735146872832);
    (128574286889806334686725171 # 142519314129179074415820800);
    (461 # 500) ];
  [ (* m = 2, s = 5 *)
    (37 # 500);
    (10936217976430832027770983772831853 # 107315150240310216536029431502733312);
    (52630470522202183910173716749329137 # 214227009326382199027623325912268800);
    (11485200671115095359449258904632206134823745637455368545540589 # 13955097980578528948723475727503428349479117406403716223860736);
    (49321198874538063706467128258691314039289904125795752169725944743207743 # 57468720858479827432234599880877024809628321032669362295384402185682944);
    (461 # 500) ];
  [ (* m = 2, s = 6 *)
    (37 # 500);
    (7741907573353853717415429466977484656130011 # 57506124936043658426262824087496491322572800);
    (32333137801831096575059592254862001996026753 # 108967250595800474121695613808988925038952448);
    (4682919146583720429109987942144815585068431 # 7201797822616545639326950218714245463277568);
    (461 # 500) ];
  [ (* m = 2, s = 7 *)
    (37 # 500);
    (282822026796957325891543437578251785482898318486364687 # 352860730664002790929849733484549801760124660246118400);
    (58637728934916925310323988117230228437686798969569356654485387329223633 # 69454515060356969361893819433661444785825223681808689641858545118871552);
    (105534051194213364616536797269172846994103692775514009 # 117654638321064887001803574442332374153501529098682368);
    (461 # 500) ];
  [ (* m = 2, s = 8 *)
    (37 # 500);
    (5404752250810749153537564416545156697012435424373465859374933 # 9023621853780036385119318665102124731273656274372020129497088);
    (161389852343177739220676725283236804425289430002130733671735 # 257679235811312061343916958907164909886540443719274864836608);
    (2495015593431442627634362982075012448409140584763924778208929 # 3382868969295884713161674186407271249649595206786138033356800);
    (26963019690753559485892562138967167483175024967118928064386757 # 31407671627445406303848525530744979851925271427505191819149312);
    (461 # 500) ];
  [ (* m = 2, s = 9 *)
    (37 # 500);
    (245984704626639107158988575316771767021772279342412022686525973971797 # 553361945333928665161234573523024594020739138177807074654025871785984);
    (88183047315507222756102159438424674009293430778739395893241714952434235 # 142646302071284682130878540122492688562989838295146200380937533193715712);
    (85278396533755093397933257479267883038844517448307014602982456797779411 # 135646562637096525881221371535456007773265997436705602877752872605319168);
    (6006403569056948645867364750985540931691421010492868054281209576741451 # 7396740445705699704211645071897197401957995644326817515335599395962880);
    (461 # 500) ]
 ];
 [
  [ (* m = 3, s = 0 *)
    (37 # 500);
    (282025770174291891752349939457028485668400571392549511929276755179070574967277783875584 # 2669328020510259191498252295755101221895984367674776245742500636477507158088300443861391);
    (208151629024020679754701279854592 # 327491209677197377763201146942787);
    (2044419859838530256613100771043477126617281008386426348604120847351808 # 2901660266656034983254903987642023115511988389172360288503368231736723);
    (6447812786353576856272849041335960221561893209519596427542528 # 7251580532581669261451103082072001447451753435599390027265169);
    (461 # 500) ];
  [ (* m = 3, s = 1 *)
    (37 # 500);
    (350564056312955155999144155244961879554402385390154178101248 # 4355488590627367037484357228974877490049117296045635332311889);
    (112809036762938446184448 # 969885060277631885608469);
    (2374807393944621982032611451600896 # 7238008890164429902987452474728473);
    (461 # 500) ];
  [ (* m = 3, s = 2 *)
    (37 # 500);
    (9650022607276021053149696726401024 # 52821288741308686496350943939887483);
    (22346871118982316818432 # 114744031450273397916979);
    (1691326785760378850991422857805824 # 5739394955119209942185820738795255);
    (415652354107070304223232 # 1319775367200908213991515);
    (185812311133388800 # 203386924631353791);
    (461 # 500) ];
  [];
  [ (* m = 3, s = 4 *)
    (37 # 500);
    (969885060277631885608469 # 5217233355740880551542784);
    (461 # 500) ];
  [ (* m = 3, s = 5 *)
    (37 # 500);
    (84433995621166410127985547 # 95040659957151735146872832);
    (128574286889806334686725171 # 142519314129179074415820800);
    (461 # 500) ];
  [ (* m = 3, s = 6 *)
    (37 # 500);
    (10936217976430832027770983772831853 # 107315150240310216536029431502733312);
    (52630470522202183910173716749329137 # 214227009326382199027623325912268800);
    (11485200671115095359449258904632206134823745637455368545540589 # 13955097980578528948723475727503428349479117406403716223860736);
    (461 # 500) ];
  [ (* m = 3, s = 7 *)
    (37 # 500);
    (7741907573353853717415429466977484656130011 # 57506124936043658426262824087496491322572800);
    (32333137801831096575059592254862001996026753 # 108967250595800474121695613808988925038952448);
    (4682919146583720429109987942144815585068431 # 7201797822616545639326950218714245463277568);
    (461 # 500) ];
  [ (* m = 3, s = 8 *)
    (37 # 500);
    (282822026796957325891543437578251785482898318486364687 # 352860730664002790929849733484549801760124660246118400);
    (105534051194213364616536797269172846994103692775514009 # 117654638321064887001803574442332374153501529098682368);
    (461 # 500) ];
  [ (* m = 3, s = 9 *)
    (37 # 500);
    (5404752250810749153537564416545156697012435424373465859374933 # 9023621853780036385119318665102124731273656274372020129497088);
    (161389852343177739220676725283236804425289430002130733671735 # 257679235811312061343916958907164909886540443719274864836608);
    (2495015593431442627634362982075012448409140584763924778208929 # 3382868969295884713161674186407271249649595206786138033356800);
    (26963019690753559485892562138967167483175024967118928064386757 # 31407671627445406303848525530744979851925271427505191819149312);
    (461 # 500) ]
 ];
 [
  [ (* m = 4, s = 0 *)
    (37 # 500);
    (2352758982157087564867804130906507422752250009894904235643467586338816 # 31745094725758385938867465066349648895319417119040924820166783020633867);
    (809911162420959461503840171507945345908736 # 9936684727407165719955940758748974021135931);
    (3112043052058364712069806491490334046435906424857421206823533487032611633102848 # 33165454351322906654147545003064738798984210011185061508448860303275570948635687);
    (4317558961392961524689538324200504668770541928462154410085449367289856 # 41508411863862833877479905574567279963099862075028578407200593171693769);
    (27937638727102913061691603100775508606976 # 49447445080535112331761274196839865803929);
    (777133147735651065093210797792903456358400 # 1117320915866165527123469989785033441135259);
    (109574420676627091133784106413212021955756032 # 124385962907586842596757198717579970460138345);
    (461 # 500) ];
  [ (* m = 4, s = 1 *)
    (37 # 500);
    (208151629024020679754701279854592 # 327491209677197377763201146942787);
    (2044419859838530256613100771043477126617281008386426348604120847351808 # 2901660266656034983254903987642023115511988389172360288503368231736723);
    (6447812786353576856272849041335960221561893209519596427542528 # 7251580532581669261451103082072001447451753435599390027265169);
    (461 # 500) ];
  [ (* m = 4, s = 2 *)
    (37 # 500);
    (350564056312955155999144155244961879554402385390154178101248 # 4355488590627367037484357228974877490049117296045635332311889);
    (112809036762938446184448 # 969885060277631885608469);
    (2374807393944621982032611451600896 # 7238008890164429902987452474728473);
    (461 # 500) ];
  [ (* m = 4, s = 3 *)
    (37 # 500);
    (9650022607276021053149696726401024 # 52821288741308686496350943939887483);
    (22346871118982316818432 # 114744031450273397916979);
    (1691326785760378850991422857805824 # 5739394955119209942185820738795255);
    (415652354107070304223232 # 1319775367200908213991515);
    (185812311133388800 # 203386924631353791);
    (461 # 500) ];
  [];
  [ (* m = 4, s = 5 *)
    (37 # 500);
    (969885060277631885608469 # 5217233355740880551542784);
    (461 # 500) ];
  [ (* m = 4, s = 6 *)
    (37 # 500);
    (84433995621166410127985547 # 95040659957151735146872832);
    (128574286889806334686725171 # 142519314129179074415820800);
    (461 # 500) ];
  [ (* m = 4, s = 7 *)
    (37 # 500);
    (10936217976430832027770983772831853 # 107315150240310216536029431502733312);
    (52630470522202183910173716749329137 # 214227009326382199027623325912268800);
    (461 # 500) ];
  [ (* m = 4, s = 8 *)
    (37 # 500);
    (7741907573353853717415429466977484656130011 # 57506124936043658426262824087496491322572800);
    (32333137801831096575059592254862001996026753 # 108967250595800474121695613808988925038952448);
    (4682919146583720429109987942144815585068431 # 7201797822616545639326950218714245463277568);
    (461 # 500) ];
  [ (* m = 4, s = 9 *)
    (37 # 500);
    (282822026796957325891543437578251785482898318486364687 # 352860730664002790929849733484549801760124660246118400);
    (105534051194213364616536797269172846994103692775514009 # 117654638321064887001803574442332374153501529098682368);
    (461 # 500) ]
 ];
 [
  [ (* m = 5, s = 0 *)
    (37 # 500);
    (1159029850911868188483847942465935042292909084874298646757287265304576 # 14996463125671307145402532014543745211676110448117834587896281532557883);
    (438733643081829083266257472421966091240002765486932760741856176766976 # 5194659937411196250948484175438331694431822008642889151324780538268515);
    (24605127684373463951116013765365067529906390314692504045488937621297431576576 # 99105694620956635560219653715871537718757651370091039484381527743949938990751);
    (6624116384603511336140899793685366145957513141307121069648710406766592 # 19334332706076889756895545617295931181145469734998366288560485353019977);
    (294586606426997832387567990447724676441615045081415559191732757866418717818834986729472 # 324409655444791526398537229451669119432336329022174124233706425212904878310268013208401);
    (123725944482168290677602650563190925736374094121664512 # 134878344050272248848539025235222276051581949470821145);
    (461 # 500) ];
  [ (* m = 5, s = 1 *)
    (37 # 500);
    (2352758982157087564867804130906507422752250009894904235643467586338816 # 31745094725758385938867465066349648895319417119040924820166783020633867);
    (809911162420959461503840171507945345908736 # 9936684727407165719955940758748974021135931);
    (3112043052058364712069806491490334046435906424857421206823533487032611633102848 # 33165454351322906654147545003064738798984210011185061508448860303275570948635687);
    (4317558961392961524689538324200504668770541928462154410085449367289856 # 41508411863862833877479905574567279963099862075028578407200593171693769);
    (27937638727102913061691603100775508606976 # 49447445080535112331761274196839865803929);
    (777133147735651065093210797792903456358400 # 1117320915866165527123469989785033441135259);
    (109574420676627091133784106413212021955756032 # 124385962907586842596757198717579970460138345);
    (461 # 500) ];
  [ (* m = 5, s = 2 *)
    (37 # 500);
    (208151629024020679754701279854592 # 327491209677197377763201146942787);
    (2044419859838530256613100771043477126617281008386426348604120847351808 # 2901660266656034983254903987642023115511988389172360288503368231736723);
    (6447812786353576856272849041335960221561893209519596427542528 # 7251580532581669261451103082072001447451753435599390027265169);
    (461 # 500) ];
  [ (* m = 5, s = 3 *)
    (37 # 500);
    (350564056312955155999144155244961879554402385390154178101248 # 4355488590627367037484357228974877490049117296045635332311889);
    (112809036762938446184448 # 969885060277631885608469);
    (2374807393944621982032611451600896 # 7238008890164429902987452474728473);
    (461 # 500) ];
  [ (* m = 5, s = 4 *)
    (37 # 500);
    (9650022607276021053149696726401024 # 52821288741308686496350943939887483);
    (22346871118982316818432 # 114744031450273397916979);
    (1691326785760378850991422857805824 # 5739394955119209942185820738795255);
    (415652354107070304223232 # 1319775367200908213991515);
    (185812311133388800 # 203386924631353791);
    (461 # 500) ];
  [];
  [ (* m = 5, s = 6 *)
    (37 # 500);
    (969885060277631885608469 # 5217233355740880551542784);
    (461 # 500) ];
  [ (* m = 5, s = 7 *)
    (37 # 500);
    (84433995621166410127985547 # 95040659957151735146872832);
    (128574286889806334686725171 # 142519314129179074415820800);
    (461 # 500) ];
  [ (* m = 5, s = 8 *)
    (37 # 500);
    (10936217976430832027770983772831853 # 107315150240310216536029431502733312);
    (52630470522202183910173716749329137 # 214227009326382199027623325912268800);
    (461 # 500) ];
  [ (* m = 5, s = 9 *)
    (37 # 500);
    (7741907573353853717415429466977484656130011 # 57506124936043658426262824087496491322572800);
    (32333137801831096575059592254862001996026753 # 108967250595800474121695613808988925038952448);
    (4682919146583720429109987942144815585068431 # 7201797822616545639326950218714245463277568);
    (461 # 500) ]
 ];
 [
  [ (* m = 6, s = 0 *)
    (37 # 500);
    (829665884125704941300148456188013433451403562039400159793267542360071566524416 # 9147916938410778670402088810900039020021683390514142184291560086663372568910353);
    (942173324345696282245118352183983136948381982357966861368632488774878466408448 # 2411382556541249576966131962566969428668938663732951053375651104716049853685249);
    (66300048085372776501385495766198396149060786895204744219852800 # 99122516606675137077905802392561626675650146266990452706522251);
    (4079946478491780538823085895682382469290063375522921444098770193682705156145152 # 5096985354692534836404386213135813657166385462809058321128393150189853584051163);
    (461 # 500) ];
  [ (* m = 6, s = 1 *)
    (37 # 500);
    (1159029850911868188483847942465935042292909084874298646757287265304576 # 14996463125671307145402532014543745211676110448117834587896281532557883);
    (438733643081829083266257472421966091240002765486932760741856176766976 # 5194659937411196250948484175438331694431822008642889151324780538268515);
    (24605127684373463951116013765365067529906390314692504045488937621297431576576 # 99105694620956635560219653715871537718757651370091039484381527743949938990751);
    (6624116384603511336140899793685366145957513141307121069648710406766592 # 19334332706076889756895545617295931181145469734998366288560485353019977);
    (123725944482168290677602650563190925736374094121664512 # 134878344050272248848539025235222276051581949470821145);
    (461 # 500) ];
  [ (* m = 6, s = 2 *)
    (37 # 500);
    (2352758982157087564867804130906507422752250009894904235643467586338816 # 31745094725758385938867465066349648895319417119040924820166783020633867);
    (809911162420959461503840171507945345908736 # 9936684727407165719955940758748974021135931);
    (4317558961392961524689538324200504668770541928462154410085449367289856 # 41508411863862833877479905574567279963099862075028578407200593171693769);
    (27937638727102913061691603100775508606976 # 49447445080535112331761274196839865803929);
    (777133147735651065093210797792903456358400 # 1117320915866165527123469989785033441135259);
    (109574420676627091133784106413212021955756032 # 124385962907586842596757198717579970460138345);
    (461 # 500) ];
  [ (* m = 6, s = 3 *)
    (37 # 500);
    (208151629024020679754701279854592 # 327491209677197377763201146942787);
    (6447812786353576856272849041335960221561893209519596427542528 # 7251580532581669261451103082072001447451753435599390027265169);
    (461 # 500) ];
  [ (* m = 6, s = 4 *)
    (37 # 500);
    (112809036762938446184448 # 969885060277631885608469);
    (2374807393944621982032611451600896 # 7238008890164429902987452474728473);
    (461 # 500) ];
  [ (* m = 6, s = 5 *)
    (37 # 500);
    (9650022607276021053149696726401024 # 52821288741308686496350943939887483);
    (22346871118982316818432 # 114744031450273397916979);
    (1691326785760378850991422857805824 # 5739394955119209942185820738795255);
    (415652354107070304223232 # 1319775367200908213991515);
    (185812311133388800 # 203386924631353791);
    (461 # 500) ];
  [];
  [ (* m = 6, s = 7 *)
    (37 # 500);
    (969885060277631885608469 # 5217233355740880551542784);
    (461 # 500) ];
  [ (* m = 6, s = 8 *)
    (37 # 500);
    (84433995621166410127985547 # 95040659957151735146872832);
    (128574286889806334686725171 # 142519314129179074415820800);
    (461 # 500) ];
  [ (* m = 6, s = 9 *)
    (37 # 500);
    (10936217976430832027770983772831853 # 107315150240310216536029431502733312);
    (52630470522202183910173716749329137 # 214227009326382199027623325912268800);
    (461 # 500) ]
 ];
 [
  [ (* m = 7, s = 0 *)
    (37 # 500);
    (252912725951772883161973048642476109263049365896444789664377646220699382474932421132288 # 1018296034365304587716326008180375918208150586695181433531891591142674570564488730125937);
    (269789844966770232200923312184741461960395926834116067466906083161800704 # 421625603444331318583020599309847224774123042293572863207938181997341535);
    (461 # 500) ];
  [ (* m = 7, s = 1 *)
    (37 # 500);
    (829665884125704941300148456188013433451403562039400159793267542360071566524416 # 9147916938410778670402088810900039020021683390514142184291560086663372568910353);
    (942173324345696282245118352183983136948381982357966861368632488774878466408448 # 2411382556541249576966131962566969428668938663732951053375651104716049853685249);
    (66300048085372776501385495766198396149060786895204744219852800 # 99122516606675137077905802392561626675650146266990452706522251);
    (4079946478491780538823085895682382469290063375522921444098770193682705156145152 # 5096985354692534836404386213135813657166385462809058321128393150189853584051163);
    (461 # 500) ];
  [ (* m = 7, s = 2 *)
    (37 # 500);
    (1159029850911868188483847942465935042292909084874298646757287265304576 # 14996463125671307145402532014543745211676110448117834587896281532557883);
    (438733643081829083266257472421966091240002765486932760741856176766976 # 5194659937411196250948484175438331694431822008642889151324780538268515);
    (6624116384603511336140899793685366145957513141307121069648710406766592 # 19334332706076889756895545617295931181145469734998366288560485353019977);
    (123725944482168290677602650563190925736374094121664512 # 134878344050272248848539025235222276051581949470821145);
    (461 # 500) ];
  [ (* m = 7, s = 3 *)
    (37 # 500);
    (809911162420959461503840171507945345908736 # 9936684727407165719955940758748974021135931);
    (27937638727102913061691603100775508606976 # 49447445080535112331761274196839865803929);
    (777133147735651065093210797792903456358400 # 1117320915866165527123469989785033441135259);
    (109574420676627091133784106413212021955756032 # 124385962907586842596757198717579970460138345);
    (461 # 500) ];
  [ (* m = 7, s = 4 *)
    (37 # 500);
    (208151629024020679754701279854592 # 327491209677197377763201146942787);
    (461 # 500) ];
  [ (* m = 7, s = 5 *)
    (37 # 500);
    (112809036762938446184448 # 969885060277631885608469);
    (2374807393944621982032611451600896 # 7238008890164429902987452474728473);
    (461 # 500) ];
  [ (* m = 7, s = 6 *)
    (37 # 500);
    (9650022607276021053149696726401024 # 52821288741308686496350943939887483);
    (22346871118982316818432 # 114744031450273397916979);
    (1691326785760378850991422857805824 # 5739394955119209942185820738795255);
    (415652354107070304223232 # 1319775367200908213991515);
    (185812311133388800 # 203386924631353791);
    (461 # 500) ];
  [];
  [ (* m = 7, s = 8 *)
    (37 # 500);
    (969885060277631885608469 # 5217233355740880551542784);
    (461 # 500) ];
  [ (* m = 7, s = 9 *)
    (37 # 500);
    (84433995621166410127985547 # 95040659957151735146872832);
    (128574286889806334686725171 # 142519314129179074415820800);
    (461 # 500) ]
 ];
 [
  [ (* m = 8, s = 0 *)
    (37 # 500);
    (17475525426912966294591448972543368634726115766330194254679938485725664641024 # 165875158110529518228116876625172860881546847664640133967125450702630936444437);
    (72421160057824272128080732927341430583445534560258582927405699342711893759361024 # 87881650596205919411192373284726237169916881750629207593032021186954723123721485);
    (461 # 500) ];
  [ (* m = 8, s = 1 *)
    (37 # 500);
    (269789844966770232200923312184741461960395926834116067466906083161800704 # 421625603444331318583020599309847224774123042293572863207938181997341535);
    (461 # 500) ];
  [ (* m = 8, s = 2 *)
    (37 # 500);
    (66300048085372776501385495766198396149060786895204744219852800 # 99122516606675137077905802392561626675650146266990452706522251);
    (461 # 500) ];
  [ (* m = 8, s = 3 *)
    (37 # 500);
    (123725944482168290677602650563190925736374094121664512 # 134878344050272248848539025235222276051581949470821145);
    (461 # 500) ];
  [ (* m = 8, s = 4 *)
    (37 # 500);
    (809911162420959461503840171507945345908736 # 9936684727407165719955940758748974021135931);
    (27937638727102913061691603100775508606976 # 49447445080535112331761274196839865803929);
    (777133147735651065093210797792903456358400 # 1117320915866165527123469989785033441135259);
    (109574420676627091133784106413212021955756032 # 124385962907586842596757198717579970460138345);
    (461 # 500) ];
  [ (* m = 8, s = 5 *)
    (37 # 500);
    (208151629024020679754701279854592 # 327491209677197377763201146942787);
    (461 # 500) ];
  [ (* m = 8, s = 6 *)
    (37 # 500);
    (112809036762938446184448 # 969885060277631885608469);
    (2374807393944621982032611451600896 # 7238008890164429902987452474728473);
    (461 # 500) ];
  [ (* m = 8, s = 7 *)
    (37 # 500);
    (22346871118982316818432 # 114744031450273397916979);
    (415652354107070304223232 # 1319775367200908213991515);
    (185812311133388800 # 203386924631353791);
    (461 # 500) ];
  [];
  [ (* m = 8, s = 9 *)
    (37 # 500);
    (461 # 500) ]
 ];
 [
  [ (* m = 9, s = 0 *)
    (37 # 500);
    (637982886606564842025774887655775846936477115634734379220008161319609685919024109584384 # 868436018625632729506584612864227540060578202033281652018954264204611240696381175484963);
    (164459989210628327984036057105593493023675200740516922131214340878810632090976850030886912 # 184947651000489554718074565897166851944481326705735734471341795656418514233681001884109897);
    (461 # 500) ];
  [ (* m = 9, s = 1 *)
    (37 # 500);
    (17475525426912966294591448972543368634726115766330194254679938485725664641024 # 165875158110529518228116876625172860881546847664640133967125450702630936444437);
    (72421160057824272128080732927341430583445534560258582927405699342711893759361024 # 87881650596205919411192373284726237169916881750629207593032021186954723123721485);
    (461 # 500) ];
  [ (* m = 9, s = 2 *)
    (37 # 500);
    (269789844966770232200923312184741461960395926834116067466906083161800704 # 421625603444331318583020599309847224774123042293572863207938181997341535);
    (461 # 500) ];
  [ (* m = 9, s = 3 *)
    (37 # 500);
    (66300048085372776501385495766198396149060786895204744219852800 # 99122516606675137077905802392561626675650146266990452706522251);
    (461 # 500) ];
  [ (* m = 9, s = 4 *)
    (37 # 500);
    (123725944482168290677602650563190925736374094121664512 # 134878344050272248848539025235222276051581949470821145);
    (461 # 500) ];
  [ (* m = 9, s = 5 *)
    (37 # 500);
    (809911162420959461503840171507945345908736 # 9936684727407165719955940758748974021135931);
    (27937638727102913061691603100775508606976 # 49447445080535112331761274196839865803929);
    (777133147735651065093210797792903456358400 # 1117320915866165527123469989785033441135259);
    (109574420676627091133784106413212021955756032 # 124385962907586842596757198717579970460138345);
    (461 # 500) ];
  [ (* m = 9, s = 6 *)
    (37 # 500);
    (208151629024020679754701279854592 # 327491209677197377763201146942787);
    (461 # 500) ];
  [ (* m = 9, s = 7 *)
    (37 # 500);
    (112809036762938446184448 # 969885060277631885608469);
    (461 # 500) ];
  [ (* m = 9, s = 8 *)
    (37 # 500);
    (185812311133388800 # 203386924631353791);
    (461 # 500) ];
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
  forall m s : nat, (m < 10)%nat -> (s < 10)%nat -> m <> s ->
  forall M S : R, 0 < M -> 37 / 500 <= S / M <= 461 / 500 ->
  forall j : nat, (j < 10)%nat -> j <> s ->
  logitR model (impulsesR m s M S) j < logitR model (impulsesR m s M S) s.

Theorem model_is_right_over_reals : right_on_real_impulses.
Proof. exact (check_sound_R _ _ _ _ _ _ _ _ _ certificate_holds). Qed.

Print Assumptions model_is_right_over_reals.
