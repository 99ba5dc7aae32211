(** * A ReLU network finds the second largest of two impulses: a theorem

    Written by certify; checked with [coqc] of Coq 8.16, nothing else is needed.
    Model: d = 16 units, n = 10 inputs, 432 weights.
    SHA-256 of its weights: 239d9c6b336e511ecee79945079821e0202252adb37f1e9f01c74aeeff4e409a.

    For every two different positions m and s, all M > 0 and all S with
    113/200 <= S/M <= 114/125: on the input that is M at m, S at s and 0
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

(** The input that is M at position m, S at position s, and 0 elsewhere. *)
Definition impulses (m s : nat) (M S : Q) (t : nat) : Q :=
  if (t =? m)%nat then M else if (t =? s)%nat then S else 0.

(** The network whose weights are the integers in three tables, divided by [scale]:
    row i of [hh] leads to unit i, row j of [out] leads to logit j. *)
Definition network_of_tables (d n : nat) (scale : positive)
    (ih : list Z) (hh out : list (list Z)) : network :=
  {| hidden_size := d;
     seq_len := n;
     W_ih := fun i => nth i ih 0%Z # scale;
     W_hh := fun i k => nth k (nth i hh nil) 0%Z # scale;
     W_out := fun j i => nth i (nth j out nil) 0%Z # scale |}.

(** * Part 2. The model and the claim

    The weights are these integers, divided by [scale]. *)

Definition scale : positive := (2 ^ 35)%positive.

Definition w_ih : list Z := [
  14450380800; -255078940672; 15264049152; 5622320128; 5845086720; 9132152832; 229067603968;
  4579186688; -214037069824; -179868696576; 12453878784; -220715008000; -10780835840; -7349379584;
  5158406144; 5752095232
]%Z.

(** Row i leads to unit i. *)
Definition w_hh : list (list Z) := [
  [19871531008; -1354485760; 1262385536; -6153924096; 10205694976; 17781366784; 19746574336;
   34897629184; -4182282240; 3340694272; -17413175296; 584023680; -5952831488; 17435830272;
   -10466316288; -801601536];
  [1193442432; -24066975744; 2886045696; 804277184; 1206915712; 7686936064; -831039296;
   6827426816; 798003200; 31340791808; 2966534656; 1854077952; 476363040; -707384320; 10900677632;
   -2621353728];
  [14541581312; -1163699200; -7388380672; 9277214720; 13469163520; -4323590144; 3232620544;
   -8903696384; -4335830016; -3663907840; -2265193216; 10690861056; -13298535424; 19256393728;
   21627650048; 783218304];
  [21956364288; 5713897472; 11675898880; -11756935168; 1797386496; -4866508288; -945061248;
   -5289081856; -3046558464; -1058495424; -1339272192; -1247148800; 6567065600; -6082694656;
   8073274880; 1669355008];
  [-1429569920; 10907794432; -1173345536; -302426432; 9163638784; 221710640; 51925975040;
   1049677440; -22771361792; 4747754496; -1854839040; 4979810304; 1558024960; 443893408;
   1004136832; -444100032];
  [-8511642112; -4313870848; 2534691328; -1568960000; 10166264832; 4373692928; 38766243840;
   15395965952; -3011473152; 6542492672; 25410637824; 7266446848; 18772393984; 3785747200;
   -663281920; -3032183552];
  [-837378944; 2158059008; -2148667904; -861491648; -826210816; -6208577024; -30343333888;
   -5795776512; -1770482176; -2524902656; -3677246720; 451025600; -271734464; 271486464;
   -9008601088; 2147971328];
  [-8829208576; -5256132096; 8002348544; -259007808; -19721062400; -9132442624; 18527793152;
   19303690240; 9628869632; -2198980864; -5839013888; 2306874112; -11402958848; 2845705984;
   23967739904; -4048540416];
  [965362432; 15335321600; 1256808960; 623563904; 10463378432; 6326201856; 59714265088;
   5660594176; -23798280192; -45922628; 3186048256; 6153428480; -460991424; -1649515008;
   9911207936; -1983976960];
  [1028987072; 11722157056; 887744576; -333136224; 765785856; 5520904704; -574068480; 4106171392;
   5900371968; 17106712576; 3814335232; -33213257728; 471008928; 352225696; 7973120512;
   -1726229760];
  [-3021964544; 5423790592; 17510490112; -7995566592; 13030179840; 13642997760; 64972128256;
   -17155570688; 4680696320; -5892483072; -636300416; -5214407680; 318853824; 4826713600;
   -272551360; -638484032];
  [1028610304; -2524182272; 1137040256; -486325792; -8250500608; 7096506368; 43989667840;
   5899252224; 22184142848; -2937793792; 4325618688; -15653285888; 184540016; -541410048;
   9837046784; -2433145344];
  [16586822656; -7547010; 6849669120; -6109603840; 7817598976; 3294476544; 7261853; -592620288;
   -664510912; 5079890432; -11102339072; -694321856; -6852060672; 12719094784; 7364682752;
   -60907286528];
  [13507111936; -4506675712; 16788038656; 6158035456; 13447940096; -3068881664; -4585095168;
   4937851392; 17446643712; -9598902272; 12811744256; 682515072; -27823888384; -5148105728;
   -9007665152; 2807426560];
  [7958177792; -7018556416; -4968553984; 7314998784; -9156669440; 19400579072; 36165939200;
   4483313664; 10303285248; 12669764608; 4449945600; -4371601408; -3118414848; -13163429888;
   13470545920; -2651479808];
  [-159622000; -4379937792; -93295016; -102360608; -11695700992; 1067890816; -14576514048;
   326199392; 16598576128; 30356197376; -581122304; 11920968704; 822496960; -611102208;
   -1478971776; 217685600]
]%Z.

(** Row j leads to logit j. *)
Definition w_out : list (list Z) := [
  [-11704104960; -87084802048; 3153094400; 23320111104; -33336985600; 9013801984; 14252724224;
   -18581819392; 74391199744; -6401667584; -60563779584; 30695024640; -13171396608; 26107494400;
   -24411121664; 3743309824];
  [20845692928; 96772415488; -10408302592; 16696892416; 22402703360; -54172790784; 11220944896;
   1512217216; -33955469312; -120304500736; 19058577408; 20882116608; -13142105088; -23843250176;
   -12890274816; 10394255360];
  [18524708864; -97061797888; 11580553216; -33182603264; -33436342272; 5092070912; 11101088768;
   -10916407296; -5706454528; 34163228672; -48214892544; 90676658176; -15126547456; -2904431616;
   -5005008896; 3929882112];
  [-5282102784; 59814518784; -42397671424; 20013246464; -27943362560; -4701112320; 14174163968;
   40064401408; 63003258880; -80142966784; -3138479872; -66131468288; -14462930944; 11823281152;
   -10920829952; 1694833664];
  [-15628515328; -35901591552; 34473078784; -18566215680; -5147525632; -19979065344; 9294297088;
   26157758464; -77030957056; 21346164736; -2848151552; 102522232832; -14982474752; -33852864512;
   2181396480; 269139136];
  [-17749381120; -3552311552; -26268102656; 811524352; -61505114112; -12909394944; 14060361728;
   -19229755392; 94675648512; -16216346624; -10465394688; -76476702720; -13729303552; 13534435328;
   49611624448; -1588781312];
  [4677767168; 40252600320; -3656123648; 8443126784; 41346641920; 17706842112; 4907688448;
   -15282149376; -97776467968; 29669947392; 17440907264; 30479169536; -13227828224; -58003607552;
   -4432007168; 4111238400];
  [-15671793664; -33634617344; -10629499904; -27321632768; -2360649472; 17227933696; 14670245888;
   -11871546368; 28159096832; 88383102976; 2445594368; -63248146432; 46943768576; 9638561792;
   1862790912; -2259359232];
  [830315200; 62924185600; 9874654208; -8662420480; 41138040832; 8364782592; 10986940416;
   -9482772480; -46769983488; 38692155392; 16423571456; -56957210624; -13811938304; 8168378880;
   -4131955712; -95194652672];
  [1479762560; -29489874944; 11821632512; -8740318208; 57857998848; 7132215808; -236608290816;
   -10000271360; -55336202240; 993994368; 20263088128; -41407561728; -15097060352; 10157891584;
   -4404907520; 3416885760]
]%Z.

Definition model : network := network_of_tables 16 10 scale w_ih w_hh w_out.

Definition lo : Q := (113 # 200).
Definition hi : Q := (114 # 125).

(** The claim: m is the position of the larger impulse M, s that of the smaller one S. *)
Definition right_on_impulses : Prop :=
  forall m s : nat, (m < 10)%nat -> (s < 10)%nat -> m <> s ->
  forall M S : Q, 0 < M -> (113 # 200) <= S / M <= (114 # 125) ->
  forall j : nat, (j < 10)%nat -> j <> s ->
  logit model (impulses m s M S) j < logit model (impulses m s M S) s.

(** * Part 3. Why the computation at the end proves the theorem

    Nothing in this part has to be read to know what is proved: the kernel checks all of it.

    Two inputs are in one cell when no unit has strictly opposite signs on them at any step.
    On the cone that they span the network is linear (section 3.2), so a margin that is positive
    on both is positive between them. A certificate lists, per pair (m, s), ratios such that
    neighbours are in one cell. [check] runs the network on each of them, in integers. *)

From Coq Require Import Bool Lia Lqa.

(** ** 3.1. Sums, signs and relu *)

Lemma sum_ext : forall k f g,
  (forall i, (i < k)%nat -> f i == g i) -> sum k f == sum k g.
Proof.
  induction k; intros f g H; simpl; [reflexivity|].
  rewrite (IHk f g), (H k); [reflexivity | lia | intros; apply H; lia].
Qed.

Lemma sum_linear : forall k f g a b,
  sum k (fun i => a * f i + b * g i) == a * sum k f + b * sum k g.
Proof. induction k; intros; simpl; [ring | rewrite IHk; ring]. Qed.

Lemma sum_scale : forall k f a, sum k (fun i => a * f i) == a * sum k f.
Proof. induction k; intros; simpl; [ring | rewrite IHk; ring]. Qed.

Lemma sum_first : forall k f, sum (S k) f == f O + sum k (fun i => f (S i)).
Proof.
  induction k; intros; [simpl; ring|].
  change (sum (S (S k)) f) with (sum (S k) f + f (S k)).
  rewrite IHk. simpl. ring.
Qed.

Definition agree (u v : Q) : Prop := (0 <= u /\ 0 <= v) \/ (u <= 0 /\ v <= 0).

Lemma relu_pos : forall u, 0 <= u -> relu u == u.
Proof. intros. apply Q.max_r. assumption. Qed.

Lemma relu_neg : forall u, u <= 0 -> relu u == 0.
Proof. intros. apply Q.max_l. assumption. Qed.

Global Instance relu_mor : Proper (Qeq ==> Qeq) relu.
Proof. intros u v H. unfold relu. rewrite H. reflexivity. Qed.

Lemma relu_cone : forall a b u v, 0 <= a -> 0 <= b -> agree u v ->
  relu (a * u + b * v) == a * relu u + b * relu v.
Proof.
  intros a b u v Ha Hb [[Hu Hv] | [Hu Hv]].
  - rewrite !relu_pos; [reflexivity | assumption | assumption | nra].
  - rewrite !relu_neg; [ring | assumption | assumption | nra].
Qed.

(** ** 3.2. The network is linear on the cone of a cell

    With b = 0 this is positive homogeneity. *)

Definition preact (N : network) (x : nat -> Q) (t i : nat) : Q :=
  sum (hidden_size N) (fun k => W_hh N i k * state N x t k) + W_ih N i * x t.

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
    (113 # 200);
    (109381008183570651 # 120097395949174784);
    (114 # 125) ];
  [ (* m = 0, s = 2 *)
    (113 # 200);
    (32310509765278723516671460731533932475563719090620848024474624302917700918485602476791511329 # 53759266000380498294298212230419603229358725780290135212760604361394657786872324882067095552);
    (645279740891799631722217962921994236176661455785682637 # 735018571984465354537855677581691535152002120661598208);
    (114 # 125) ];
  [ (* m = 0, s = 3 *)
    (113 # 200);
    (1342700235435949967051635748330148387290466248483039090993277856542254073 # 2346014285274937051242589911372690209632337085206509524346327792724475904);
    (124171057655251042052520769056193663 # 213462457558119548169845626791526400);
    (234558533500398613301049736096117689 # 276925740874173682170773006731706368);
    (3359737288501661527034509718952299426142769668598654611502459793210999129 # 3716049094365500159380373675794838520371630552357789776148227809058226176);
    (114 # 125) ];
  [ (* m = 0, s = 4 *)
    (113 # 200);
    (714584295188233420896869229448954406189844883 # 933931668180318906644613485003171250145591296);
    (7197268480578775719811837064093206752735993718691814869675018504665751943858374374762093025 # 8832209058943786706203348420513844227144939142348218483635867827181711056308559302585483264);
    (26494759405716043378161522713816736451595397014537262931982946996856795188727398107 # 32166012010721300474397062748094387048547340341915429367110809310786073984399048704);
    (1097235451712862898792163969830529463714919667 # 1324445582329617273503676927703846647614144512);
    (10298720679236825467757980620703963240071473570001549790727779701043693781781643045 # 12246481297780595247737491632040430161647264967321390702487853750207370589548576768);
    (131806848241746593273126437816175500112489041 # 148673375059393301993421043869033337104367616);
    (114 # 125) ];
  [ (* m = 0, s = 5 *)
    (113 # 200);
    (460594864462787705690949285975290088979375580022515936946487475737242901227651053177 # 630088364939557455137995266341719082430871257338602955098080713067750163034939588608);
    (21928345544914364730052878765557178656050025723768729185368428745907051144368367572144318699 # 29654176353514420166431647737788976211526419979645918936083610223672283743285833547537973248);
    (4439608646865376139578579590061644839351603701433010661 # 5108378269328290317305559924605435919976017995851890688);
    (9972552212666590255001542138723827353659139034303946811 # 11376900922874763363789959480475555449803974212115759104);
    (96416432618796491118459619007678389177151254310203500219010253913153014630033590057471599083 # 106239785059291355327583252352223003692019300026490693159694915513024759751523785547433639936);
    (114 # 125) ];
  [ (* m = 0, s = 6 *)
    (113 # 200);
    (824140206838192794761883018539176856459532179599993845950648286707126722945941269950853511279 # 1343062064687691464513555669289734486653449786462786762847155435919431742961247471848250146816);
    (19714989019708785244279338333561207543994299877554836827612130046689722275762609193821469099 # 30821571628210371137873021895040179504936934097932774911112912355194147283036440467026739200);
    (4762200492452272104918385691212951782450868249443493949762477048733544659 # 6067311310643149274698209286233336912885197770079464532834049564266725376);
    (9522342370478310890995463999001696936039624742656573541666605345 # 10970158801181043400210421357574286490060335198245667082363469824);
    (26141356523284678156781028331623341968701508677940984863769057272891492141 # 29534950695292049607831982598846995288907438079804158011350647828784349184);
    (114 # 125) ];
  [ (* m = 0, s = 7 *)
    (113 # 200);
    (20428982192393280514658920982611971986814376888791647685800400214908397969964394277 # 32237187201785610507697226411389781766970467498913805932480774715271209715566116864);
    (10082988766798451665675568386656681844276302862433687245786693727568061830267964315 # 13461374301146321995591273890531726205642117397406592794560207248456216370019827712);
    (83384665023613125685107348605578319113747441165424644285405846598367040007 # 94232946565998295158120798498322964730687537486525633384909682558325751808);
    (114 # 125) ];
  [ (* m = 0, s = 8 *)
    (113 # 200);
    (25644013939343407619243262151407392290580336709106849864760646685560089366306073833 # 28909101693334155949705998454835931740290315792814402575276633321553622609283776512);
    (114 # 125) ];
  [ (* m = 0, s = 9 *)
    (113 # 200);
    (14099452209217010578851275240481948273579177527498549037799523982316172811975225227204998997 # 21327229096886212619482121524147333142057027994861850036112069703210349258928333328444555264);
    (89472713164260211617712130174808058912416132388206649604765915473690874301766177483079342797 # 104681684592029523851030664580138728043879413725744064172414537604985726860425262528462848000);
    (114 # 125) ]
 ];
 [
  [ (* m = 1, s = 0 *)
    (113 # 200);
    (17368042062265286460020065684160512 # 30608349145328711792119473633076099);
    (10603907228021767639847912154566200559633177796228490388644839641213073356293355118786510848 # 16549270848517668288507347391604304793686578748277490975362573032841096665299580629729653417);
    (47333924269769285055340811541305690081499297910191734646368320940978829067992233769995075584 # 68278143869705986410520551452678009767054927529479145925238720799910868450497781859722152573);
    (67383322298346842138773358290695702605704852661072261539918796916383298351005696 # 93155824363061404761191846761568728098713040121052362563070453885041543220679805);
    (231436460228608000 # 312509368200573173);
    (286583272503776696962571259789511976388406017079563826842961999556174695018877634771681280 # 365450602441901236567677168624067999635705112273129237000022091721484406304271103015339677);
    (179847696055168892431363897313985016999026263911452801458836294798361802338992128 # 227673489663691519030107014187617331180104086437094151078362675511888786863566157);
    (11870409233880464741193175491712881910543009540952010799028098773453235620002398208 # 14039876472062075598015242626011280862926890147311726128444983448830312331881244061);
    (3312848879664354025832078444191595502148492668475955047593338391225029645131841536 # 3852169221849575993879475723508395070488350981030579528540877349879811147637674257);
    (537028994742237707219346153688190968687531512305905644634913154554507607239515448750899200 # 600307707609125104285501347043922191218164708783271501642529334484806134557245524927592099);
    (938266621159785542242840637265884728025677824 # 1043828311314258854643125738531224934313579745);
    (114 # 125) ];
  [];
  [ (* m = 1, s = 2 *)
    (113 # 200);
    (109381008183570651 # 120097395949174784);
    (114 # 125) ];
  [ (* m = 1, s = 3 *)
    (113 # 200);
    (645279740891799631722217962921994236176661455785682637 # 735018571984465354537855677581691535152002120661598208);
    (114 # 125) ];
  [ (* m = 1, s = 4 *)
    (113 # 200);
    (1342700235435949967051635748330148387290466248483039090993277856542254073 # 2346014285274937051242589911372690209632337085206509524346327792724475904);
    (124171057655251042052520769056193663 # 213462457558119548169845626791526400);
    (234558533500398613301049736096117689 # 276925740874173682170773006731706368);
    (3359737288501661527034509718952299426142769668598654611502459793210999129 # 3716049094365500159380373675794838520371630552357789776148227809058226176);
    (114 # 125) ];
  [ (* m = 1, s = 5 *)
    (113 # 200);
    (714584295188233420896869229448954406189844883 # 933931668180318906644613485003171250145591296);
    (26494759405716043378161522713816736451595397014537262931982946996856795188727398107 # 32166012010721300474397062748094387048547340341915429367110809310786073984399048704);
    (1097235451712862898792163969830529463714919667 # 1324445582329617273503676927703846647614144512);
    (10298720679236825467757980620703963240071473570001549790727779701043693781781643045 # 12246481297780595247737491632040430161647264967321390702487853750207370589548576768);
    (131806848241746593273126437816175500112489041 # 148673375059393301993421043869033337104367616);
    (114 # 125) ];
  [ (* m = 1, s = 6 *)
    (113 # 200);
    (460594864462787705690949285975290088979375580022515936946487475737242901227651053177 # 630088364939557455137995266341719082430871257338602955098080713067750163034939588608);
    (4439608646865376139578579590061644839351603701433010661 # 5108378269328290317305559924605435919976017995851890688);
    (9972552212666590255001542138723827353659139034303946811 # 11376900922874763363789959480475555449803974212115759104);
    (114 # 125) ];
  [ (* m = 1, s = 7 *)
    (113 # 200);
    (4762200492452272104918385691212951782450868249443493949762477048733544659 # 6067311310643149274698209286233336912885197770079464532834049564266725376);
    (9522342370478310890995463999001696936039624742656573541666605345 # 10970158801181043400210421357574286490060335198245667082363469824);
    (26141356523284678156781028331623341968701508677940984863769057272891492141 # 29534950695292049607831982598846995288907438079804158011350647828784349184);
    (114 # 125) ];
  [ (* m = 1, s = 8 *)
    (113 # 200);
    (20428982192393280514658920982611971986814376888791647685800400214908397969964394277 # 32237187201785610507697226411389781766970467498913805932480774715271209715566116864);
    (10082988766798451665675568386656681844276302862433687245786693727568061830267964315 # 13461374301146321995591273890531726205642117397406592794560207248456216370019827712);
    (83384665023613125685107348605578319113747441165424644285405846598367040007 # 94232946565998295158120798498322964730687537486525633384909682558325751808);
    (114 # 125) ];
  [ (* m = 1, s = 9 *)
    (113 # 200);
    (25644013939343407619243262151407392290580336709106849864760646685560089366306073833 # 28909101693334155949705998454835931740290315792814402575276633321553622609283776512);
    (114 # 125) ]
 ];
 [
  [ (* m = 2, s = 0 *)
    (113 # 200);
    (4639903415308562968976676500655612615071034025788013402016853113342794266020767029490876416 # 7934875289140285138231729190397593237035351340743234405886243443403050660152194891195562767);
    (262680293880172104592025400806094498204866542611464192 # 351288945548959210797453901431124148779879156774358507);
    (62125751736492252725248000 # 70844899180101849330534857);
    (12510108249548534162656994420835944329815304966757917994331676028002369536 # 14009972985240390406423896099813254581146252587948788778153091261937493899);
    (2159065951360528955769055481118423159223114615597933445341176090533244544113074653416652800 # 2412911178587515704284478136748014671571363582303256088175738123164768360205332031960513831);
    (114 # 125) ];
  [ (* m = 2, s = 1 *)
    (113 # 200);
    (17368042062265286460020065684160512 # 30608349145328711792119473633076099);
    (67383322298346842138773358290695702605704852661072261539918796916383298351005696 # 93155824363061404761191846761568728098713040121052362563070453885041543220679805);
    (231436460228608000 # 312509368200573173);
    (179847696055168892431363897313985016999026263911452801458836294798361802338992128 # 227673489663691519030107014187617331180104086437094151078362675511888786863566157);
    (11870409233880464741193175491712881910543009540952010799028098773453235620002398208 # 14039876472062075598015242626011280862926890147311726128444983448830312331881244061);
    (3312848879664354025832078444191595502148492668475955047593338391225029645131841536 # 3852169221849575993879475723508395070488350981030579528540877349879811147637674257);
    (938266621159785542242840637265884728025677824 # 1043828311314258854643125738531224934313579745);
    (114 # 125) ];
  [];
  [ (* m = 2, s = 3 *)
    (113 # 200);
    (109381008183570651 # 120097395949174784);
    (114 # 125) ];
  [ (* m = 2, s = 4 *)
    (113 # 200);
    (645279740891799631722217962921994236176661455785682637 # 735018571984465354537855677581691535152002120661598208);
    (114 # 125) ];
  [ (* m = 2, s = 5 *)
    (113 # 200);
    (1342700235435949967051635748330148387290466248483039090993277856542254073 # 2346014285274937051242589911372690209632337085206509524346327792724475904);
    (124171057655251042052520769056193663 # 213462457558119548169845626791526400);
    (234558533500398613301049736096117689 # 276925740874173682170773006731706368);
    (3359737288501661527034509718952299426142769668598654611502459793210999129 # 3716049094365500159380373675794838520371630552357789776148227809058226176);
    (114 # 125) ];
  [ (* m = 2, s = 6 *)
    (113 # 200);
    (714584295188233420896869229448954406189844883 # 933931668180318906644613485003171250145591296);
    (1097235451712862898792163969830529463714919667 # 1324445582329617273503676927703846647614144512);
    (131806848241746593273126437816175500112489041 # 148673375059393301993421043869033337104367616);
    (114 # 125) ];
  [ (* m = 2, s = 7 *)
    (113 # 200);
    (4439608646865376139578579590061644839351603701433010661 # 5108378269328290317305559924605435919976017995851890688);
    (9972552212666590255001542138723827353659139034303946811 # 11376900922874763363789959480475555449803974212115759104);
    (114 # 125) ];
  [ (* m = 2, s = 8 *)
    (113 # 200);
    (4762200492452272104918385691212951782450868249443493949762477048733544659 # 6067311310643149274698209286233336912885197770079464532834049564266725376);
    (9522342370478310890995463999001696936039624742656573541666605345 # 10970158801181043400210421357574286490060335198245667082363469824);
    (26141356523284678156781028331623341968701508677940984863769057272891492141 # 29534950695292049607831982598846995288907438079804158011350647828784349184);
    (114 # 125) ];
  [ (* m = 2, s = 9 *)
    (113 # 200);
    (83384665023613125685107348605578319113747441165424644285405846598367040007 # 94232946565998295158120798498322964730687537486525633384909682558325751808);
    (114 # 125) ]
 ];
 [
  [ (* m = 3, s = 0 *)
    (113 # 200);
    (17394888854973746518421930948571399154798229265707654475113296995346310905167085568 # 26826744977371155250219336792932638839349716264597543642885240250831269658298536243);
    (277651710538944450134885596659712 # 408838807066315576277823472653289);
    (258754940064892813438453287196033024 # 360314381484381260198556072723391701);
    (114 # 125) ];
  [ (* m = 3, s = 1 *)
    (113 # 200);
    (262680293880172104592025400806094498204866542611464192 # 351288945548959210797453901431124148779879156774358507);
    (62125751736492252725248000 # 70844899180101849330534857);
    (12510108249548534162656994420835944329815304966757917994331676028002369536 # 14009972985240390406423896099813254581146252587948788778153091261937493899);
    (114 # 125) ];
  [ (* m = 3, s = 2 *)
    (113 # 200);
    (17368042062265286460020065684160512 # 30608349145328711792119473633076099);
    (231436460228608000 # 312509368200573173);
    (938266621159785542242840637265884728025677824 # 1043828311314258854643125738531224934313579745);
    (114 # 125) ];
  [];
  [ (* m = 3, s = 4 *)
    (113 # 200);
    (109381008183570651 # 120097395949174784);
    (114 # 125) ];
  [ (* m = 3, s = 5 *)
    (113 # 200);
    (645279740891799631722217962921994236176661455785682637 # 735018571984465354537855677581691535152002120661598208);
    (114 # 125) ];
  [ (* m = 3, s = 6 *)
    (113 # 200);
    (124171057655251042052520769056193663 # 213462457558119548169845626791526400);
    (234558533500398613301049736096117689 # 276925740874173682170773006731706368);
    (114 # 125) ];
  [ (* m = 3, s = 7 *)
    (113 # 200);
    (714584295188233420896869229448954406189844883 # 933931668180318906644613485003171250145591296);
    (1097235451712862898792163969830529463714919667 # 1324445582329617273503676927703846647614144512);
    (131806848241746593273126437816175500112489041 # 148673375059393301993421043869033337104367616);
    (114 # 125) ];
  [ (* m = 3, s = 8 *)
    (113 # 200);
    (4439608646865376139578579590061644839351603701433010661 # 5108378269328290317305559924605435919976017995851890688);
    (9972552212666590255001542138723827353659139034303946811 # 11376900922874763363789959480475555449803974212115759104);
    (114 # 125) ];
  [ (* m = 3, s = 9 *)
    (113 # 200);
    (9522342370478310890995463999001696936039624742656573541666605345 # 10970158801181043400210421357574286490060335198245667082363469824);
    (114 # 125) ]
 ];
 [
  [ (* m = 4, s = 0 *)
    (113 # 200);
    (1636282594237780726409852464375065387526852222507306062385763984462433659484641427456 # 2499101021146017417427310729596860555877559975440768822398106101140102704884652174093);
    (2292035685339778696619459051095568244801536000 # 3120569581625308127368796108859239978578338749);
    (115609090158615072661750215479235834915011891092439817509316084280716768555828641608994127872 # 140319923547601363762291840475836973219197640658127721413146549505500829848822659847433375311);
    (10211143586603579779737924733703024231494374331830577378081123731412877312 # 11306616297449894133835428163356154455764501411469278991813589129301990845);
    (114 # 125) ];
  [ (* m = 4, s = 1 *)
    (113 # 200);
    (17394888854973746518421930948571399154798229265707654475113296995346310905167085568 # 26826744977371155250219336792932638839349716264597543642885240250831269658298536243);
    (277651710538944450134885596659712 # 408838807066315576277823472653289);
    (258754940064892813438453287196033024 # 360314381484381260198556072723391701);
    (114 # 125) ];
  [ (* m = 4, s = 2 *)
    (113 # 200);
    (262680293880172104592025400806094498204866542611464192 # 351288945548959210797453901431124148779879156774358507);
    (62125751736492252725248000 # 70844899180101849330534857);
    (12510108249548534162656994420835944329815304966757917994331676028002369536 # 14009972985240390406423896099813254581146252587948788778153091261937493899);
    (114 # 125) ];
  [ (* m = 4, s = 3 *)
    (113 # 200);
    (17368042062265286460020065684160512 # 30608349145328711792119473633076099);
    (231436460228608000 # 312509368200573173);
    (938266621159785542242840637265884728025677824 # 1043828311314258854643125738531224934313579745);
    (114 # 125) ];
  [];
  [ (* m = 4, s = 5 *)
    (113 # 200);
    (109381008183570651 # 120097395949174784);
    (114 # 125) ];
  [ (* m = 4, s = 6 *)
    (113 # 200);
    (645279740891799631722217962921994236176661455785682637 # 735018571984465354537855677581691535152002120661598208);
    (114 # 125) ];
  [ (* m = 4, s = 7 *)
    (113 # 200);
    (124171057655251042052520769056193663 # 213462457558119548169845626791526400);
    (234558533500398613301049736096117689 # 276925740874173682170773006731706368);
    (114 # 125) ];
  [ (* m = 4, s = 8 *)
    (113 # 200);
    (714584295188233420896869229448954406189844883 # 933931668180318906644613485003171250145591296);
    (1097235451712862898792163969830529463714919667 # 1324445582329617273503676927703846647614144512);
    (131806848241746593273126437816175500112489041 # 148673375059393301993421043869033337104367616);
    (114 # 125) ];
  [ (* m = 4, s = 9 *)
    (113 # 200);
    (4439608646865376139578579590061644839351603701433010661 # 5108378269328290317305559924605435919976017995851890688);
    (9972552212666590255001542138723827353659139034303946811 # 11376900922874763363789959480475555449803974212115759104);
    (114 # 125) ]
 ];
 [
  [ (* m = 5, s = 0 *)
    (113 # 200);
    (9546372314370263455094221533025660042109448185937133568 # 13007865081863058986502865047615806177580558336785885539);
    (521750746584334322851085586192756353087315749052593140106876817756969747927764303872 # 585382034389867448053816282164533133529820663951943712080388590657689954541411696541);
    (13973982326217337464261092859201255860827421170824709179084006291234881536 # 15338058735262894768837668734596412798386709347374992872434569523136632419);
    (114 # 125) ];
  [ (* m = 5, s = 1 *)
    (113 # 200);
    (1636282594237780726409852464375065387526852222507306062385763984462433659484641427456 # 2499101021146017417427310729596860555877559975440768822398106101140102704884652174093);
    (2292035685339778696619459051095568244801536000 # 3120569581625308127368796108859239978578338749);
    (10211143586603579779737924733703024231494374331830577378081123731412877312 # 11306616297449894133835428163356154455764501411469278991813589129301990845);
    (114 # 125) ];
  [ (* m = 5, s = 2 *)
    (113 # 200);
    (277651710538944450134885596659712 # 408838807066315576277823472653289);
    (258754940064892813438453287196033024 # 360314381484381260198556072723391701);
    (114 # 125) ];
  [ (* m = 5, s = 3 *)
    (113 # 200);
    (262680293880172104592025400806094498204866542611464192 # 351288945548959210797453901431124148779879156774358507);
    (62125751736492252725248000 # 70844899180101849330534857);
    (114 # 125) ];
  [ (* m = 5, s = 4 *)
    (113 # 200);
    (17368042062265286460020065684160512 # 30608349145328711792119473633076099);
    (231436460228608000 # 312509368200573173);
    (938266621159785542242840637265884728025677824 # 1043828311314258854643125738531224934313579745);
    (114 # 125) ];
  [];
  [ (* m = 5, s = 6 *)
    (113 # 200);
    (109381008183570651 # 120097395949174784);
    (114 # 125) ];
  [ (* m = 5, s = 7 *)
    (113 # 200);
    (114 # 125) ];
  [ (* m = 5, s = 8 *)
    (113 # 200);
    (124171057655251042052520769056193663 # 213462457558119548169845626791526400);
    (234558533500398613301049736096117689 # 276925740874173682170773006731706368);
    (114 # 125) ];
  [ (* m = 5, s = 9 *)
    (113 # 200);
    (714584295188233420896869229448954406189844883 # 933931668180318906644613485003171250145591296);
    (1097235451712862898792163969830529463714919667 # 1324445582329617273503676927703846647614144512);
    (131806848241746593273126437816175500112489041 # 148673375059393301993421043869033337104367616);
    (114 # 125) ]
 ];
 [
  [ (* m = 6, s = 0 *)
    (113 # 200);
    (8260791425803579618823175596729753156919021812023558699661393920 # 13575493000795492621856965094788573980636365084482748682499881461);
    (59559881943954048080987988827721905402227394163199845511823260027405673118114218536658272256 # 88450110300115160475017995943861560415907663156103206569101101695852756511009147210147736025);
    (7028024550410966304431379466511317916075537614333999579136000 # 9633612937721587330751311384225265387071817313044821975714971);
    (538374952039217912837102661920723821275205579757310410854760448 # 686609547126816153251510004242918308314375646950639619223514209);
    (288047537760778473120371258404569739916148559570394146323251854711473186283758255086688534528 # 332111890763718376369410636003288417266049402751554648392325230205403451455483159048211443799);
    (114 # 125) ];
  [ (* m = 6, s = 1 *)
    (113 # 200);
    (9546372314370263455094221533025660042109448185937133568 # 13007865081863058986502865047615806177580558336785885539);
    (521750746584334322851085586192756353087315749052593140106876817756969747927764303872 # 585382034389867448053816282164533133529820663951943712080388590657689954541411696541);
    (13973982326217337464261092859201255860827421170824709179084006291234881536 # 15338058735262894768837668734596412798386709347374992872434569523136632419);
    (114 # 125) ];
  [ (* m = 6, s = 2 *)
    (113 # 200);
    (2292035685339778696619459051095568244801536000 # 3120569581625308127368796108859239978578338749);
    (10211143586603579779737924733703024231494374331830577378081123731412877312 # 11306616297449894133835428163356154455764501411469278991813589129301990845);
    (114 # 125) ];
  [ (* m = 6, s = 3 *)
    (113 # 200);
    (277651710538944450134885596659712 # 408838807066315576277823472653289);
    (258754940064892813438453287196033024 # 360314381484381260198556072723391701);
    (114 # 125) ];
  [ (* m = 6, s = 4 *)
    (113 # 200);
    (262680293880172104592025400806094498204866542611464192 # 351288945548959210797453901431124148779879156774358507);
    (62125751736492252725248000 # 70844899180101849330534857);
    (114 # 125) ];
  [ (* m = 6, s = 5 *)
    (113 # 200);
    (17368042062265286460020065684160512 # 30608349145328711792119473633076099);
    (231436460228608000 # 312509368200573173);
    (938266621159785542242840637265884728025677824 # 1043828311314258854643125738531224934313579745);
    (114 # 125) ];
  [];
  [ (* m = 6, s = 7 *)
    (113 # 200);
    (109381008183570651 # 120097395949174784);
    (114 # 125) ];
  [ (* m = 6, s = 8 *)
    (113 # 200);
    (114 # 125) ];
  [ (* m = 6, s = 9 *)
    (113 # 200);
    (124171057655251042052520769056193663 # 213462457558119548169845626791526400);
    (234558533500398613301049736096117689 # 276925740874173682170773006731706368);
    (114 # 125) ]
 ];
 [
  [ (* m = 7, s = 0 *)
    (113 # 200);
    (209866779676220769637167657573767373349000261127097240827036854243309912064 # 278825606492023906817502865933750223016769355410162645216014696654221696413);
    (10369511767690608371826342795706873125228144579617431584610719876380616094331788655578841088 # 12246220564209993351413258884897284734921753542986664806632182552724763934912464648525379645);
    (114 # 125) ];
  [ (* m = 7, s = 1 *)
    (113 # 200);
    (8260791425803579618823175596729753156919021812023558699661393920 # 13575493000795492621856965094788573980636365084482748682499881461);
    (7028024550410966304431379466511317916075537614333999579136000 # 9633612937721587330751311384225265387071817313044821975714971);
    (538374952039217912837102661920723821275205579757310410854760448 # 686609547126816153251510004242918308314375646950639619223514209);
    (114 # 125) ];
  [ (* m = 7, s = 2 *)
    (113 # 200);
    (9546372314370263455094221533025660042109448185937133568 # 13007865081863058986502865047615806177580558336785885539);
    (13973982326217337464261092859201255860827421170824709179084006291234881536 # 15338058735262894768837668734596412798386709347374992872434569523136632419);
    (114 # 125) ];
  [ (* m = 7, s = 3 *)
    (113 # 200);
    (2292035685339778696619459051095568244801536000 # 3120569581625308127368796108859239978578338749);
    (114 # 125) ];
  [ (* m = 7, s = 4 *)
    (113 # 200);
    (277651710538944450134885596659712 # 408838807066315576277823472653289);
    (258754940064892813438453287196033024 # 360314381484381260198556072723391701);
    (114 # 125) ];
  [ (* m = 7, s = 5 *)
    (113 # 200);
    (62125751736492252725248000 # 70844899180101849330534857);
    (114 # 125) ];
  [ (* m = 7, s = 6 *)
    (113 # 200);
    (17368042062265286460020065684160512 # 30608349145328711792119473633076099);
    (231436460228608000 # 312509368200573173);
    (114 # 125) ];
  [];
  [ (* m = 7, s = 8 *)
    (113 # 200);
    (109381008183570651 # 120097395949174784);
    (114 # 125) ];
  [ (* m = 7, s = 9 *)
    (113 # 200);
    (114 # 125) ]
 ];
 [
  [ (* m = 8, s = 0 *)
    (113 # 200);
    (13241686607950809485888804944944464379336081442026949199607018197085925228228378624 # 18636592617693894214114175467867446037362356213903154602368058192342063675929823603);
    (97492416009334403882763036135713316541052808729693353336690494422787546050199552000 # 110968924488875880661780492893310288232668054920261548550335592900880479710216112451);
    (315615667567411831957410473007674887275251230418568440305318772568461846707881790734717681664 # 351677898612503620903511047864545837122756463662408914084499913183993115138030792748880069385);
    (114 # 125) ];
  [ (* m = 8, s = 1 *)
    (113 # 200);
    (209866779676220769637167657573767373349000261127097240827036854243309912064 # 278825606492023906817502865933750223016769355410162645216014696654221696413);
    (114 # 125) ];
  [ (* m = 8, s = 2 *)
    (113 # 200);
    (8260791425803579618823175596729753156919021812023558699661393920 # 13575493000795492621856965094788573980636365084482748682499881461);
    (7028024550410966304431379466511317916075537614333999579136000 # 9633612937721587330751311384225265387071817313044821975714971);
    (538374952039217912837102661920723821275205579757310410854760448 # 686609547126816153251510004242918308314375646950639619223514209);
    (114 # 125) ];
  [ (* m = 8, s = 3 *)
    (113 # 200);
    (9546372314370263455094221533025660042109448185937133568 # 13007865081863058986502865047615806177580558336785885539);
    (114 # 125) ];
  [ (* m = 8, s = 4 *)
    (113 # 200);
    (2292035685339778696619459051095568244801536000 # 3120569581625308127368796108859239978578338749);
    (114 # 125) ];
  [ (* m = 8, s = 5 *)
    (113 # 200);
    (277651710538944450134885596659712 # 408838807066315576277823472653289);
    (258754940064892813438453287196033024 # 360314381484381260198556072723391701);
    (114 # 125) ];
  [ (* m = 8, s = 6 *)
    (113 # 200);
    (62125751736492252725248000 # 70844899180101849330534857);
    (114 # 125) ];
  [ (* m = 8, s = 7 *)
    (113 # 200);
    (231436460228608000 # 312509368200573173);
    (114 # 125) ];
  [];
  [ (* m = 8, s = 9 *)
    (113 # 200);
    (109381008183570651 # 120097395949174784);
    (114 # 125) ]
 ];
 [
  [ (* m = 9, s = 0 *)
    (113 # 200);
    (60489980847825525843873425808203170307825781349837371784186711527864174948260003155716079616 # 93286669456744404833366364783721444662064145711072515410979274939237779253095010185136642791);
    (114 # 125) ];
  [ (* m = 9, s = 1 *)
    (113 # 200);
    (13241686607950809485888804944944464379336081442026949199607018197085925228228378624 # 18636592617693894214114175467867446037362356213903154602368058192342063675929823603);
    (97492416009334403882763036135713316541052808729693353336690494422787546050199552000 # 110968924488875880661780492893310288232668054920261548550335592900880479710216112451);
    (114 # 125) ];
  [ (* m = 9, s = 2 *)
    (113 # 200);
    (209866779676220769637167657573767373349000261127097240827036854243309912064 # 278825606492023906817502865933750223016769355410162645216014696654221696413);
    (114 # 125) ];
  [ (* m = 9, s = 3 *)
    (113 # 200);
    (8260791425803579618823175596729753156919021812023558699661393920 # 13575493000795492621856965094788573980636365084482748682499881461);
    (7028024550410966304431379466511317916075537614333999579136000 # 9633612937721587330751311384225265387071817313044821975714971);
    (538374952039217912837102661920723821275205579757310410854760448 # 686609547126816153251510004242918308314375646950639619223514209);
    (114 # 125) ];
  [ (* m = 9, s = 4 *)
    (113 # 200);
    (9546372314370263455094221533025660042109448185937133568 # 13007865081863058986502865047615806177580558336785885539);
    (114 # 125) ];
  [ (* m = 9, s = 5 *)
    (113 # 200);
    (2292035685339778696619459051095568244801536000 # 3120569581625308127368796108859239978578338749);
    (114 # 125) ];
  [ (* m = 9, s = 6 *)
    (113 # 200);
    (277651710538944450134885596659712 # 408838807066315576277823472653289);
    (258754940064892813438453287196033024 # 360314381484381260198556072723391701);
    (114 # 125) ];
  [ (* m = 9, s = 7 *)
    (113 # 200);
    (62125751736492252725248000 # 70844899180101849330534857);
    (114 # 125) ];
  [ (* m = 9, s = 8 *)
    (113 # 200);
    (231436460228608000 # 312509368200573173);
    (114 # 125) ];
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

Definition impulsesR (m s : nat) (M S : R) (t : nat) : R :=
  if (t =? m)%nat then M else if (t =? s)%nat then S else 0.

(** The proof: on the cone of two rational inputs in one cell, the real network too is linear. *)

Lemma sumR_ext : forall k f g, (forall i, (i < k)%nat -> f i = g i) -> sumR k f = sumR k g.
Proof.
  induction k; intros f g H; simpl; [reflexivity|].
  rewrite (IHk f g), (H k); [reflexivity | lia | intros; apply H; lia].
Qed.

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
  forall M S : R, 0 < M -> 113 / 200 <= S / M <= 114 / 125 ->
  forall j : nat, (j < 10)%nat -> j <> s ->
  logitR model (impulsesR m s M S) j < logitR model (impulsesR m s M S) s.

Theorem model_is_right_over_reals : right_on_real_impulses.
Proof. exact (check_sound_R _ _ _ _ _ _ _ _ _ certificate_holds). Qed.

Print Assumptions model_is_right_over_reals.
