(** * A ReLU network finds the second largest of two impulses under noise: a theorem

    Written by certify; checked with [coqc] of Coq 8.16, nothing else is needed.
    Model: d = 16 units, n = 10 inputs, 432 weights.
    SHA-256 of its weights: a9bed3dd624542f854655230dbe39ba53c26731fee2edde74e2141bc7f30432d.

    For 90 of the 90 pairs of positions m and s, for all M > 0 and all S
    with 4/5 <= S/M <= 4/5: on every input that is M at m, S at s and elsewhere anywhere in
    [-3/100 M, 3/100 M], the logit at s is strictly larger than every other.

    Part 1 defines the network, Part 2 gives the weights and states the claim
    [right_under_noise]. Who wants to know what is proved reads these two parts and the last
    lines of Part 5. Part 3 proves a checker sound, Part 4 is the data that it is run on.
    Part 6 carries the theorem over to real inputs. *)

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

(** The inputs that are M at position m, between [lo M] and [hi M] at position s, and between
    [- noise M] and [noise M] elsewhere. *)
Definition noisy_impulses (n m s : nat) (lo hi noise M : Q) (x : nat -> Q) : Prop :=
  x m == M /\ lo * M <= x s /\ x s <= hi * M /\
  forall t, (t < n)%nat -> t <> m -> t <> s -> - (noise * M) <= x t /\ x t <= noise * M.

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

Definition lo : Q := (4 # 5).
Definition hi : Q := (4 # 5).
Definition noise : Q := (3 # 100).

(** The claim: m is the position of the larger impulse M, s that of the smaller one. *)
Definition pairs : list (nat * nat) := [
  (0,1); (0,2); (0,3); (0,4); (0,5); (0,6); (0,7); (0,8); (0,9); (1,0); (1,2); (1,3); (1,4);
  (1,5); (1,6); (1,7); (1,8); (1,9); (2,0); (2,1); (2,3); (2,4); (2,5); (2,6); (2,7); (2,8);
  (2,9); (3,0); (3,1); (3,2); (3,4); (3,5); (3,6); (3,7); (3,8); (3,9); (4,0); (4,1); (4,2);
  (4,3); (4,5); (4,6); (4,7); (4,8); (4,9); (5,0); (5,1); (5,2); (5,3); (5,4); (5,6); (5,7);
  (5,8); (5,9); (6,0); (6,1); (6,2); (6,3); (6,4); (6,5); (6,7); (6,8); (6,9); (7,0); (7,1);
  (7,2); (7,3); (7,4); (7,5); (7,6); (7,8); (7,9); (8,0); (8,1); (8,2); (8,3); (8,4); (8,5);
  (8,6); (8,7); (8,9); (9,0); (9,1); (9,2); (9,3); (9,4); (9,5); (9,6); (9,7); (9,8)
]%nat.

Definition right_under_noise : Prop :=
  forall m s : nat, In (m, s) pairs ->
  forall (M : Q) (x : nat -> Q), 0 < M -> noisy_impulses 10 m s (4 # 5) (4 # 5) (3 # 100) M x ->
  forall j : nat, (j < 10)%nat -> j <> s -> logit model x j < logit model x s.

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

(** ** 3.2. The integer rule

    Linear bounds by backward substitution (docs/rule.md), written once for any arithmetic and put
    down twice: over [Z], where it is proved sound, and over the kernel's 63-bit integers, on
        which
    it runs. First the data, over any type of integers. *)

From Coq Require Import ZArith QArith List Bool Uint63 Sint63.
Import ListNotations.

(** Weights in two parts: [high 2^20 + low], worth [2^-40], [0 <= low < 2^20]. *)
Inductive parts (A : Set) : Set :=
| NoPart
| Part (high low : A) (rest : parts A).
Arguments NoPart {A}.
Arguments Part {A} high low rest.

(** What is known of a unit: [below <= pre-activation <= above], and the slope of its relaxation.
    *)
Inductive known (A : Set) : Set := Known (below above slope : A).
Arguments Known {A} below above slope.

(** A pre-activation as a row: coefficients of the state, coefficient of the input; and its
    negative. *)
Inductive pre (A : Set) : Set :=
  Pre (plus : list A) (plus_drive : A) (minus : list A) (minus_drive : A).
Arguments Pre {A} plus plus_drive minus minus_drive.

Record rule (A : Set) : Set := MakeRule {
  cut : A;                  (* 1 where a weight was rounded down, else 0 *)
  hh : list (parts A);      (* column by column: entry j has the weights from unit j *)
  ih : parts A;
  pres : list (pre A);      (* one a unit *)
  rows : list (list A)      (* the margins *)
}.
Arguments MakeRule {A} cut hh ih pres rows.
Arguments cut {A}.
Arguments hh {A}.
Arguments ih {A}.
Arguments pres {A}.
Arguments rows {A}.

(** Which coordinate's entries of A are what. *)
Record maps (A : Set) : Set := MakeMaps {
  by_input : list (list A);       (* row t: x_t = sum_k A_tk y_k *)
  by_coordinate : list (list A)   (* the transpose *)
}.
Arguments MakeMaps {A} by_input by_coordinate.
Arguments by_input {A}.
Arguments by_coordinate {A}.

(** The inputs of the noise box, integers worth [2^-24]; [first] inputs may be ordered; what every
    margin is to be at least. *)
Record goal (A : Set) : Set := MakeGoal {
  least : list A;
  most : list A;
  first : nat;
  wanted : A
}.
Arguments MakeGoal {A} least most first wanted.
Arguments least {A}.
Arguments most {A}.
Arguments first {A}.
Arguments wanted {A}.

(** What the first inputs are by the order of those before them. [Above p]: x_t = x_p + y_t,
    [Under p]: x_t = x_p - y_t with y_t >= 0, where x_None = 0; [Free]: x_t = y_t.
    [top], [second]: the positions of the largest and the second largest of the inputs so far and
    of 0, 0. *)
Inductive kind : Set := Free | Above (p : option nat) | Under (p : option nat).

Record history : Set := MakeHistory {
  kinds : list kind;
  top : option nat;
  second : option nat
}.

(** The proof of a row by cases of units: on, off. *)
Inductive cases : Set := Bound | Split (step unit : nat) (when_on when_off : cases).

(** The proof of a pair. [begin], [stop]: the units of these steps are bounded anew. *)
Inductive tree : Set :=
| Proved (begin : nat)
| By_cases (begin : nat) (each_row : list cases)
| Outside
| Halve (coordinate begin stop : nat) (low high : tree)
| First (begin stop : nat) (new below : tree)
| History (begin stop : nat) (new between below : tree).

Fixpoint replace (i : nat) (k : kind) (l : list kind) : list kind :=
  match l, i with
  | [], _ => []
  | _ :: l', O => k :: l'
  | x :: l', S i' => x :: replace i' k l'
  end.

Definition no_history : history := MakeHistory [] None None.

(** The next input is the largest so far, and positive. *)
Definition with_new (h : history) : history :=
  MakeHistory (kinds h ++ [Above (top h)]) (Some (length (kinds h))) (top h).

(** It lies between the second largest and the largest, which is at [a]. *)
Definition with_between (h : history) (a : nat) : history :=
  let t := length (kinds h) in
  MakeHistory (replace a (Above (Some t)) (kinds h) ++ [Above (second h)]) (Some a) (Some t).

(** It lies below the second largest. *)
Definition with_below (h : history) : history :=
  MakeHistory (kinds h ++ [Under (second h)]) (top h) (second h).

Module OverZ.

Local Notation number := Z (only parsing).
Definition of_Z : Z -> Z := fun z => z.
Local Notation add := Z.add (only parsing).
Local Notation sub := Z.sub (only parsing).
Local Notation mul := Z.mul (only parsing).
Local Notation shr := Z.shiftr (only parsing).
Local Notation div := Z.div (only parsing).
Local Notation ltb := Z.ltb (only parsing).
Local Notation leb := Z.leb (only parsing).
Local Notation eqb := Z.eqb (only parsing).

Local Notation "x + y" := (add x y).
Local Notation "x - y" := (sub x y).
Local Notation "x * y" := (mul x y).
Local Notation "x >> y" := (shr x y) (at level 30, no associativity).
Local Notation "x <? y" := (ltb x y).
Local Notation "x <=? y" := (leb x y).

Definition zero : number := of_Z 0.
Definition one : number := of_Z 1.
Definition limit : number := of_Z 1073741824.            (* 2^30 *)
Definition least_limit : number := of_Z (-1073741824).
Definition wide : number := of_Z 2147483647.             (* 2^31 - 1, unknown *)
Definition least_wide : number := of_Z (-2147483647).
Definition near : number := of_Z 128.
Definition least_near : number := of_Z (-128).
Definition on : number := of_Z 1024.
Definition half : number := of_Z 512.
Definition ten : number := of_Z 10.
Definition twenty : number := of_Z 20.
Definition full : number := of_Z 24.
Definition four : number := of_Z 4.
Definition most_factor : number := of_Z 268435456.       (* 2^28 *)

Definition min (x y : number) : number := if x <=? y then x else y.
Definition max (x y : number) : number := if x <=? y then y else x.

Definition too_large (x : number) : bool := (limit <? x) || (x <? least_limit).

(** The slope of a unit with these bounds, in units of 2^-10. *)
Definition relaxed (low up : number) : number :=
  if least_near <=? low then on
  else if (up <=? near) || eqb low least_wide then zero
  else div (on * up + ((up - low) >> one)) (up - low).

Definition known_as (low up : number) : known number := Known low up (relaxed low up).

(** *** One step back *)

(** [sum c high + ((sum c low) >> 20)], the sums starting from [high] and [low]. *)
Fixpoint weigh_from (row : list number) (w : parts number) (high low : number) : number :=
  match row, w with
  | c :: row', Part h l w' => weigh_from row' w' (high + c * h) (low + c * l)
  | _, _ => high + (low >> twenty)
  end.

Definition weigh (cut s : number) (row : list number) (w : parts number) : number :=
  (weigh_from row w zero zero >> s) - cut.

(** Coefficients of states, which relu has passed, become coefficients of pre-activations. *)
Fixpoint relax (fraction : number) (row : list number) (units : list (known number)) (constant :
    number)
    : option (list number * number) :=
  match row, units with
  | c :: row', Known below above slope :: units' =>
      if c <? zero then
        let kept := (c * slope) >> ten in
        if negb (eqb kept c) && eqb above wide then None else
        let loss := min ((zero - kept) * min below zero) ((c - kept) * max above zero) in
        match relax fraction row' units' (constant + (loss >> fraction)) with
        | None => None
        | Some (rest, total) => Some (kept :: rest, total)
        end
      else
        match relax fraction row' units' constant with
        | None => None
        | Some (rest, total) => Some ((if slope <? half then zero else c) :: rest, total)
        end
  | _, _ => Some ([], constant)
  end.

(** Coefficients of pre-activations become coefficients of the state before. *)
Fixpoint before (cut : number) (hh : list (parts number)) (row : list number) : option (list
    number) :=
  match hh with
  | [] => Some []
  | w :: hh' =>
      let c := weigh cut twenty row w in
      if c <? least_limit then None else
      match before cut hh' row with
      | None => None
      | Some rest => Some (min c limit :: rest)
      end
  end.

(** All steps back, through the units of the steps in [past], the latest first.
    [drives] are the coefficients of the inputs of these steps and later. *)
Fixpoint back (r : rule number) (fraction : number) (past : list (list (known number)))
    (row drives : list number) (constant : number) : option (list number * number) :=
  match past with
  | [] => Some (drives, constant)
  | units :: past' =>
      match relax fraction row units constant with
      | None => None
      | Some (row, constant) =>
          let g := weigh (cut r) full row (ih r) in
          if too_large g then None else
          match past' with
          | [] => Some (g :: drives, constant)
          | _ =>
              match before (cut r) (hh r) row with
              | None => None
              | Some row => back r fraction past' row (g :: drives) constant
              end
          end
      end
  end.

(** *** The box *)

Fixpoint dot (u v : list number) (sum : number) : number :=
  match u, v with
  | a :: u', b :: v' => dot u' v' (sum + a * b)
  | _, _ => sum
  end.

(** The coefficients of y, [columns] being those of A. *)
Fixpoint coefficients (columns : list (list number)) (drives : list number) : option (list number)
    :=
  match columns with
  | [] => Some []
  | column :: columns' =>
      let q := dot column drives zero in
      if too_large q then None else
      match coefficients columns' drives with
      | None => None
      | Some rest => Some (q :: rest)
      end
  end.

(** The least value over the box. *)
Fixpoint corner (coefficients : list number) (box : list (number * number)) (sum : number)
    : number :=
  match coefficients, box with
  | q :: coefficients', (lo, hi) :: box' =>
      corner coefficients' box' (sum + q * (if zero <? q then lo else hi))
  | _, _ => sum
  end.

Fixpoint zip (f : number -> number -> number) (u v : list number) : list number :=
  match u, v with
  | a :: u', b :: v' => f a b :: zip f u' v'
  | _, _ => []
  end.

(** The better of [found] and of bounds that use that [a . y] is at most [most]: times a factor it
    is added, and [most] times the factor taken off. Factors make a coefficient 0, one of those
    that are left in [rest]. *)
Fixpoint best (coefficients a : list number) (most : number) (box : list (number * number))
    (sum : number) (rest which : list number) (found : number) : number :=
  match rest, which with
  | q :: rest', w :: which' =>
      best coefficients a most box sum rest' which'
        (if (zero <? w) && (q <? zero) then
           let factor := min (zero - q) most_factor in
           max found
             (corner (zip (fun q w => q + factor * w) coefficients a) box (sum - factor * most))
         else found)
  | _, _ => found
  end.

(** The least value of the inputs' part over the box; [chain]: a sum of coordinates, and what it
    is at most. *)
Definition over_box (columns : list (list number)) (box : list (number * number))
    (chain : option (list number * number)) (drives : list number) (sum : number)
    : option number :=
  match coefficients columns drives with
  | None => None
  | Some qs =>
      let found := corner qs box sum in
      Some match chain with
           | None => found
           | Some (a, most) => best qs a most box sum qs a found
           end
  end.

Definition substitute (r : rule number) (columns : list (list number)) (box : list (number *
    number))
    (chain : option (list number * number))
    (fraction : number) (past : list (list (known number))) (row drives : list number) (negative
        : number)
    : option number :=
  match back r fraction past row drives zero with
  | None => None
  | Some (drives, constant) =>
      match over_box columns box chain drives (zero - negative * (one + (cut r + cut r))) with
      | None => None
      | Some total => Some ((total >> (fraction - four)) + constant)
      end
  end.

(** The coefficients to begin with. *)
Fixpoint begin_row (less : number) (row : list number) : option (list number) :=
  match row with
  | [] => Some []
  | v :: row' =>
      let c := v >> less in
      if c <? least_limit then None else
      match begin_row less row' with
      | None => None
      | Some rest => Some (min c limit :: rest)
      end
  end.

Definition fractions : list number := [full; twenty; of_Z 16; of_Z 12].

(** A lower bound of the row, in units of 2^-24, with as many bits as fit. *)
Fixpoint bound_with (fractions : list number) (r : rule number) (columns : list (list number))
    (box : list (number * number))
    (chain : option (list number * number)) (past : list (list (known number))) (row drives : list number)
    (negative : number) : option number :=
  match fractions with
  | [] => None
  | fraction :: fractions' =>
      let less := full - fraction in
      match
        match begin_row less row with
        | None => None
        | Some row =>
            substitute r columns box chain fraction past row (map (fun g => g >> less) drives) negative
        end
      with
      | None => bound_with fractions' r columns box chain past row drives negative
      | Some v => Some v
      end
  end.

Definition bound := bound_with fractions.

(** *** Units *)

Definition improve (r : rule number) (columns : list (list number)) (box : list (number * number))
    (chain : option (list number * number))
    (past : list (list (known number))) (negative : number) (k : known number) (p : pre number) :
        known number :=
  let '(Known below above _) := k in
  let '(Pre plus plus_drive minus minus_drive) := p in
  if (least_near <=? below) || (above <=? near) then k else
  let low :=
    match bound r columns box chain past plus [plus_drive] negative with
    | None => below
    | Some v => min (max below v) above
    end in
  let up :=
    if least_near <=? low then above else
    match bound r columns box chain past minus [minus_drive] negative with
    | None => above
    | Some v => max (min above (zero - v)) low
    end in
  known_as low up.

Fixpoint improve_all (r : rule number) (columns : list (list number)) (box : list (number *
    number))
    (chain : option (list number * number))
    (past : list (list (known number))) (negative : number) (units : list (known number))
    (ps : list (pre number)) : list (known number) :=
  match units, ps with
  | k :: units', p :: ps' =>
      improve r columns box chain past negative k p
      :: improve_all r columns box chain past negative units' ps'
  | _, _ => []
  end.

(** The units of [amount] steps from [begin] on are bounded anew. [past] has the steps that are
    done, latest first, and so has the result; [negatives] is one number a step. *)
Fixpoint bound_units (r : rule number) (columns : list (list number)) (box : list (number *
    number))
    (chain : option (list number * number))
    (begin amount : nat) (past future : list (list (known number))) (negatives : list number)
    : list (list (known number)) :=
  match future, negatives with
  | units :: future', negative :: negatives' =>
      match begin, amount with
      | S b, _ => bound_units r columns box chain b amount (units :: past) future' negatives'
      | O, O => bound_units r columns box chain O O (units :: past) future' negatives'
      | O, S a =>
          bound_units r columns box chain O a
            (improve_all r columns box chain past negative units (pres r) :: past) future' negatives'
      end
  | _, _ => past
  end.

Fixpoint last_of (l : list number) (otherwise : number) : number :=
  match l with [] => otherwise | x :: l' => last_of l' x end.

Definition at_least (r : rule number) (columns : list (list number)) (box : list (number *
    number))
    (chain : option (list number * number))
    (past : list (list (known number))) (negative wanted : number) (row : list number) : bool :=
  match bound r columns box chain past row [] negative with
  | None => false
  | Some v => wanted <=? v
  end.

Definition proved (r : rule number) (columns : list (list number)) (box : list (number * number))
    (chain : option (list number * number))
    (past : list (list (known number))) (negatives : list number) (wanted : number) : bool :=
  forallb (at_least r columns box chain past (last_of negatives zero) wanted) (rows r).

(** [f] of entry i. *)
Fixpoint update {B : Set} (i : nat) (f : B -> B) (l : list B) : list B :=
  match l, i with
  | [], _ => []
  | x :: l', O => f x :: l'
  | x :: l', S i' => x :: update i' f l'
  end.

Definition switch_on (k : known number) : known number :=
  let '(Known _ above _) := k in Known zero above on.
Definition switch_off (k : known number) : known number :=
  let '(Known below _ _) := k in Known below zero zero.

Fixpoint by_cases (r : rule number) (columns : list (list number)) (box : list (number * number))
    (chain : option (list number * number))
    (past : list (list (known number))) (negative wanted : number) (row : list number) (c :
        cases) : bool :=
  match c with
  | Bound => at_least r columns box chain past negative wanted row
  | Split step unit when_on when_off =>
      let back := Nat.sub (length past) (S step) in
      by_cases r columns box chain (update back (update unit switch_on) past) negative wanted row
        when_on
      && by_cases r columns box chain (update back (update unit switch_off) past) negative wanted row
           when_off
  end.

Fixpoint all_by_cases (r : rule number) (columns : list (list number)) (box : list (number *
    number))
    (chain : option (list number * number))
    (past : list (list (known number))) (negative wanted : number) (rows : list (list number))
    (each_row : list cases) : bool :=
  match rows, each_row with
  | [], [] => true
  | row :: rows', c :: each_row' =>
      by_cases r columns box chain past negative wanted row c
      && all_by_cases r columns box chain past negative wanted rows' each_row'
  | _, _ => false
  end.

(** *** Boxes *)

(** The least and the largest value of an input, [row] being its row of A. *)
Fixpoint range (row : list number) (box : list (number * number)) (low up : number) : number *
    number :=
  match row, box with
  | a :: row', (lo, hi) :: box' =>
      if zero <? a then range row' box' (low + a * lo) (up + a * hi)
      else if a <? zero then range row' box' (low + a * hi) (up + a * lo)
      else range row' box' low up
  | _, _ => (low, up)
  end.

(** How far inputs reach below 0, summed from the first on. *)
Fixpoint negatives_of (by_input : list (list number)) (box : list (number * number)) (sum :
    number)
    : list number :=
  match by_input with
  | [] => []
  | row :: by_input' =>
      let sum := sum + max (zero - fst (range row box zero zero)) zero in
      sum :: negatives_of by_input' box sum
  end.

Fixpoint size (box : list (number * number)) (sum : number) : number :=
  match box with
  | [] => sum
  | (lo, hi) :: box' => size box' (sum + max (max lo (zero - lo)) (max hi (zero - hi)))
  end.

Fixpoint shrink (row : list number) (box : list (number * number)) (over under : number)
    : list (number * number) :=
  match row, box with
  | a :: row', (lo, hi) :: box' =>
      (if zero <? a then (max lo (hi - under), min hi (lo + over))
       else if a <? zero then (max lo (hi - over), min hi (lo + under))
       else (lo, hi)) :: shrink row' box' over under
  | _, _ => []
  end.

(** What [least <= x <= most] leaves of the box; None where that is nothing. *)
Fixpoint tighten (by_input : list (list number)) (least most : list number) (box : list (number *
    number))
    : option (list (number * number)) :=
  match by_input, least, most with
  | row :: by_input', l :: least', m :: most' =>
      let '(low, up) := range row box zero zero in
      if (m <? low) || (up <? l) then None
      else tighten by_input' least' most' (shrink row box (m - low) (up - l))
  | _, _, _ => Some box
  end.

(** *** Histories *)

Definition basis (n t : nat) : list number :=
  map (fun k => if Nat.eqb k t then one else zero) (seq 0 n).

(** The row of A for the input [t], or 0 for None. *)
Fixpoint row_of (n : nat) (kinds : list kind) (fuel : nat) (t : option nat)
    : option (list number) :=
  match t with
  | None => Some (repeat zero n)
  | Some t =>
      match fuel with
      | O => None
      | S fuel =>
          match nth t kinds Free with
          | Free => Some (basis n t)
          | Above p =>
              match row_of n kinds fuel p with
              | None => None
              | Some row => Some (zip add row (basis n t))
              end
          | Under p =>
              match row_of n kinds fuel p with
              | None => None
              | Some row => Some (zip sub row (basis n t))
              end
          end
      end
  end.

Fixpoint rows_of (n : nat) (kinds : list kind) (inputs : list nat) : option (list (list number))
    :=
  match inputs with
  | [] => Some []
  | t :: inputs' =>
      match row_of n kinds (S n) (Some t), rows_of n kinds inputs' with
      | Some row, Some rest => Some (row :: rest)
      | _, _ => None
      end
  end.

Definition transpose (n : nat) (m : list (list number)) : list (list number) :=
  map (fun k => map (fun row => nth k row zero) m) (seq 0 n).

(** The box of the inputs with this history: for inputs from [t] on, whose bounds are [least] and
    [most]; [all] has the upper bounds of all. *)
Fixpoint box_of (kinds : list kind) (all least most : list number) : list (number * number) :=
  match least, most with
  | l :: least', m :: most' =>
      match kinds with
      | [] => (l, m) :: box_of [] all least' most'
      | Free :: kinds' => (l, m) :: box_of kinds' all least' most'
      | Above _ :: kinds' => (zero, m) :: box_of kinds' all least' most'
      | Under p :: kinds' =>
          (zero, match p with None => zero | Some i => nth i all zero end - l)
          :: box_of kinds' all least' most'
      end
  | _, _ => []
  end.

(** Both halves. *)
Fixpoint halves (coordinate : nat) (box : list (number * number))
    : list (number * number) * list (number * number) :=
  match box with
  | [] => ([], [])
  | (lo, hi) :: box' =>
      match coordinate with
      | O =>
          let middle := (lo + hi) >> one in
          ((lo, middle) :: box', (middle, hi) :: box')
      | S c => let '(low, high) := halves c box' in ((lo, hi) :: low, (lo, hi) :: high)
      end
  end.

(** The largest of the ordered inputs, as the sum of coordinates that it is, and what it is at
    most. *)
Definition chain_of (g : goal number) (h : history) (by_input : list (list number))
    : option (list number * number) :=
  match top h with
  | None => None
  | Some t =>
      let row := nth t by_input [] in
      if forallb (fun a => (zero <=? a) && (a <=? one)) row then Some (row, nth t (most g) zero)
      else None
  end.

(** *** The tree *)

Fixpoint check_tree (r : rule number) (g : goal number) (n : nat) (h : history) (a : maps number)
    (box : list (number * number)) (units : list (list (known number))) (p : tree) : bool :=
  match tighten (by_input a) (least g) (most g) box with
  | None => true
  | Some box =>
      if wide <? size box zero then false else
      let negatives := negatives_of (by_input a) box zero in
      let chain := chain_of g h (by_input a) in
      let bounded begin stop :=
        bound_units r (by_coordinate a) box chain begin (Nat.sub stop begin) [] units negatives in
      let go h units tree :=
        match rows_of n (kinds h) (seq 0 n) with
        | None => false
        | Some m =>
            check_tree r g n h (MakeMaps m (transpose n m))
              (box_of (kinds h) (most g) (least g) (most g)) units tree
        end in
      match p with
      | Outside => false
      | Proved begin =>
          proved r (by_coordinate a) box chain (bounded begin n) negatives (wanted g)
      | By_cases begin each_row =>
          all_by_cases r (by_coordinate a) box chain (bounded begin n) (last_of negatives zero)
            (wanted g) (rows r) each_row
      | Halve coordinate begin stop low high =>
          let units := rev (bounded begin stop) in
          let '(low_box, high_box) := halves coordinate box in
          check_tree r g n h a low_box units low && check_tree r g n h a high_box units high
      | First begin stop new below =>
          let units := rev (bounded begin stop) in
          match top h with
          | Some _ => false
          | None =>
              Nat.ltb (length (kinds h)) (first g)
              && go (with_new h) units new && go (with_below h) units below
          end
      | History begin stop new between below =>
          let units := rev (bounded begin stop) in
          match top h with
          | None => false
          | Some a =>
              Nat.ltb (length (kinds h)) (first g)
              && go (with_new h) units new && go (with_between h a) units between
              && go (with_below h) units below
          end
      end
  end.

(** From the root: nothing is ordered, nothing is known of the units. *)
Definition check_pair (r : rule number) (g : goal number) (d n : nat) (p : tree) : bool :=
  let m := map (basis n) (seq 0 n) in
  check_tree r g n no_history (MakeMaps m (transpose n m)) (combine (least g) (most g))
    (repeat (repeat (known_as least_wide wide) d) n) p.

End OverZ.

Module OverInt.

Local Notation number := int (only parsing).
Definition of_Z : Z -> int := Uint63.of_Z.
Local Notation add := PrimInt63.add (only parsing).
Local Notation sub := PrimInt63.sub (only parsing).
Local Notation mul := PrimInt63.mul (only parsing).
Local Notation shr := PrimInt63.asr (only parsing).
Local Notation div := PrimInt63.divs (only parsing).
Local Notation ltb := PrimInt63.ltsb (only parsing).
Local Notation leb := PrimInt63.lesb (only parsing).
Local Notation eqb := PrimInt63.eqb (only parsing).

Local Notation "x + y" := (add x y).
Local Notation "x - y" := (sub x y).
Local Notation "x * y" := (mul x y).
Local Notation "x >> y" := (shr x y) (at level 30, no associativity).
Local Notation "x <? y" := (ltb x y).
Local Notation "x <=? y" := (leb x y).

Definition zero : number := of_Z 0.
Definition one : number := of_Z 1.
Definition limit : number := of_Z 1073741824.            (* 2^30 *)
Definition least_limit : number := of_Z (-1073741824).
Definition wide : number := of_Z 2147483647.             (* 2^31 - 1, unknown *)
Definition least_wide : number := of_Z (-2147483647).
Definition near : number := of_Z 128.
Definition least_near : number := of_Z (-128).
Definition on : number := of_Z 1024.
Definition half : number := of_Z 512.
Definition ten : number := of_Z 10.
Definition twenty : number := of_Z 20.
Definition full : number := of_Z 24.
Definition four : number := of_Z 4.
Definition most_factor : number := of_Z 268435456.       (* 2^28 *)

Definition min (x y : number) : number := if x <=? y then x else y.
Definition max (x y : number) : number := if x <=? y then y else x.

Definition too_large (x : number) : bool := (limit <? x) || (x <? least_limit).

(** The slope of a unit with these bounds, in units of 2^-10. *)
Definition relaxed (low up : number) : number :=
  if least_near <=? low then on
  else if (up <=? near) || eqb low least_wide then zero
  else div (on * up + ((up - low) >> one)) (up - low).

Definition known_as (low up : number) : known number := Known low up (relaxed low up).

(** *** One step back *)

(** [sum c high + ((sum c low) >> 20)], the sums starting from [high] and [low]. *)
Fixpoint weigh_from (row : list number) (w : parts number) (high low : number) : number :=
  match row, w with
  | c :: row', Part h l w' => weigh_from row' w' (high + c * h) (low + c * l)
  | _, _ => high + (low >> twenty)
  end.

Definition weigh (cut s : number) (row : list number) (w : parts number) : number :=
  (weigh_from row w zero zero >> s) - cut.

(** Coefficients of states, which relu has passed, become coefficients of pre-activations. *)
Fixpoint relax (fraction : number) (row : list number) (units : list (known number)) (constant :
    number)
    : option (list number * number) :=
  match row, units with
  | c :: row', Known below above slope :: units' =>
      if c <? zero then
        let kept := (c * slope) >> ten in
        if negb (eqb kept c) && eqb above wide then None else
        let loss := min ((zero - kept) * min below zero) ((c - kept) * max above zero) in
        match relax fraction row' units' (constant + (loss >> fraction)) with
        | None => None
        | Some (rest, total) => Some (kept :: rest, total)
        end
      else
        match relax fraction row' units' constant with
        | None => None
        | Some (rest, total) => Some ((if slope <? half then zero else c) :: rest, total)
        end
  | _, _ => Some ([], constant)
  end.

(** Coefficients of pre-activations become coefficients of the state before. *)
Fixpoint before (cut : number) (hh : list (parts number)) (row : list number) : option (list
    number) :=
  match hh with
  | [] => Some []
  | w :: hh' =>
      let c := weigh cut twenty row w in
      if c <? least_limit then None else
      match before cut hh' row with
      | None => None
      | Some rest => Some (min c limit :: rest)
      end
  end.

(** All steps back, through the units of the steps in [past], the latest first.
    [drives] are the coefficients of the inputs of these steps and later. *)
Fixpoint back (r : rule number) (fraction : number) (past : list (list (known number)))
    (row drives : list number) (constant : number) : option (list number * number) :=
  match past with
  | [] => Some (drives, constant)
  | units :: past' =>
      match relax fraction row units constant with
      | None => None
      | Some (row, constant) =>
          let g := weigh (cut r) full row (ih r) in
          if too_large g then None else
          match past' with
          | [] => Some (g :: drives, constant)
          | _ =>
              match before (cut r) (hh r) row with
              | None => None
              | Some row => back r fraction past' row (g :: drives) constant
              end
          end
      end
  end.

(** *** The box *)

Fixpoint dot (u v : list number) (sum : number) : number :=
  match u, v with
  | a :: u', b :: v' => dot u' v' (sum + a * b)
  | _, _ => sum
  end.

(** The coefficients of y, [columns] being those of A. *)
Fixpoint coefficients (columns : list (list number)) (drives : list number) : option (list number)
    :=
  match columns with
  | [] => Some []
  | column :: columns' =>
      let q := dot column drives zero in
      if too_large q then None else
      match coefficients columns' drives with
      | None => None
      | Some rest => Some (q :: rest)
      end
  end.

(** The least value over the box. *)
Fixpoint corner (coefficients : list number) (box : list (number * number)) (sum : number)
    : number :=
  match coefficients, box with
  | q :: coefficients', (lo, hi) :: box' =>
      corner coefficients' box' (sum + q * (if zero <? q then lo else hi))
  | _, _ => sum
  end.

Fixpoint zip (f : number -> number -> number) (u v : list number) : list number :=
  match u, v with
  | a :: u', b :: v' => f a b :: zip f u' v'
  | _, _ => []
  end.

(** The better of [found] and of bounds that use that [a . y] is at most [most]: times a factor it
    is added, and [most] times the factor taken off. Factors make a coefficient 0, one of those
    that are left in [rest]. *)
Fixpoint best (coefficients a : list number) (most : number) (box : list (number * number))
    (sum : number) (rest which : list number) (found : number) : number :=
  match rest, which with
  | q :: rest', w :: which' =>
      best coefficients a most box sum rest' which'
        (if (zero <? w) && (q <? zero) then
           let factor := min (zero - q) most_factor in
           max found
             (corner (zip (fun q w => q + factor * w) coefficients a) box (sum - factor * most))
         else found)
  | _, _ => found
  end.

(** The least value of the inputs' part over the box; [chain]: a sum of coordinates, and what it
    is at most. *)
Definition over_box (columns : list (list number)) (box : list (number * number))
    (chain : option (list number * number)) (drives : list number) (sum : number)
    : option number :=
  match coefficients columns drives with
  | None => None
  | Some qs =>
      let found := corner qs box sum in
      Some match chain with
           | None => found
           | Some (a, most) => best qs a most box sum qs a found
           end
  end.

Definition substitute (r : rule number) (columns : list (list number)) (box : list (number *
    number))
    (chain : option (list number * number))
    (fraction : number) (past : list (list (known number))) (row drives : list number) (negative
        : number)
    : option number :=
  match back r fraction past row drives zero with
  | None => None
  | Some (drives, constant) =>
      match over_box columns box chain drives (zero - negative * (one + (cut r + cut r))) with
      | None => None
      | Some total => Some ((total >> (fraction - four)) + constant)
      end
  end.

(** The coefficients to begin with. *)
Fixpoint begin_row (less : number) (row : list number) : option (list number) :=
  match row with
  | [] => Some []
  | v :: row' =>
      let c := v >> less in
      if c <? least_limit then None else
      match begin_row less row' with
      | None => None
      | Some rest => Some (min c limit :: rest)
      end
  end.

Definition fractions : list number := [full; twenty; of_Z 16; of_Z 12].

(** A lower bound of the row, in units of 2^-24, with as many bits as fit. *)
Fixpoint bound_with (fractions : list number) (r : rule number) (columns : list (list number))
    (box : list (number * number))
    (chain : option (list number * number)) (past : list (list (known number))) (row drives : list number)
    (negative : number) : option number :=
  match fractions with
  | [] => None
  | fraction :: fractions' =>
      let less := full - fraction in
      match
        match begin_row less row with
        | None => None
        | Some row =>
            substitute r columns box chain fraction past row (map (fun g => g >> less) drives) negative
        end
      with
      | None => bound_with fractions' r columns box chain past row drives negative
      | Some v => Some v
      end
  end.

Definition bound := bound_with fractions.

(** *** Units *)

Definition improve (r : rule number) (columns : list (list number)) (box : list (number * number))
    (chain : option (list number * number))
    (past : list (list (known number))) (negative : number) (k : known number) (p : pre number) :
        known number :=
  let '(Known below above _) := k in
  let '(Pre plus plus_drive minus minus_drive) := p in
  if (least_near <=? below) || (above <=? near) then k else
  let low :=
    match bound r columns box chain past plus [plus_drive] negative with
    | None => below
    | Some v => min (max below v) above
    end in
  let up :=
    if least_near <=? low then above else
    match bound r columns box chain past minus [minus_drive] negative with
    | None => above
    | Some v => max (min above (zero - v)) low
    end in
  known_as low up.

Fixpoint improve_all (r : rule number) (columns : list (list number)) (box : list (number *
    number))
    (chain : option (list number * number))
    (past : list (list (known number))) (negative : number) (units : list (known number))
    (ps : list (pre number)) : list (known number) :=
  match units, ps with
  | k :: units', p :: ps' =>
      improve r columns box chain past negative k p
      :: improve_all r columns box chain past negative units' ps'
  | _, _ => []
  end.

(** The units of [amount] steps from [begin] on are bounded anew. [past] has the steps that are
    done, latest first, and so has the result; [negatives] is one number a step. *)
Fixpoint bound_units (r : rule number) (columns : list (list number)) (box : list (number *
    number))
    (chain : option (list number * number))
    (begin amount : nat) (past future : list (list (known number))) (negatives : list number)
    : list (list (known number)) :=
  match future, negatives with
  | units :: future', negative :: negatives' =>
      match begin, amount with
      | S b, _ => bound_units r columns box chain b amount (units :: past) future' negatives'
      | O, O => bound_units r columns box chain O O (units :: past) future' negatives'
      | O, S a =>
          bound_units r columns box chain O a
            (improve_all r columns box chain past negative units (pres r) :: past) future' negatives'
      end
  | _, _ => past
  end.

Fixpoint last_of (l : list number) (otherwise : number) : number :=
  match l with [] => otherwise | x :: l' => last_of l' x end.

Definition at_least (r : rule number) (columns : list (list number)) (box : list (number *
    number))
    (chain : option (list number * number))
    (past : list (list (known number))) (negative wanted : number) (row : list number) : bool :=
  match bound r columns box chain past row [] negative with
  | None => false
  | Some v => wanted <=? v
  end.

Definition proved (r : rule number) (columns : list (list number)) (box : list (number * number))
    (chain : option (list number * number))
    (past : list (list (known number))) (negatives : list number) (wanted : number) : bool :=
  forallb (at_least r columns box chain past (last_of negatives zero) wanted) (rows r).

(** [f] of entry i. *)
Fixpoint update {B : Set} (i : nat) (f : B -> B) (l : list B) : list B :=
  match l, i with
  | [], _ => []
  | x :: l', O => f x :: l'
  | x :: l', S i' => x :: update i' f l'
  end.

Definition switch_on (k : known number) : known number :=
  let '(Known _ above _) := k in Known zero above on.
Definition switch_off (k : known number) : known number :=
  let '(Known below _ _) := k in Known below zero zero.

Fixpoint by_cases (r : rule number) (columns : list (list number)) (box : list (number * number))
    (chain : option (list number * number))
    (past : list (list (known number))) (negative wanted : number) (row : list number) (c :
        cases) : bool :=
  match c with
  | Bound => at_least r columns box chain past negative wanted row
  | Split step unit when_on when_off =>
      let back := Nat.sub (length past) (S step) in
      by_cases r columns box chain (update back (update unit switch_on) past) negative wanted row
        when_on
      && by_cases r columns box chain (update back (update unit switch_off) past) negative wanted row
           when_off
  end.

Fixpoint all_by_cases (r : rule number) (columns : list (list number)) (box : list (number *
    number))
    (chain : option (list number * number))
    (past : list (list (known number))) (negative wanted : number) (rows : list (list number))
    (each_row : list cases) : bool :=
  match rows, each_row with
  | [], [] => true
  | row :: rows', c :: each_row' =>
      by_cases r columns box chain past negative wanted row c
      && all_by_cases r columns box chain past negative wanted rows' each_row'
  | _, _ => false
  end.

(** *** Boxes *)

(** The least and the largest value of an input, [row] being its row of A. *)
Fixpoint range (row : list number) (box : list (number * number)) (low up : number) : number *
    number :=
  match row, box with
  | a :: row', (lo, hi) :: box' =>
      if zero <? a then range row' box' (low + a * lo) (up + a * hi)
      else if a <? zero then range row' box' (low + a * hi) (up + a * lo)
      else range row' box' low up
  | _, _ => (low, up)
  end.

(** How far inputs reach below 0, summed from the first on. *)
Fixpoint negatives_of (by_input : list (list number)) (box : list (number * number)) (sum :
    number)
    : list number :=
  match by_input with
  | [] => []
  | row :: by_input' =>
      let sum := sum + max (zero - fst (range row box zero zero)) zero in
      sum :: negatives_of by_input' box sum
  end.

Fixpoint size (box : list (number * number)) (sum : number) : number :=
  match box with
  | [] => sum
  | (lo, hi) :: box' => size box' (sum + max (max lo (zero - lo)) (max hi (zero - hi)))
  end.

Fixpoint shrink (row : list number) (box : list (number * number)) (over under : number)
    : list (number * number) :=
  match row, box with
  | a :: row', (lo, hi) :: box' =>
      (if zero <? a then (max lo (hi - under), min hi (lo + over))
       else if a <? zero then (max lo (hi - over), min hi (lo + under))
       else (lo, hi)) :: shrink row' box' over under
  | _, _ => []
  end.

(** What [least <= x <= most] leaves of the box; None where that is nothing. *)
Fixpoint tighten (by_input : list (list number)) (least most : list number) (box : list (number *
    number))
    : option (list (number * number)) :=
  match by_input, least, most with
  | row :: by_input', l :: least', m :: most' =>
      let '(low, up) := range row box zero zero in
      if (m <? low) || (up <? l) then None
      else tighten by_input' least' most' (shrink row box (m - low) (up - l))
  | _, _, _ => Some box
  end.

(** *** Histories *)

Definition basis (n t : nat) : list number :=
  map (fun k => if Nat.eqb k t then one else zero) (seq 0 n).

(** The row of A for the input [t], or 0 for None. *)
Fixpoint row_of (n : nat) (kinds : list kind) (fuel : nat) (t : option nat)
    : option (list number) :=
  match t with
  | None => Some (repeat zero n)
  | Some t =>
      match fuel with
      | O => None
      | S fuel =>
          match nth t kinds Free with
          | Free => Some (basis n t)
          | Above p =>
              match row_of n kinds fuel p with
              | None => None
              | Some row => Some (zip add row (basis n t))
              end
          | Under p =>
              match row_of n kinds fuel p with
              | None => None
              | Some row => Some (zip sub row (basis n t))
              end
          end
      end
  end.

Fixpoint rows_of (n : nat) (kinds : list kind) (inputs : list nat) : option (list (list number))
    :=
  match inputs with
  | [] => Some []
  | t :: inputs' =>
      match row_of n kinds (S n) (Some t), rows_of n kinds inputs' with
      | Some row, Some rest => Some (row :: rest)
      | _, _ => None
      end
  end.

Definition transpose (n : nat) (m : list (list number)) : list (list number) :=
  map (fun k => map (fun row => nth k row zero) m) (seq 0 n).

(** The box of the inputs with this history: for inputs from [t] on, whose bounds are [least] and
    [most]; [all] has the upper bounds of all. *)
Fixpoint box_of (kinds : list kind) (all least most : list number) : list (number * number) :=
  match least, most with
  | l :: least', m :: most' =>
      match kinds with
      | [] => (l, m) :: box_of [] all least' most'
      | Free :: kinds' => (l, m) :: box_of kinds' all least' most'
      | Above _ :: kinds' => (zero, m) :: box_of kinds' all least' most'
      | Under p :: kinds' =>
          (zero, match p with None => zero | Some i => nth i all zero end - l)
          :: box_of kinds' all least' most'
      end
  | _, _ => []
  end.

(** Both halves. *)
Fixpoint halves (coordinate : nat) (box : list (number * number))
    : list (number * number) * list (number * number) :=
  match box with
  | [] => ([], [])
  | (lo, hi) :: box' =>
      match coordinate with
      | O =>
          let middle := (lo + hi) >> one in
          ((lo, middle) :: box', (middle, hi) :: box')
      | S c => let '(low, high) := halves c box' in ((lo, hi) :: low, (lo, hi) :: high)
      end
  end.

(** The largest of the ordered inputs, as the sum of coordinates that it is, and what it is at
    most. *)
Definition chain_of (g : goal number) (h : history) (by_input : list (list number))
    : option (list number * number) :=
  match top h with
  | None => None
  | Some t =>
      let row := nth t by_input [] in
      if forallb (fun a => (zero <=? a) && (a <=? one)) row then Some (row, nth t (most g) zero)
      else None
  end.

(** *** The tree *)

Fixpoint check_tree (r : rule number) (g : goal number) (n : nat) (h : history) (a : maps number)
    (box : list (number * number)) (units : list (list (known number))) (p : tree) : bool :=
  match tighten (by_input a) (least g) (most g) box with
  | None => true
  | Some box =>
      if wide <? size box zero then false else
      let negatives := negatives_of (by_input a) box zero in
      let chain := chain_of g h (by_input a) in
      let bounded begin stop :=
        bound_units r (by_coordinate a) box chain begin (Nat.sub stop begin) [] units negatives in
      let go h units tree :=
        match rows_of n (kinds h) (seq 0 n) with
        | None => false
        | Some m =>
            check_tree r g n h (MakeMaps m (transpose n m))
              (box_of (kinds h) (most g) (least g) (most g)) units tree
        end in
      match p with
      | Outside => false
      | Proved begin =>
          proved r (by_coordinate a) box chain (bounded begin n) negatives (wanted g)
      | By_cases begin each_row =>
          all_by_cases r (by_coordinate a) box chain (bounded begin n) (last_of negatives zero)
            (wanted g) (rows r) each_row
      | Halve coordinate begin stop low high =>
          let units := rev (bounded begin stop) in
          let '(low_box, high_box) := halves coordinate box in
          check_tree r g n h a low_box units low && check_tree r g n h a high_box units high
      | First begin stop new below =>
          let units := rev (bounded begin stop) in
          match top h with
          | Some _ => false
          | None =>
              Nat.ltb (length (kinds h)) (first g)
              && go (with_new h) units new && go (with_below h) units below
          end
      | History begin stop new between below =>
          let units := rev (bounded begin stop) in
          match top h with
          | None => false
          | Some a =>
              Nat.ltb (length (kinds h)) (first g)
              && go (with_new h) units new && go (with_between h a) units between
              && go (with_below h) units below
          end
      end
  end.

(** From the root: nothing is ordered, nothing is known of the units. *)
Definition check_pair (r : rule number) (g : goal number) (d n : nat) (p : tree) : bool :=
  let m := map (basis n) (seq 0 n) in
  check_tree r g n no_history (MakeMaps m (transpose n m)) (combine (least g) (most g))
    (repeat (repeat (known_as least_wide wide) d) n) p.

End OverInt.

(** ** 3.3. From the network and the claim to the rule, over [Z] *)

Open Scope Z_scope.

(** The length of the largest in bits. *)
Definition bits (l : list Z) : Z :=
  let m := fold_right Z.max 0 (map Z.abs l) in if m =? 0 then 0 else Z.log2 m + 1.

(** Whether [v * 2^b] is not an integer. *)
Definition inexact (b v : Z) : bool := negb (Z.shiftl (Z.shiftl v b) (- b) =? v).

Fixpoint parts_of (l : list Z) : parts Z :=
  match l with
  | [] => NoPart
  | v :: l' => Part (Z.shiftr v 20) (v mod 1048576) (parts_of l')
  end.

(** The margins of [s] over the other outputs, in order. *)
Definition margins (out : list (list Z)) (s : nat) : list (list Z) :=
  map (fun j => OverZ.zip Z.sub (nth s out []) (nth j out []))
    (filter (fun j => negb (Nat.eqb j s)) (seq 0 (length out))).

(** The weights are integers over [2^shift]. *)
Definition rule_of (d : nat) (shift : Z) (ih : list Z) (hh rows : list (list Z)) : rule Z :=
  let drive := 40 - bits ih in
  let state := 40 - shift in
  let less := 24 - bits (concat rows) in
  let cut := if existsb (inexact drive) ih || existsb (inexact state) (concat hh)
             then 1 else 0 in
  let ih := map (fun v => Z.shiftl v drive) ih in
  let hh := map (map (fun v => Z.shiftl v state)) hh in
  let pre_of '(v, row) :=
    Pre (map (fun w => Z.shiftr w 16) row) (Z.shiftr v 20)
      (map (fun w => Z.shiftr (- w - cut) 16) row) (Z.shiftr (- v - cut) 20) in
  MakeRule cut (map parts_of (OverZ.transpose d hh)) (parts_of ih)
    (map pre_of (combine ih hh)) (map (map (fun v => Z.shiftl v less)) rows).

(** What a bound of a row that comes out as 1 is worth is [2^worth]. *)
Definition worth (shift : Z) (ih : list Z) (rows : list (list Z)) : Z :=
  bits ih + bits (concat rows) - 2 * shift - 24.

(** The family of a pair: 1 at m, [lo, hi] at s, [-noise, noise] elsewhere; rounded outward. *)
Definition down (q : Q) : Z := (Qnum q * 16777216) / Zpos (Qden q).
Definition up (q : Q) : Z := - ((- Qnum q * 16777216) / Zpos (Qden q)).

Definition goal_of (n m s : nat) (lo hi noise : Q) (wanted : Z) : goal Z :=
  MakeGoal
    (map (fun t => if Nat.eqb t m then 16777216
                   else if Nat.eqb t s then down lo else - up noise) (seq 0 n))
    (map (fun t => if Nat.eqb t m then 16777216
                   else if Nat.eqb t s then up hi else up noise) (seq 0 n))
    (Nat.min m s) wanted.

(** All numbers fit. *)
Definition fits (d n : nat) (shift : Z) (ih : list Z) (hh out : list (list Z)) : bool :=
  let most := fold_right Z.max 0 (map (fun v => Z.abs (Z.shiftl v (40 - shift))) (concat hh)) in
  (Z.of_nat n * Z.of_nat d <=? 4096) && (Z.of_nat d <=? 1024) && (1 <=? Z.of_nat d)
  && (Z.max (Z.of_nat d) 2 * (Z.shiftr most 20 + 1) <? 4294967296)
  && (0 <=? shift)
  && Nat.eqb (length ih) d && Nat.eqb (length hh) d && Nat.eqb (length out) n
  && forallb (fun row => Nat.eqb (length row) d) hh
  && forallb (fun row => Nat.eqb (length row) d) out.

(** One pair's proof: every margin of the pair (m, s) is at least [wanted] units. *)
Record proof : Set := Proof_of { at_m : nat; at_s : nat; bound_of : Z; tree_of : tree }.

Definition in_order (n : nat) (lo hi noise : Q) (p : proof) : bool :=
  Nat.ltb (at_m p) n && Nat.ltb (at_s p) n && negb (Nat.eqb (at_m p) (at_s p))
  && (1 <=? bound_of p)
  && Qle_bool 0 noise && Qle_bool 0 lo && Qle_bool lo hi && Qle_bool hi 1 && Qle_bool noise 1.

(** The checker over [Z]. *)
Definition check_Z (d n : nat) (scale : positive) (ih : list Z) (hh out : list (list Z))
    (lo hi noise : Q) (proofs : list proof) : bool :=
  let shift := Z.log2 (Zpos scale) in
  (2 ^ shift =? Zpos scale) && fits d n shift ih hh out
  && forallb (fun p =>
       in_order n lo hi noise p
       && OverZ.check_pair (rule_of d shift ih hh (margins out (at_s p)))
            (goal_of n (at_m p) (at_s p) lo hi noise (bound_of p)) d n (tree_of p)) proofs.

(** The same over primitive integers. *)
Section Map.
Variables (A B : Set) (f : A -> B).
Fixpoint map_parts (w : parts A) : parts B :=
  match w with NoPart => NoPart | Part h l w' => Part (f h) (f l) (map_parts w') end.
Definition map_pre (p : pre A) : pre B :=
  let '(Pre a b c d) := p in Pre (map f a) (f b) (map f c) (f d).
Definition map_rule (r : rule A) : rule B :=
  MakeRule (f (cut r)) (map map_parts (hh r)) (map_parts (ih r)) (map map_pre (pres r))
    (map (map f) (rows r)).
Definition map_goal (g : goal A) : goal B :=
  MakeGoal (map f (least g)) (map f (most g)) (first g) (f (wanted g)).
End Map.
Arguments map_parts {A B}.
Arguments map_pre {A B}.
Arguments map_rule {A B}.
Arguments map_goal {A B}.

(** That no number of the rule and of the goal leads out of 63 bits: decided once a pair, over
    [Z]. *)
Definition up_to (b x : Z) : bool := Z.abs x <=? b.

Fixpoint high_parts (w : parts Z) : list Z :=
  match w with NoPart => [] | Part h _ w' => h :: high_parts w' end.
Fixpoint low_parts (w : parts Z) : list Z :=
  match w with NoPart => [] | Part _ l w' => l :: low_parts w' end.

Definition largest_high (r : rule Z) : Z :=
  fold_right Z.max 0 (map Z.abs (concat (map high_parts (ih r :: hh r)))).

Definition rule_in_63_bits (d n : nat) (r : rule Z) : bool :=
  let words := forallb (up_to 4611686018427387903) in
  let short l := Z.of_nat (length l) <=? Z.of_nat d in
  (Z.of_nat d <=? 1024) && (Z.of_nat n <=? 4096) && (Z.of_nat n * Z.of_nat d <=? 4096)
  && (Z.of_nat d * (1073741824 * largest_high r) + Z.of_nat d * 1073741824
      <=? 4611686018427387903)
  && (0 <=? cut r) && (cut r <=? 1) && (Z.of_nat (length (hh r)) <=? Z.of_nat d)
  && forallb (fun l => (0 <=? l) && (l <=? 1048576)) (concat (map low_parts (ih r :: hh r)))
  && words (concat (map high_parts (ih r :: hh r)))
  && forallb (fun row => short row && words row) (rows r)
  && forallb (fun '(Pre a b c e) => short a && words a && up_to 1073741824 b
                 && short c && words c && up_to 1073741824 e) (pres r).

Definition goal_in_63_bits (n : nat) (g : goal Z) : bool :=
  Nat.eqb (length (least g)) n && forallb (up_to 1073741823) (least g)
  && forallb (up_to 1073741823) (most g) && up_to 4611686018427387903 (wanted g).

Definition check_int (d n : nat) (scale : positive) (ih : list Z) (hh out : list (list Z))
    (lo hi noise : Q) (proofs : list proof) : bool :=
  let shift := Z.log2 (Zpos scale) in
  (2 ^ shift =? Zpos scale) && fits d n shift ih hh out
  && forallb (fun p =>
       let r := rule_of d shift ih hh (margins out (at_s p)) in
       let g := goal_of n (at_m p) (at_s p) lo hi noise (bound_of p) in
       in_order n lo hi noise p && rule_in_63_bits d n r && goal_in_63_bits n g
       && OverInt.check_pair (map_rule Uint63.of_Z r) (map_goal Uint63.of_Z g) d n (tree_of p))
       proofs.

(** ** 3.4. The 63-bit integers compute what [Z] does: no number is too large *)

Module Words.

(** The integer that a primitive integer stands for. *)
Definition z (x : int) : Z := Sint63.to_Z x.

Definition within (b x : Z) : Prop := - b <= x <= b.

Lemma z_range : forall x, -4611686018427387904 <= z x <= 4611686018427387903.
Proof. intros x. exact (Sint63.to_Z_bounded x). Qed.

Lemma z_add : forall x y, within 4611686018427387903 (z x + z y) ->
  z (PrimInt63.add x y) = z x + z y.
Proof. intros x y H. apply Sint63.to_Z_add. rewrite to_Z_min, to_Z_max. change (wB / 2) with
    4611686018427387904. unfold within, z in *. lia. Qed.

Lemma z_sub : forall x y, within 4611686018427387903 (z x - z y) ->
  z (PrimInt63.sub x y) = z x - z y.
Proof. intros x y H. apply Sint63.to_Z_sub. rewrite to_Z_min, to_Z_max. change (wB / 2) with
    4611686018427387904. unfold within, z in *. lia. Qed.

Lemma z_mul : forall x y, within 4611686018427387903 (z x * z y) ->
  z (PrimInt63.mul x y) = z x * z y.
Proof. intros x y H. apply Sint63.to_Z_mul. rewrite to_Z_min, to_Z_max. change (wB / 2) with
    4611686018427387904. unfold within, z in *. lia. Qed.

Lemma z_shr : forall x y, 0 <= z y -> z (PrimInt63.asr x y) = Z.shiftr (z x) (z y).
Proof. intros x y H. rewrite Z.shiftr_div_pow2 by exact H. apply Sint63.asr_spec. Qed.

Lemma z_ltb : forall x y, PrimInt63.ltsb x y = (z x <? z y).
Proof.
  intros x y. apply eq_true_iff_eq. rewrite Z.ltb_lt. apply Sint63.ltb_spec.
Qed.

Lemma z_leb : forall x y, PrimInt63.lesb x y = (z x <=? z y).
Proof.
  intros x y. apply eq_true_iff_eq. rewrite Z.leb_le. apply Sint63.leb_spec.
Qed.

Lemma z_eqb : forall x y, PrimInt63.eqb x y = (z x =? z y).
Proof.
  intros x y. apply eq_true_iff_eq. rewrite Z.eqb_eq.
  destruct (Sint63.eqbP x y) as [E | E]; split; intros H; try assumption; try reflexivity.
  - discriminate H.
  - contradiction.
Qed.

Lemma z_div : forall x y, 0 <= z x -> 0 < z y -> z (PrimInt63.divs x y) = z x / z y.
Proof.
  intros x y Hx Hy. unfold z in *. rewrite Sint63.div_spec by (right; lia).
  apply Z.quot_div_nonneg; assumption.
Qed.

(** Constants. *)
Lemma z_zero : z OverInt.zero = 0. Proof. reflexivity. Qed.
Lemma z_one : z OverInt.one = 1. Proof. reflexivity. Qed.
Lemma z_limit : z OverInt.limit = 1073741824. Proof. reflexivity. Qed.
Lemma z_least_limit : z OverInt.least_limit = -1073741824. Proof. reflexivity. Qed.
Lemma z_wide : z OverInt.wide = 2147483647. Proof. reflexivity. Qed.
Lemma z_least_wide : z OverInt.least_wide = -2147483647. Proof. reflexivity. Qed.
Lemma z_near : z OverInt.near = 128. Proof. reflexivity. Qed.
Lemma z_least_near : z OverInt.least_near = -128. Proof. reflexivity. Qed.
Lemma z_on : z OverInt.on = 1024. Proof. reflexivity. Qed.
Lemma z_half : z OverInt.half = 512. Proof. reflexivity. Qed.
Lemma z_ten : z OverInt.ten = 10. Proof. reflexivity. Qed.
Lemma z_twenty : z OverInt.twenty = 20. Proof. reflexivity. Qed.
Lemma z_full : z OverInt.full = 24. Proof. reflexivity. Qed.
Lemma z_four : z OverInt.four = 4. Proof. reflexivity. Qed.
Lemma z_most_factor : z OverInt.most_factor = 268435456. Proof. reflexivity. Qed.

Ltac constants :=
  rewrite ?z_zero, ?z_one, ?z_limit, ?z_least_limit, ?z_wide, ?z_least_wide, ?z_near,
    ?z_least_near, ?z_on, ?z_half, ?z_ten, ?z_twenty, ?z_full, ?z_four,
    ?z_most_factor in *;
  change OverZ.zero with 0 in *; change OverZ.one with 1 in *;
  change OverZ.limit with 1073741824 in *; change OverZ.least_limit with (-1073741824) in *;
  change OverZ.wide with 2147483647 in *; change OverZ.least_wide with (-2147483647) in *;
  change OverZ.near with 128 in *; change OverZ.least_near with (-128) in *;
  change OverZ.on with 1024 in *; change OverZ.half with 512 in *;
  change OverZ.ten with 10 in *; change OverZ.twenty with 20 in *;
  change OverZ.full with 24 in *; change OverZ.four with 4 in *;
  change OverZ.most_factor with 268435456 in *.

Lemma z_min : forall x y, z (OverInt.min x y) = OverZ.min (z x) (z y).
Proof. intros. unfold OverInt.min, OverZ.min. rewrite z_leb. destruct (z x <=? z y); reflexivity.
    Qed.

Lemma z_max : forall x y, z (OverInt.max x y) = OverZ.max (z x) (z y).
Proof. intros. unfold OverInt.max, OverZ.max. rewrite z_leb. destruct (z x <=? z y); reflexivity.
    Qed.

Lemma min_is : forall x y, OverZ.min x y = Z.min x y.
Proof. intros. unfold OverZ.min. destruct (Z.leb_spec x y); lia. Qed.

Lemma max_is : forall x y, OverZ.max x y = Z.max x y.
Proof. intros. unfold OverZ.max. destruct (Z.leb_spec x y); lia. Qed.

Lemma z_too_large : forall x, OverInt.too_large x = OverZ.too_large (z x).
Proof.
  intros x. unfold OverInt.too_large, OverZ.too_large. rewrite !z_ltb. constants. reflexivity.
Qed.

Lemma too_large_within : forall x, OverZ.too_large x = false -> within 1073741824 x.
Proof.
  intros x H. unfold OverZ.too_large in H. constants. apply orb_false_elim in H.
  destruct H as [H1 H2]. apply Z.ltb_ge in H1. apply Z.ltb_ge in H2. unfold within. lia.
Qed.

(** Shifts make numbers smaller. *)
Lemma shiftr_within : forall b x k, 0 <= b -> 0 <= k -> within (b * 2 ^ k) x ->
  within b (Z.shiftr x k).
Proof.
  intros b x k Hb Hk H. assert (P := Z.pow_pos_nonneg 2 k ltac:(lia) Hk).
  rewrite Z.shiftr_div_pow2 by exact Hk. unfold within in *. split.
  - apply Z.div_le_lower_bound; lia.
  - apply Z.div_le_upper_bound; lia.
Qed.

Lemma shiftr_less : forall b x k, 0 <= k -> within b x -> 0 <= b -> within b (Z.shiftr x k).
Proof.
  intros b x k Hk H Hb. apply shiftr_within; [lia | lia |].
  assert (P := Z.pow_pos_nonneg 2 k ltac:(lia) Hk). unfold within in *. nia.
Qed.

Lemma product_within : forall a b x y, 0 <= a -> 0 <= b -> within a x -> within b y ->
  within (a * b) (x * y).
Proof. intros a b x y Ha Hb Hx Hy. unfold within in *. nia. Qed.

(** What is known of a unit stays within 31 bits. *)
Definition zk (k : known int) : known Z := let '(Known a b c) := k in Known (z a) (z b) (z c).

Definition okk (k : known int) : Prop :=
  let '(Known a b c) := k in
  within 2147483647 (z a) /\ within 2147483647 (z b) /\ 0 <= z c <= 1024.

Lemma z_relaxed : forall low up, within 2147483647 (z low) -> within 2147483647 (z up) ->
  z (OverInt.relaxed low up) = OverZ.relaxed (z low) (z up) /\
  0 <= z (OverInt.relaxed low up) <= 1024.
Proof.
  intros low up Hl Hu. unfold OverInt.relaxed, OverZ.relaxed. rewrite !z_leb, z_eqb. constants.
  destruct (Z.leb_spec (-128) (z low)) as [H | H].
  { cbn iota beta delta [orb]. constants. split; [reflexivity | lia]. }
  destruct (Z.leb_spec (z up) 128) as [H' | H']; cbn iota beta delta [orb].
  { cbn iota beta delta [orb]. constants. split; [reflexivity | lia]. }
  destruct (z low =? -2147483647).
  { cbn iota beta delta [orb]. constants. split; [reflexivity | lia]. }
  unfold within in *.
  assert (E1 : z (PrimInt63.sub up low) = z up - z low) by (apply z_sub; unfold within; lia).
  assert (E2 : z (PrimInt63.asr (PrimInt63.sub up low) OverInt.one) = Z.shiftr (z up - z low) 1)
    by (rewrite z_shr, E1; constants; [reflexivity | lia]).
  assert (E3 : z (PrimInt63.mul OverInt.on up) = 1024 * z up)
    by (rewrite z_mul; constants; [reflexivity | unfold within; lia]).
  assert (S : 0 <= Z.shiftr (z up - z low) 1 <= z up - z low).
  { rewrite Z.shiftr_div_pow2 by lia. change (2 ^ 1) with 2.
    split; [apply Z.div_pos; lia | apply Z.div_le_upper_bound; lia]. }
  assert (S2 : 2 * Z.shiftr (z up - z low) 1 <= z up - z low).
  { rewrite Z.shiftr_div_pow2 by lia. change (2 ^ 1) with 2. apply Z.mul_div_le. lia. }
  assert (E4 : z (PrimInt63.add (PrimInt63.mul OverInt.on up)
                   (PrimInt63.asr (PrimInt63.sub up low) OverInt.one))
               = 1024 * z up + Z.shiftr (z up - z low) 1)
    by (rewrite z_add, E2, E3; [reflexivity | rewrite E2, E3; unfold within; lia]).
  rewrite z_div, E1, E4; rewrite ?E1, ?E4; try lia.
  split; [reflexivity|]. split.
  - apply Z.div_pos; lia.
  - apply Z.lt_succ_r. apply Z.div_lt_upper_bound; lia.
Qed.

Lemma z_known_as : forall low up, within 2147483647 (z low) -> within 2147483647 (z up) ->
  zk (OverInt.known_as low up) = OverZ.known_as (z low) (z up) /\ okk (OverInt.known_as low up).
Proof.
  intros low up Hl Hu. unfold OverInt.known_as, OverZ.known_as. simpl.
  destruct (z_relaxed low up Hl Hu) as [E H]. rewrite E in *. auto.
Qed.

(** *** One step back *)

Fixpoint zparts (w : parts int) : parts Z :=
  match w with NoPart => NoPart | Part h l w' => Part (z h) (z l) (zparts w') end.

Fixpoint okp (b : Z) (w : parts int) : Prop :=
  match w with
  | NoPart => True
  | Part h l w' => within b (z h) /\ 0 <= z l <= 1048576 /\ okp b w'
  end.

Definition small (b : Z) (l : list int) : Prop := Forall (fun x => within b (z x)) l.

Lemma z_weigh_from : forall b row w high low H L,
  0 <= b -> 0 <= L -> small 1073741824 row -> okp b w ->
  within H (z high) -> within (L * 1048576) (z low) ->
  H + Z.of_nat (length row) * (1073741824 * b) + L + Z.of_nat (length row) * 1073741824
    <= 4611686018427387903 ->
  L * 1048576 + Z.of_nat (length row) * (1073741824 * 1048576) <= 4611686018427387903 ->
  z (OverInt.weigh_from row w high low) =
  OverZ.weigh_from (map z row) (zparts w) (z high) (z low).
Proof.
  intros b row. induction row as [|c row IH]; intros w high low H L Hb HL0 Hrow Hw Hh Hl HH HL.
  - cbn [OverInt.weigh_from OverZ.weigh_from map].
    assert (E : z (PrimInt63.asr low OverInt.twenty) = Z.shiftr (z low) 20)
      by (rewrite z_shr; constants; [reflexivity | lia]).
    assert (S : within L (Z.shiftr (z low) 20)) by (apply shiftr_within; [lia | lia | exact Hl]).
    constants. rewrite z_add, E; [reflexivity|]. rewrite E. unfold within in *. simpl in *. lia.
  - inversion Hrow as [|? ? Hc Hrow']; subst. cbn [length] in HH, HL.
    rewrite Nat2Z.inj_succ in HH, HL.
    assert (N := Nat2Z.is_nonneg (length row)).
    assert (B : 0 <= Z.of_nat (length row) * (1073741824 * b)) by nia.
    destruct w as [|h l w]; cbn [OverInt.weigh_from OverZ.weigh_from map zparts].
    + assert (E : z (PrimInt63.asr low OverInt.twenty) = Z.shiftr (z low) 20)
        by (rewrite z_shr; constants; [reflexivity | lia]).
      assert (S : within L (Z.shiftr (z low) 20)) by (apply shiftr_within; [lia | lia | exact
          Hl]).
      constants. rewrite z_add, E; [reflexivity|]. rewrite E. unfold within in *. lia.
    + destruct Hw as (Hh' & Hl' & Hw).
      assert (P1 : within (1073741824 * b) (z c * z h))
        by (apply product_within; unfold within in *; lia).
      assert (P2 : within (1073741824 * 1048576) (z c * z l))
        by (apply product_within; unfold within in *; lia).
      assert (E1 : z (PrimInt63.mul c h) = z c * z h) by (apply z_mul; unfold within in *; lia).
      assert (E2 : z (PrimInt63.mul c l) = z c * z l) by (apply z_mul; unfold within in *; lia).
      assert (E3 : z (PrimInt63.add high (PrimInt63.mul c h)) = z high + z c * z h)
        by (rewrite z_add, E1; [reflexivity | rewrite E1; unfold within in *; lia]).
      assert (E4 : z (PrimInt63.add low (PrimInt63.mul c l)) = z low + z c * z l)
        by (rewrite z_add, E2; [reflexivity | rewrite E2; unfold within in *; lia]).
      rewrite (IH w _ _ (H + 1073741824 * b) (L + 1073741824)); rewrite ?E3, ?E4; auto;
        unfold within in *; lia.
Qed.

(** Room for the sums over [d] units of weights whose high parts are up to [b]. *)
Definition room (d b : Z) : Prop :=
  0 <= b /\ 0 <= d <= 1024 /\ d * (1073741824 * b) + d * 1073741824 <= 4611686018427387903.

Lemma z_weigh : forall d b cut s row w,
  room d b -> Z.of_nat (length row) <= d -> small 1073741824 row -> okp b w ->
  0 <= z cut <= 1 -> 20 <= z s ->
  z (OverInt.weigh cut s row w) = OverZ.weigh (z cut) (z s) (map z row) (zparts w).
Proof.
  intros d b cut s row w (Hb & Hd & R) Hlen Hrow Hw Hcut Hs.
  unfold OverInt.weigh, OverZ.weigh.
  assert (N := Nat2Z.is_nonneg (length row)).
  assert (E : z (OverInt.weigh_from row w OverInt.zero OverInt.zero) =
              OverZ.weigh_from (map z row) (zparts w) 0 0).
  { assert (X := Z.mul_le_mono_nonneg_r (Z.of_nat (length row)) d (1073741824 * b + 1073741824)
                   ltac:(lia) Hlen).
    apply (z_weigh_from b row w OverInt.zero OverInt.zero 0 0); auto; try lia;
      constants; unfold within; lia. }
  constants.
  assert (W := z_range (OverInt.weigh_from row w OverInt.zero OverInt.zero)). rewrite E in W.
  assert (E2 : z (PrimInt63.asr (OverInt.weigh_from row w OverInt.zero OverInt.zero) s) =
    Z.shiftr (OverZ.weigh_from (map z row) (zparts w) 0 0) (z s)) by (rewrite z_shr, E;
        [reflexivity | lia]).
  assert (S : within 4398046511104 (Z.shiftr (OverZ.weigh_from (map z row) (zparts w) 0 0) (z
      s))).
  { apply shiftr_within; try lia.
    assert (2 ^ 20 <= 2 ^ z s) by (apply Z.pow_le_mono_r; lia).
    change (2 ^ 20) with 1048576 in *. unfold within. lia. }
  rewrite z_sub, E2; [reflexivity|]. rewrite E2. unfold within in *. lia.
Qed.

(** *** Coefficients through relu *)

Definition zopt (r : option (list int * int)) : option (list Z * Z) :=
  match r with None => None | Some (l, k) => Some (map z l, z k) end.

Lemma kept_between : forall c s, c < 0 -> 0 <= s <= 1024 -> c <= Z.shiftr (c * s) 10 <= 0.
Proof.
  intros c s Hc Hs. rewrite Z.shiftr_div_pow2 by lia. change (2 ^ 10) with 1024. split.
  - apply Z.div_le_lower_bound; nia.
  - apply Z.div_le_upper_bound; nia.
Qed.

Lemma z_relax : forall fraction row units constant B,
  12 <= z fraction -> small 1073741824 row -> Forall okk units ->
  within B (z constant) ->
  B + Z.of_nat (length row) * 562949953421312 <= 4611686018427387903 ->
  zopt (OverInt.relax fraction row units constant) =
    OverZ.relax (z fraction) (map z row) (map zk units) (z constant) /\
  forall row' constant', OverInt.relax fraction row units constant = Some (row', constant') ->
    small 1073741824 row' /\ (length row' <= length row)%nat /\
    within (B + Z.of_nat (length row) * 562949953421312) (z constant').
Proof.
  intros fraction row. induction row as [|c row IH]; intros units constant B Hf Hrow Hunits HK HB.
  - simpl. split; [reflexivity|]. intros row' constant' [= <- <-].
    split; [constructor|]. split; [simpl; lia | unfold within in *; simpl; lia].
  - inversion Hrow as [|? ? Hc Hrow']; subst. cbn [length] in *. rewrite Nat2Z.inj_succ in *.
    destruct units as [|[below above slope] units].
    { simpl. split; [reflexivity|]. intros row' constant' [= <- <-].
      split; [constructor|]. split; [simpl; lia | unfold within in *; lia]. }
    inversion Hunits as [|? ? Hk Hunits']; subst. destruct Hk as (Hb & Ha & Hs).
    cbn [OverInt.relax OverZ.relax map zk]. rewrite z_ltb. constants.
    destruct (Z.ltb_spec (z c) 0) as [Neg | Pos].
    + assert (E1 : z (PrimInt63.mul c slope) = z c * z slope)
        by (apply z_mul; unfold within in *; nia).
      assert (E2 : z (PrimInt63.asr (PrimInt63.mul c slope) OverInt.ten) =
                   Z.shiftr (z c * z slope) 10)
        by (rewrite z_shr, E1; constants; [reflexivity | lia]).
      assert (Kept := kept_between (z c) (z slope) Neg Hs).
      set (kept := PrimInt63.asr (PrimInt63.mul c slope) OverInt.ten) in *.
      set (zkept := Z.shiftr (z c * z slope) 10) in *.
      rewrite !z_eqb, E2. constants.
      destruct (negb (zkept =? z c) && (z above =? 2147483647)).
      { split; [reflexivity | discriminate]. }
      assert (E3 : z (PrimInt63.sub OverInt.zero kept) = 0 - zkept)
        by (rewrite z_sub, E2; constants; [reflexivity | rewrite E2; unfold within in *; lia]).
      assert (E4 : z (PrimInt63.sub c kept) = z c - zkept)
        by (rewrite z_sub, E2; [reflexivity | rewrite E2; unfold within in *; lia]).
      assert (E5 : z (OverInt.min below OverInt.zero) = OverZ.min (z below) 0)
        by (rewrite z_min; constants; reflexivity).
      assert (E6 : z (OverInt.max above OverInt.zero) = OverZ.max (z above) 0)
        by (rewrite z_max; constants; reflexivity).
      assert (W5 : within 2147483647 (OverZ.min (z below) 0))
        by (rewrite min_is; unfold within in *; lia).
      assert (W6 : within 2147483647 (OverZ.max (z above) 0))
        by (rewrite max_is; unfold within in *; lia).
      assert (P1 : within (1073741824 * 2147483647) ((0 - zkept) * OverZ.min (z below) 0))
        by (apply product_within; unfold within in *; lia).
      assert (P2 : within (1073741824 * 2147483647) ((z c - zkept) * OverZ.max (z above) 0))
        by (apply product_within; unfold within in *; lia).
      assert (E7 : z (PrimInt63.mul (PrimInt63.sub OverInt.zero kept) (OverInt.min below
          OverInt.zero))
                   = (0 - zkept) * OverZ.min (z below) 0)
        by (rewrite z_mul, E3, E5; [reflexivity | rewrite E3, E5; unfold within in *; lia]).
      assert (E8 : z (PrimInt63.mul (PrimInt63.sub c kept) (OverInt.max above OverInt.zero))
                   = (z c - zkept) * OverZ.max (z above) 0)
        by (rewrite z_mul, E4, E6; [reflexivity | rewrite E4, E6; unfold within in *; lia]).
      set (loss := OverInt.min (PrimInt63.mul (PrimInt63.sub OverInt.zero kept) (OverInt.min
          below OverInt.zero))
                     (PrimInt63.mul (PrimInt63.sub c kept) (OverInt.max above OverInt.zero))) in
                         *.
      assert (E9 : z loss = OverZ.min ((0 - zkept) * OverZ.min (z below) 0)
                              ((z c - zkept) * OverZ.max (z above) 0))
        by (unfold loss; rewrite z_min, E7, E8; reflexivity).
      set (zloss := OverZ.min ((0 - zkept) * OverZ.min (z below) 0)
                      ((z c - zkept) * OverZ.max (z above) 0)) in *.
      assert (W9 : within (1073741824 * 2147483647) zloss)
        by (unfold zloss; rewrite min_is; unfold within in *; lia).
      assert (E10 : z (PrimInt63.asr loss fraction) = Z.shiftr zloss (z fraction))
        by (rewrite z_shr, E9; [reflexivity | lia]).
      assert (W10 : within 562949953421312 (Z.shiftr zloss (z fraction))).
      { apply shiftr_within; try lia.
        assert (2 ^ 12 <= 2 ^ z fraction) by (apply Z.pow_le_mono_r; lia).
        change (2 ^ 12) with 4096 in *. unfold within in *. lia. }
      assert (E11 : z (PrimInt63.add constant (PrimInt63.asr loss fraction)) =
                    z constant + Z.shiftr zloss (z fraction)).
      { rewrite z_add, E10; [reflexivity|]. rewrite E10. unfold within in *. lia. }
      destruct (IH units (PrimInt63.add constant (PrimInt63.asr loss fraction))
                  (B + 562949953421312)) as [R1 R2]; auto;
        [rewrite E11; unfold within in *; lia | lia |].
      rewrite E11 in R1. rewrite <- R1.
      destruct (OverInt.relax fraction row units _) as [[rest total]|] eqn:E; simpl.
      * split; [rewrite E2; reflexivity|]. intros row' constant' [= <- <-].
        destruct (R2 rest total eq_refl) as (S1 & S2 & S3).
        split; [constructor; [rewrite E2; unfold within in *; lia | exact S1]|].
        split; [simpl; lia | unfold within in *; lia].
      * split; [reflexivity | discriminate].
    + destruct (IH units constant B) as [R1 R2]; auto; [lia|]. rewrite <- R1.
      destruct (OverInt.relax fraction row units constant) as [[rest total]|] eqn:E; simpl.
      * rewrite z_ltb. constants. split.
        { destruct (z slope <? 512); reflexivity. }
        intros row' constant' [= <- <-]. destruct (R2 rest total eq_refl) as (S1 & S2 & S3).
        split; [|split; [simpl; lia | unfold within in *; lia]].
        constructor; [|exact S1].
        destruct (z slope <? 512); [constants; unfold within; lia | exact Hc].
      * split; [reflexivity | discriminate].
Qed.

Lemma z_before : forall d b cut hh row,
  room d b -> Z.of_nat (length row) <= d -> small 1073741824 row -> Forall (okp b) hh ->
  0 <= z cut <= 1 ->
  option_map (map z) (OverInt.before cut hh row) =
    OverZ.before (z cut) (map zparts hh) (map z row) /\
  forall row', OverInt.before cut hh row = Some row' ->
    small 1073741824 row' /\ length row' = length hh.
Proof.
  intros d b cut hh row R Hlen Hrow Hhh Hcut. induction hh as [|w hh IH].
  - simpl. split; [reflexivity|]. intros row' [= <-]. split; [constructor | reflexivity].
  - inversion Hhh as [|? ? Hw Hhh']; subst. destruct (IH Hhh') as [R1 R2].
    cbn [OverInt.before OverZ.before map].
    assert (E := z_weigh d b cut OverInt.twenty row w R Hlen Hrow Hw Hcut
                   ltac:(rewrite z_twenty; lia)).
    set (c := OverInt.weigh cut OverInt.twenty row w) in *.
    rewrite z_twenty in E. change OverZ.twenty with 20.
    set (zc := OverZ.weigh (z cut) 20 (map z row) (zparts w)) in *.
    rewrite z_ltb, E. constants. destruct (Z.ltb_spec zc (-1073741824)) as [L | L].
    { split; [reflexivity | discriminate]. }
    rewrite <- R1. destruct (OverInt.before cut hh row) as [rest|]; simpl.
    + split; [rewrite z_min, E; constants; reflexivity|]. intros row' [= <-].
      destruct (R2 rest eq_refl) as [S1 S2]. split; [|simpl; lia].
      constructor; [|exact S1]. rewrite z_min, E, min_is; constants. unfold within. lia.
    + split; [reflexivity | discriminate].
Qed.

Definition zrule (r : rule int) : rule Z :=
  MakeRule (z (cut r)) (map zparts (hh r)) (zparts (ih r))
    (map (fun p => let '(Pre a b c d) := p in Pre (map z a) (z b) (map z c) (z d)) (pres r))
    (map (map z) (rows r)).

(** The weights fit: [d] units, [n] steps. *)
Record ok_rule (d n b : Z) (r : rule int) : Prop := {
  ok_room : room d b;
  ok_n : 0 <= n <= 4096 /\ n * d <= 4096;
  ok_cut : 0 <= z (cut r) <= 1;
  ok_hh : Forall (okp b) (hh r);
  ok_columns : Z.of_nat (length (hh r)) <= d;
  ok_ih : okp b (ih r);
  ok_rows : Forall (fun row => Z.of_nat (length row) <= d) (rows r);
  ok_pres : Forall (fun p => let '(Pre a b c e) := p in
    Z.of_nat (length a) <= d /\ within 1073741824 (z b) /\
    Z.of_nat (length c) <= d /\ within 1073741824 (z e)) (pres r)
}.

Lemma z_back : forall d n b r, ok_rule d n b r -> forall fraction, 12 <= z fraction ->
  forall past row drives constant B,
  small 1073741824 row -> Z.of_nat (length row) <= d -> Forall (Forall okk) past ->
  small 1073741824 drives -> 0 <= B -> within B (z constant) ->
  B + Z.of_nat (length past) * (d * 562949953421312) <= 4611686018427387903 ->
  zopt (OverInt.back r fraction past row drives constant) =
    OverZ.back (zrule r) (z fraction) (map (map zk) past) (map z row) (map z drives) (z constant)
        /\
  forall drives' constant',
    OverInt.back r fraction past row drives constant = Some (drives', constant') ->
    small 1073741824 drives' /\ length drives' = (length past + length drives)%nat /\
    within (B + Z.of_nat (length past) * (d * 562949953421312)) (z constant').
Proof.
  intros d n b r OK fraction Hf. destruct OK as [R N Hcut Hhh Hcol Hih _ _].
  assert (D : 0 <= d) by (destruct R as (_ & R & _); lia).
  induction past as [|units past IH]; intros row drives constant B Hrow Hlen Hpast Hdr HB0 HK HB.
  - simpl. split; [reflexivity|]. intros drives' constant' [= <- <-].
    split; [exact Hdr|]. split; [reflexivity|]. unfold within in *. lia.
  - inversion Hpast as [|? ? Hunits Hpast']; subst. cbn [length] in HB.
    rewrite Nat2Z.inj_succ in HB. assert (NN := Nat2Z.is_nonneg (length past)).
    assert (M : Z.of_nat (length row) * 562949953421312 <= d * 562949953421312) by lia.
    assert (P0 : 0 <= Z.of_nat (length past) * (d * 562949953421312)) by nia.
    cbn [OverInt.back OverZ.back map].
    destruct (z_relax fraction row units constant B Hf Hrow Hunits HK ltac:(lia)) as [R1 R2].
    rewrite <- R1. destruct (OverInt.relax fraction row units constant) as [[row1 k1]|]; simpl
        zopt;
      cbn iota beta; [|split; [reflexivity | discriminate]].
    destruct (R2 row1 k1 eq_refl) as (S1 & S2 & S3).
    assert (Hlen1 : Z.of_nat (length row1) <= d) by lia.
    assert (E := z_weigh d b (cut r) OverInt.full row1 (ih r) R Hlen1 S1 Hih Hcut
                   ltac:(rewrite z_full; lia)).
    rewrite z_full in E. change OverZ.full with 24. cbn [cut ih zrule].
    set (g := OverInt.weigh (cut r) OverInt.full row1 (ih r)) in *.
    rewrite z_too_large, E.
    set (zg := OverZ.weigh (z (cut r)) 24 (map z row1) (zparts (ih r))) in *.
    destruct (OverZ.too_large zg) eqn:L; [split; [reflexivity | discriminate]|].
    apply too_large_within in L.
    assert (Hg : small 1073741824 (g :: drives)) by (constructor; [rewrite E; exact L | exact
        Hdr]).
    destruct past as [|units2 past].
    + cbn [map zopt]. rewrite E. split; [reflexivity|]. intros drives' constant' [= <- <-].
      split; [exact Hg|]. split; [reflexivity|].
      change (Z.of_nat (length [units])) with 1. unfold within in *. lia.
    + cbn [map]. destruct (z_before d b (cut r) (hh r) row1 R Hlen1 S1 Hhh Hcut) as [T1 T2].
      cbn [hh zrule]. rewrite <- T1.
      destruct (OverInt.before (cut r) (hh r) row1) as [row2|]; simpl option_map; cbn iota beta;
        [|split; [reflexivity | discriminate]].
      destruct (T2 row2 eq_refl) as [U1 U2].
      destruct (IH row2 (g :: drives) k1 (B + d * 562949953421312)) as [V1 V2]; auto; try lia;
        [unfold within in *; lia|].
      cbn [map] in V1. rewrite E in V1. split; [exact V1|].
      intros drives' constant' H. destruct (V2 drives' constant' H) as (W1 & W2 & W3).
      split; [exact W1|]. split; [cbn [length] in *; lia|].
      unfold within in *. cbn [length] in *. lia.
Qed.

Lemma z_dot : forall a u v sum B, 0 <= a -> small a u -> small 1073741824 v -> within B (z sum) ->
  B + Z.of_nat (length v) * (a * 1073741824) <= 4611686018427387903 ->
  z (OverInt.dot u v sum) = OverZ.dot (map z u) (map z v) (z sum).
Proof.
  intros a u. induction u as [|x u IH]; intros v sum B Ha Hu Hv Hs HB; [reflexivity|].
  destruct v as [|y v]; [reflexivity|]. inversion Hu; subst. inversion Hv; subst.
  cbn [length] in HB. rewrite Nat2Z.inj_succ in HB. assert (N := Nat2Z.is_nonneg (length v)).
  cbn [OverInt.dot OverZ.dot map].
  assert (P : within (a * 1073741824) (z x * z y)) by (apply product_within; auto; lia).
  assert (Q : 0 <= Z.of_nat (length v) * (a * 1073741824)) by nia.
  assert (E1 : z (PrimInt63.mul x y) = z x * z y) by (apply z_mul; unfold within in *; lia).
  assert (E2 : z (PrimInt63.add sum (PrimInt63.mul x y)) = z sum + z x * z y)
    by (rewrite z_add, E1; [reflexivity | rewrite E1; unfold within in *; lia]).
  rewrite (IH v _ (B + a * 1073741824)); rewrite ?E2; auto; unfold within in *; lia.
Qed.

Definition zbox (box : list (int * int)) : list (Z * Z) := map (fun e => (z (fst e), z (snd e)))
    box.

(** The sum of the sizes of the coordinates. *)
Fixpoint extent (box : list (int * int)) : Z :=
  match box with
  | [] => 0
  | (lo, hi) :: box' => Z.max (Z.abs (z lo)) (Z.abs (z hi)) + extent box'
  end.

Lemma extent_nonneg : forall box, 0 <= extent box.
Proof. induction box as [|[lo hi] box IH]; simpl; lia. Qed.

Definition columns_ok (columns : list (list int)) : Prop := Forall (small 8192) columns.

Lemma z_coefficients : forall columns drives,
  columns_ok columns -> small 1073741824 drives -> Z.of_nat (length drives) <= 8192 ->
  option_map (map z) (OverInt.coefficients columns drives) =
    OverZ.coefficients (map (map z) columns) (map z drives) /\
  forall qs, OverInt.coefficients columns drives = Some qs -> small 1073741824 qs.
Proof.
  intros columns drives Hc Hd Hn. induction columns as [|column columns IH].
  - split; [reflexivity|]. intros qs [= <-]. constructor.
  - inversion Hc as [|? ? Hcol Hc']; subst. destruct (IH Hc') as [R1 R2].
    cbn [OverInt.coefficients OverZ.coefficients map].
    assert (E : z (OverInt.dot column drives OverInt.zero) =
                OverZ.dot (map z column) (map z drives) 0).
    { apply (z_dot 8192 column drives OverInt.zero 0); auto; constants; unfold within; lia. }
    set (q := OverInt.dot column drives OverInt.zero) in *.
    set (zq := OverZ.dot (map z column) (map z drives) 0) in *.
    constants. fold zq. rewrite z_too_large, E, <- R1.
    destruct (OverZ.too_large zq) eqn:L; [split; [reflexivity | discriminate]|].
    apply too_large_within in L.
    destruct (OverInt.coefficients columns drives) as [rest|]; cbn [option_map map];
      [|split; [reflexivity | discriminate]].
    rewrite E. split; [reflexivity|]. intros qs [= <-].
    constructor; [rewrite E; exact L | exact (R2 rest eq_refl)].
Qed.

Lemma z_corner : forall c, 0 <= c -> forall qs box sum B, small c qs -> within B (z sum) ->
  B + c * extent box <= 4611686018427387903 ->
  z (OverInt.corner qs box sum) = OverZ.corner (map z qs) (zbox box) (z sum) /\
  within (B + c * extent box) (z (OverInt.corner qs box sum)).
Proof.
  intros c Hc0 qs. induction qs as [|q qs IH]; intros box sum B Hq Hs HB;
    assert (X := extent_nonneg box).
  - cbn [OverInt.corner OverZ.corner map]. split; [reflexivity|]. unfold within in *. nia.
  - inversion Hq as [|? ? Hq1 Hq']; subst. destruct box as [|[lo hi] box].
    { cbn [OverInt.corner OverZ.corner map zbox]. split; [reflexivity|].
      unfold within in *. simpl. lia. }
    cbn [OverInt.corner OverZ.corner map zbox fst snd extent] in *.
    assert (X' := extent_nonneg box). rewrite z_ltb. constants.
    set (e := if 0 <? z q then lo else hi).
    assert (Ee : z e = if 0 <? z q then z lo else z hi) by (unfold e; destruct (0 <? z q);
        reflexivity).
    assert (We : within (Z.max (Z.abs (z lo)) (Z.abs (z hi))) (z e))
      by (rewrite Ee; unfold within; destruct (0 <? z q); lia).
    set (size := Z.max (Z.abs (z lo)) (Z.abs (z hi))) in *.
    assert (P : within (c * size) (z q * z e)).
    { apply product_within; auto; unfold size; lia. }
    assert (C1 : 0 <= c * extent box) by (apply Z.mul_nonneg_nonneg; assumption).
    rewrite Z.mul_add_distr_l in *.
    assert (E1 : z (PrimInt63.mul q e) = z q * z e)
      by (apply z_mul; unfold within in *; lia).
    assert (E2 : z (PrimInt63.add sum (PrimInt63.mul q e)) = z sum + z q * z e)
      by (rewrite z_add, E1; [reflexivity | rewrite E1; unfold within in *; lia]).
    destruct (IH box (PrimInt63.add sum (PrimInt63.mul q e)) (B + c * size))
      as [R1 R2]; auto; [rewrite E2; unfold within in *; lia | lia |].
    rewrite E2, Ee in R1. split; [exact R1|]. unfold within in *. lia.
Qed.

Definition zchain (chain : option (list int * int)) : option (list Z * Z) :=
  option_map (fun c => (map z (fst c), z (snd c))) chain.

Definition okchain (chain : option (list int * int)) : Prop :=
  match chain with
  | None => True
  | Some (a, most) => small 1 a /\ within 1073741823 (z most)
  end.

Lemma z_zip : forall factor, within 268435456 (z factor) ->
  forall qs a, small 1073741824 qs -> small 1 a ->
  map z (OverInt.zip (fun q w => PrimInt63.add q (PrimInt63.mul factor w)) qs a) =
    OverZ.zip (fun q w => q + z factor * w) (map z qs) (map z a) /\
  small 1342177280 (OverInt.zip (fun q w => PrimInt63.add q (PrimInt63.mul factor w)) qs a).
Proof.
  intros factor F qs. induction qs as [|q qs IH]; intros a Hq Ha;
    [split; [reflexivity | constructor]|].
  destruct a as [|w a]; [split; [reflexivity | constructor]|].
  inversion Hq as [|? ? Hq1 Hq']; subst. inversion Ha as [|? ? Ha1 Ha']; subst.
  destruct (IH a Hq' Ha') as [R1 R2].
  assert (P : within (268435456 * 1) (z factor * z w)) by (apply product_within; auto; lia).
  assert (E1 : z (PrimInt63.mul factor w) = z factor * z w)
    by (apply z_mul; unfold within in *; lia).
  assert (E2 : z (PrimInt63.add q (PrimInt63.mul factor w)) = z q + z factor * z w)
    by (rewrite z_add, E1; [reflexivity | rewrite E1; unfold within in *; lia]).
  cbn [OverInt.zip OverZ.zip map]. rewrite R1, E2. split; [reflexivity|].
  constructor; [rewrite E2; unfold within in *; lia | exact R2].
Qed.

Lemma z_best : forall qs a most box sum, small 1073741824 qs -> small 1 a ->
  within 1073741823 (z most) -> extent box <= 2147483647 ->
  within (144115188075855872 * 3) (z sum) ->
  forall rest which found, small 1073741824 rest -> within 4611686018427387903 (z found) ->
  z (OverInt.best qs a most box sum rest which found) =
    OverZ.best (map z qs) (map z a) (z most) (zbox box) (z sum) (map z rest) (map z which)
      (z found) /\
  within 4611686018427387903 (z (OverInt.best qs a most box sum rest which found)).
Proof.
  intros qs a most box sum Hq Ha Hm He Hs rest. assert (X := extent_nonneg box).
  induction rest as [|q rest IH]; intros which found Hr Hf; [split; [reflexivity | exact Hf]|].
  destruct which as [|w which]; [split; [reflexivity | exact Hf]|].
  inversion Hr as [|? ? Hr1 Hr']; subst.
  cbn [OverInt.best OverZ.best map]. rewrite !z_ltb. constants.
  destruct ((0 <? z w) && (z q <? 0)) eqn:C; [|exact (IH which found Hr' Hf)].
  apply andb_prop in C. destruct C as [_ C]. apply Z.ltb_lt in C. cbv zeta.
  set (factor := OverInt.min (PrimInt63.sub OverInt.zero q) OverInt.most_factor).
  assert (E1 : z factor = OverZ.min (0 - z q) 268435456).
  { unfold factor. rewrite z_min, z_sub; constants; [reflexivity | unfold within in *; lia]. }
  assert (F : 0 <= z factor <= 268435456)
    by (rewrite E1, min_is; unfold within in *; lia).
  destruct (z_zip factor ltac:(unfold within; lia) qs a Hq Ha) as [Z1 Z2].
  assert (P : within (268435456 * 1073741823) (z factor * z most))
    by (apply product_within; unfold within in *; lia).
  assert (E2 : z (PrimInt63.mul factor most) = z factor * z most)
    by (apply z_mul; unfold within in *; lia).
  assert (E3 : z (PrimInt63.sub sum (PrimInt63.mul factor most)) = z sum - z factor * z most)
    by (rewrite z_sub, E2; [reflexivity | rewrite E2; unfold within in *; lia]).
  destruct (z_corner 1342177280 ltac:(lia)
              (OverInt.zip (fun q w => PrimInt63.add q (PrimInt63.mul factor w)) qs a) box
              (PrimInt63.sub sum (PrimInt63.mul factor most))
              (144115188075855872 * 3 + 268435456 * 1073741823) Z2) as [R1 R2];
    [rewrite E3; unfold within in *; lia | lia |].
  rewrite Z1, E3 in R1.
  set (v := OverInt.corner _ box (PrimInt63.sub sum (PrimInt63.mul factor most))) in *.
  assert (W : within 4611686018427387903 (z (OverInt.max found v)))
    by (rewrite z_max, max_is; unfold within in *; lia).
  destruct (IH which (OverInt.max found v) Hr' W) as [S1 S2]. split; [|exact S2].
  rewrite S1, z_max, R1, E1. reflexivity.
Qed.

Lemma z_over_box : forall columns box chain drives sum,
  columns_ok columns -> small 1073741824 drives -> Z.of_nat (length drives) <= 8192 ->
  extent box <= 2147483647 -> okchain chain -> within (144115188075855872 * 3) (z sum) ->
  option_map z (OverInt.over_box columns box chain drives sum) =
    OverZ.over_box (map (map z) columns) (zbox box) (zchain chain) (map z drives) (z sum).
Proof.
  intros columns box chain drives sum Hc Hd Hn He Hch Hs.
  unfold OverInt.over_box, OverZ.over_box. assert (X := extent_nonneg box).
  destruct (z_coefficients columns drives Hc Hd Hn) as [R1 R2]. rewrite <- R1.
  destruct (OverInt.coefficients columns drives) as [qs|]; [|reflexivity].
  specialize (R2 qs eq_refl). cbn [option_map]. cbv zeta. f_equal.
  destruct (z_corner 1073741824 ltac:(lia) qs box sum (144115188075855872 * 3) R2 Hs ltac:(lia))
    as [C1 C2].
  destruct chain as [[a most]|]; [|exact C1]. destruct Hch as [Ha Hm].
  cbn [zchain option_map fst snd]. rewrite <- C1.
  apply z_best; auto. unfold within in *. lia.
Qed.

(** What a bound is computed in: a box, the units of earlier steps, how far inputs reach below 0.
    *)
Record ok_space (n : Z) (columns : list (list int)) (box : list (int * int))
    (chain : option (list int * int))
    (past : list (list (known int))) (negative : int) : Prop := {
  box_columns : columns_ok columns;
  ok_extent : extent box <= 2147483647;
  ok_chain : okchain chain;
  ok_past : Forall (Forall okk) past;
  ok_steps : Z.of_nat (length past) <= n;
  ok_negative : within 144115188075855872 (z negative)
}.

Lemma z_substitute : forall d n b r columns box chain past negative, ok_rule d n b r ->
  ok_space n columns box chain past negative ->
  forall fraction row drives, 12 <= z fraction <= 24 ->
  small 1073741824 row -> Z.of_nat (length row) <= d ->
  small 1073741824 drives -> Z.of_nat (length drives) <= 1 ->
  option_map z (OverInt.substitute r columns box chain fraction past row drives negative) =
    OverZ.substitute (zrule r) (map (map z) columns) (zbox box) (zchain chain) (z fraction) (map (map zk) past)
      (map z row) (map z drives) (z negative) /\
  forall v, OverInt.substitute r columns box chain fraction past row drives negative = Some v ->
    within 4611686018427387903 (z v).
Proof.
  intros d n b r columns box chain past negative OK [Hc He Hch Hp Hs Hn] fraction row drives Hf Hrow Hlen
      Hd Hd1.
  assert (OK' := OK). destruct OK' as [R [N1 N2] Hcut _ _ _ _ _].
  assert (D : 0 <= d) by (destruct R as (_ & R & _); lia).
  assert (NN := Nat2Z.is_nonneg (length past)).
  assert (M : Z.of_nat (length past) * (d * 562949953421312) <= 2305843009213693952) by nia.
  unfold OverInt.substitute, OverZ.substitute.
  destruct (z_back d n b r OK fraction ltac:(lia) past row drives OverInt.zero 0 Hrow Hlen Hp Hd
              ltac:(lia) ltac:(rewrite z_zero; unfold within; lia) ltac:(lia)) as [R1 R2].
  constants. rewrite <- R1.
  destruct (OverInt.back r fraction past row drives OverInt.zero) as [[drives1 k]|];
    simpl zopt; cbn iota beta; [|split; [reflexivity | discriminate]].
  destruct (R2 drives1 k eq_refl) as (S1 & S2 & S3). cbn [cut zrule].
  assert (E1 : z (PrimInt63.add (cut r) (cut r)) = z (cut r) + z (cut r))
    by (apply z_add; unfold within; lia).
  assert (E2 : z (PrimInt63.add OverInt.one (PrimInt63.add (cut r) (cut r))) =
               1 + (z (cut r) + z (cut r)))
    by (rewrite z_add, E1; constants; [reflexivity | rewrite E1; unfold within; lia]).
  assert (P : within (144115188075855872 * 3) (z negative * (1 + (z (cut r) + z (cut r)))))
    by (apply product_within; unfold within in *; lia).
  assert (E3 : z (PrimInt63.mul negative
                    (PrimInt63.add OverInt.one (PrimInt63.add (cut r) (cut r)))) =
               z negative * (1 + (z (cut r) + z (cut r))))
    by (rewrite z_mul, E2; [reflexivity | rewrite E2; unfold within in *; lia]).
  assert (E4 : z (PrimInt63.sub OverInt.zero (PrimInt63.mul negative
                    (PrimInt63.add OverInt.one (PrimInt63.add (cut r) (cut r))))) =
               0 - z negative * (1 + (z (cut r) + z (cut r))))
    by (rewrite z_sub, E3; constants; [reflexivity | rewrite E3; unfold within in *; lia]).
  assert (X := extent_nonneg box).
  assert (T1 := z_over_box columns box chain drives1 (PrimInt63.sub OverInt.zero
                  (PrimInt63.mul negative
                     (PrimInt63.add OverInt.one (PrimInt63.add (cut r) (cut r)))))
                  Hc S1 ltac:(rewrite S2, Nat2Z.inj_add; lia) He Hch
                  ltac:(rewrite E4; unfold within in *; lia)).
  rewrite E4 in T1. rewrite <- T1.
  match goal with |- context [OverInt.over_box ?a ?b ?c ?d ?e] =>
    destruct (OverInt.over_box a b c d e) as [total|] end;
    simpl option_map; cbn iota beta; [|split; [reflexivity | discriminate]].
  assert (E5 : z (PrimInt63.sub fraction OverInt.four) = z fraction - 4)
    by (rewrite z_sub; constants; [reflexivity | unfold within; lia]).
  assert (E6 : z (PrimInt63.asr total (PrimInt63.sub fraction OverInt.four)) =
               Z.shiftr (z total) (z fraction - 4))
    by (rewrite z_shr, E5; [reflexivity | lia]).
  assert (W : within 18014398509481984 (Z.shiftr (z total) (z fraction - 4))).
  { apply shiftr_within; try lia.
    assert (2 ^ 8 <= 2 ^ (z fraction - 4)) by (apply Z.pow_le_mono_r; lia).
    change (2 ^ 8) with 256 in *. assert (Z := z_range total). unfold within. lia. }
  assert (E7 : z (PrimInt63.add (PrimInt63.asr total (PrimInt63.sub fraction OverInt.four)) k) =
               Z.shiftr (z total) (z fraction - 4) + z k)
    by (rewrite z_add, E6; [reflexivity | rewrite E6; unfold within in *; lia]).
  rewrite E7. split; [reflexivity|]. intros v [= <-]. rewrite E7. unfold within in *. lia.
Qed.

Lemma z_begin_row : forall less row, 0 <= z less ->
  option_map (map z) (OverInt.begin_row less row) = OverZ.begin_row (z less) (map z row) /\
  forall row', OverInt.begin_row less row = Some row' ->
    small 1073741824 row' /\ length row' = length row.
Proof.
  intros less row Hl. induction row as [|v row [R1 R2]].
  - simpl. split; [reflexivity|]. intros row' [= <-]. split; [constructor | reflexivity].
  - cbn [OverInt.begin_row OverZ.begin_row map].
    assert (E : z (PrimInt63.asr v less) = Z.shiftr (z v) (z less)) by (apply z_shr; exact Hl).
    rewrite z_ltb, E. constants.
    destruct (Z.ltb_spec (Z.shiftr (z v) (z less)) (-1073741824)) as [L | L].
    { split; [reflexivity | discriminate]. }
    rewrite <- R1. destruct (OverInt.begin_row less row) as [rest|]; simpl;
      [|split; [reflexivity | discriminate]].
    rewrite z_min, E. constants. split; [reflexivity|]. intros row' [= <-].
    destruct (R2 rest eq_refl) as [S1 S2]. split; [|simpl; lia].
    constructor; [|exact S1]. rewrite z_min, E, min_is. constants. unfold within. lia.
Qed.

Lemma z_bound_with : forall d n b r columns box chain past negative, ok_rule d n b r ->
  ok_space n columns box chain past negative ->
  forall row drives, Z.of_nat (length row) <= d ->
  small 1073741824 drives -> Z.of_nat (length drives) <= 1 ->
  forall fractions, Forall (fun f => 12 <= z f <= 24) fractions ->
  option_map z (OverInt.bound_with fractions r columns box chain past row drives negative) =
    OverZ.bound_with (map z fractions) (zrule r) (map (map z) columns) (zbox box) (zchain chain)
      (map (map zk) past) (map z row) (map z drives) (z negative) /\
  forall v, OverInt.bound_with fractions r columns box chain past row drives negative = Some v ->
    within 4611686018427387903 (z v).
Proof.
  intros d n b r columns box chain past negative OK SP row drives Hlen Hd Hd1 fractions.
  induction fractions as [|f fractions IH]; intros HF.
  - simpl. split; [reflexivity | discriminate].
  - inversion HF as [|? ? Hf HF']; subst. cbn [OverInt.bound_with OverZ.bound_with map].
    assert (E : z (PrimInt63.sub OverInt.full f) = 24 - z f)
      by (rewrite z_sub; constants; [reflexivity | unfold within; lia]).
    change OverZ.full with 24.
    destruct (z_begin_row (PrimInt63.sub OverInt.full f) row ltac:(lia)) as [B1 B2].
    rewrite E in B1. rewrite <- B1.
    destruct (OverInt.begin_row (PrimInt63.sub OverInt.full f) row) as [row1|];
      simpl option_map; cbn iota beta; [|apply IH; assumption].
    destruct (B2 row1 eq_refl) as [C1 C2].
    set (ds := map (fun g => PrimInt63.asr g (PrimInt63.sub OverInt.full f)) drives).
    assert (D1 : map z ds = map (fun g => Z.shiftr g (24 - z f)) (map z drives)).
    { unfold ds. rewrite !map_map. apply map_ext. intros g. rewrite z_shr, E; [reflexivity |
        lia]. }
    assert (D2 : small 1073741824 ds).
    { unfold ds, small. rewrite Forall_map. apply (Forall_impl _ (P := fun x => within 1073741824
        (z x)));
        [|exact Hd]. intros g Hg. rewrite z_shr, E by lia. apply shiftr_less; [lia | exact Hg |
            lia]. }
    assert (D3 : Z.of_nat (length ds) <= 1) by (unfold ds; rewrite map_length; exact Hd1).
    destruct (z_substitute d n b r columns box chain past negative OK SP f row1 ds Hf C1
                ltac:(lia) D2 D3) as [S1 S2].
    rewrite D1 in S1. rewrite <- S1.
    destruct (OverInt.substitute r columns box chain f past row1 ds negative) as [v|];
      simpl option_map; cbn iota beta; [|apply IH; assumption].
    split; [reflexivity|]. intros v' [= <-]. apply S2. reflexivity.
Qed.

Lemma z_bound : forall d n b r columns box chain past negative, ok_rule d n b r ->
  ok_space n columns box chain past negative ->
  forall row drives, Z.of_nat (length row) <= d ->
  small 1073741824 drives -> Z.of_nat (length drives) <= 1 ->
  option_map z (OverInt.bound r columns box chain past row drives negative) =
    OverZ.bound (zrule r) (map (map z) columns) (zbox box) (zchain chain)
      (map (map zk) past) (map z row) (map z drives) (z negative) /\
  forall v, OverInt.bound r columns box chain past row drives negative = Some v ->
    within 4611686018427387903 (z v).
Proof.
  intros d n b r columns box chain past negative OK SP row drives Hlen Hd Hd1.
  apply (z_bound_with d n b r columns box chain past negative OK SP row drives Hlen Hd Hd1
           OverInt.fractions).
  repeat constructor; vm_compute; discriminate.
Qed.

Lemma minmax_within : forall b x y v, within b x -> within b y ->
  within b (OverZ.min (OverZ.max x v) y).
Proof. intros. rewrite min_is, max_is. unfold within in *. lia. Qed.

Lemma maxmin_within : forall b x y v, within b x -> within b y ->
  within b (OverZ.max (OverZ.min x v) y).
Proof. intros. rewrite min_is, max_is. unfold within in *. lia. Qed.

Definition zpre (p : pre int) : pre Z :=
  let '(Pre a b c d) := p in Pre (map z a) (z b) (map z c) (z d).

Definition okpre (d : Z) (p : pre int) : Prop :=
  let '(Pre a b c e) := p in
  Z.of_nat (length a) <= d /\ within 1073741824 (z b) /\
  Z.of_nat (length c) <= d /\ within 1073741824 (z e).

Section Space.

Variables (d n b : Z) (r : rule int) (columns : list (list int)) (box : list (int * int)).
Variable chain : option (list int * int).
Hypothesis OK : ok_rule d n b r.

Lemma z_improve : forall past negative k p,
  ok_space n columns box chain past negative -> okk k -> okpre d p ->
  zk (OverInt.improve r columns box chain past negative k p) =
    OverZ.improve (zrule r) (map (map z) columns) (zbox box) (zchain chain) (map (map zk) past) (z negative)
      (zk k) (zpre p) /\
  okk (OverInt.improve r columns box chain past negative k p).
Proof.
  intros past negative [below above slope] [plus pd minus md] SP (Hb & Ha & Hs) (L1 & D1 & L2 &
      D2).
  unfold OverInt.improve, OverZ.improve. cbn [zk zpre]. rewrite !z_leb. constants.
  destruct ((-128 <=? z below) || (z above <=? 128)).
  { cbn [zk]. split; [reflexivity|]. split; [exact Hb | split; [exact Ha | exact Hs]]. }
  assert (S1 : small 1073741824 [pd]) by (repeat constructor; exact D1 || apply D1).
  assert (S2 : small 1073741824 [md]) by (repeat constructor; exact D2 || apply D2).
  destruct (z_bound d n b r columns box chain past negative OK SP plus [pd] L1 S1 ltac:(simpl; lia))
    as [B1 B2].
  destruct (z_bound d n b r columns box chain past negative OK SP minus [md] L2 S2 ltac:(simpl; lia))
    as [C1 C2].
  cbn [map] in B1, C1. rewrite <- B1, <- C1. cbv zeta.
  set (low := match OverInt.bound r columns box chain past plus [pd] negative with
              | Some v => OverInt.min (OverInt.max below v) above | None => below end).
  set (zlow := match option_map z (OverInt.bound r columns box chain past plus [pd] negative) with
              | Some v => OverZ.min (OverZ.max (z below) v) (z above) | None => z below end).
  assert (E : z low = zlow).
  { unfold low, zlow. destruct (OverInt.bound r columns box chain past plus [pd] negative); simpl;
      [rewrite z_min, z_max|]; reflexivity. }
  assert (W : within 2147483647 (z low)).
  { rewrite E. unfold zlow.
    destruct (OverInt.bound r columns box chain past plus [pd] negative); simpl;
      [apply minmax_within|]; assumption. }
  rewrite E.
  set (up := if -128 <=? zlow then above
             else match OverInt.bound r columns box chain past minus [md] negative with
             | Some v => OverInt.max (OverInt.min above (PrimInt63.sub OverInt.zero v)) low
             | None => above end).
  assert (E' : z up = if -128 <=? zlow then z above
             else match option_map z (OverInt.bound r columns box chain past minus [md] negative) with
             | Some v => OverZ.max (OverZ.min (z above) (0 - v)) zlow
             | None => z above end).
  { unfold up. destruct (-128 <=? zlow); [reflexivity|].
    destruct (OverInt.bound r columns box chain past minus [md] negative) as [v|]; [|reflexivity].
    specialize (C2 v eq_refl). cbn [option_map].
    rewrite z_max, z_min, z_sub, E; constants; [reflexivity | unfold within in *; lia]. }
  assert (W' : within 2147483647 (z up)).
  { unfold up. destruct (-128 <=? zlow); [exact Ha|].
    destruct (OverInt.bound r columns box chain past minus [md] negative) as [v|]; [|exact Ha].
    rewrite z_max, z_min. apply maxmin_within; assumption. }
  rewrite <- E', <- E. apply z_known_as; assumption.
Qed.

Lemma z_improve_all : forall past negative, ok_space n columns box chain past negative ->
  forall ps units, Forall okk units -> Forall (okpre d) ps ->
  map zk (OverInt.improve_all r columns box chain past negative units ps) =
    OverZ.improve_all (zrule r) (map (map z) columns) (zbox box) (zchain chain) (map (map zk) past) (z negative)
      (map zk units) (map zpre ps) /\
  Forall okk (OverInt.improve_all r columns box chain past negative units ps).
Proof.
  intros past negative SP ps. induction ps as [|p ps IH]; intros [|k units] Hu Hp;
    try (split; [reflexivity | constructor]).
  inversion Hu; subst. inversion Hp; subst.
  destruct (IH units) as [R1 R2]; auto.
  destruct (z_improve past negative k p) as [S1 S2]; auto.
  cbn [OverInt.improve_all OverZ.improve_all map]. rewrite R1, S1. split; [reflexivity|].
  constructor; assumption.
Qed.

Lemma z_bound_units : columns_ok columns -> extent box <= 2147483647 -> okchain chain ->
  forall future begin amount past negatives,
  Forall (Forall okk) past -> Forall (Forall okk) future ->
  Z.of_nat (length past + length future) <= n -> small 144115188075855872 negatives ->
  map (map zk) (OverInt.bound_units r columns box chain begin amount past future negatives) =
    OverZ.bound_units (zrule r) (map (map z) columns) (zbox box) (zchain chain) begin amount
      (map (map zk) past) (map (map zk) future) (map z negatives) /\
  Forall (Forall okk) (OverInt.bound_units r columns box chain begin amount past future negatives) /\
  Z.of_nat (length (OverInt.bound_units r columns box chain begin amount past future negatives)) <= n.
Proof.
  intros Hc He Hch. induction future as [|units future IH]; intros begin amount past negatives Hp Hf
      Hn Hneg.
  - simpl. repeat split; [exact Hp | simpl in Hn; lia].
  - destruct negatives as [|negative negatives].
    { simpl. repeat split; [exact Hp | simpl in Hn; lia]. }
    inversion Hf as [|? ? Hu Hf']; subst. inversion Hneg as [|? ? Hn1 Hneg']; subst.
    cbn [length] in Hn.
    assert (K : Forall (Forall okk) (units :: past)) by (constructor; assumption).
    cbn [OverInt.bound_units OverZ.bound_units map].
    destruct begin as [|begin]; [destruct amount as [|amount]|].
    + apply (IH O O (units :: past) negatives); auto. cbn [length]. lia.
    + assert (SP : ok_space n columns box chain past negative) by (constructor; auto; lia).
      assert (PO := ok_pres _ _ _ _ OK).
      destruct (z_improve_all past negative SP (pres r) units Hu PO) as [R1 R2].
      change (pres (zrule r)) with (map zpre (pres r)). rewrite <- R1.
      apply (IH O amount (_ :: past) negatives); auto. cbn [length]. lia.
    + apply (IH begin amount (units :: past) negatives); auto. cbn [length]. lia.
Qed.

Lemma z_at_least : forall past negative wanted row,
  ok_space n columns box chain past negative -> Z.of_nat (length row) <= d ->
  OverInt.at_least r columns box chain past negative wanted row =
  OverZ.at_least (zrule r) (map (map z) columns) (zbox box) (zchain chain) (map (map zk) past) (z negative)
    (z wanted) (map z row).
Proof.
  intros past negative wanted row SP L. unfold OverInt.at_least, OverZ.at_least.
  destruct (z_bound d n b r columns box chain past negative OK SP row [] L ltac:(constructor)
              ltac:(simpl; lia)) as [B1 _].
  cbn [map] in B1. rewrite <- B1.
  destruct (OverInt.bound r columns box chain past row [] negative); [apply z_leb | reflexivity].
Qed.

Lemma z_last_of : forall l x, z (OverInt.last_of l x) = OverZ.last_of (map z l) (z x).
Proof. induction l as [|y l IH]; intros x; [reflexivity|]. simpl. apply IH. Qed.

Lemma z_proved : forall past negatives wanted,
  ok_space n columns box chain past (OverInt.last_of negatives OverInt.zero) ->
  OverInt.proved r columns box chain past negatives wanted =
  OverZ.proved (zrule r) (map (map z) columns) (zbox box) (zchain chain) (map (map zk) past) (map z negatives)
    (z wanted).
Proof.
  intros past negatives wanted SP. unfold OverInt.proved, OverZ.proved.
  change (rows (zrule r)) with (map (map z) (rows r)).
  assert (R := ok_rows _ _ _ _ OK). induction R as [|row rows Hr R IH]; [reflexivity|].
  cbn [map forallb]. rewrite IH, z_at_least, z_last_of by assumption. reflexivity.
Qed.

Lemma map_update : forall (A B : Set) (h : A -> B) (f : A -> A) (g : B -> B) l i,
  (forall x, h (f x) = g (h x)) ->
  map h (OverInt.update i f l) = OverZ.update i g (map h l).
Proof.
  intros A B h f g l. induction l as [|x l IH]; intros i H; [destruct i; reflexivity|].
  destruct i as [|i]; simpl; [rewrite H; reflexivity | rewrite IH by exact H; reflexivity].
Qed.

Lemma update_forall : forall (A : Set) (P : A -> Prop) f l i,
  (forall x, P x -> P (f x)) -> Forall P l -> Forall P (OverInt.update i f l).
Proof.
  intros A P f l. induction l as [|x l IH]; intros i H F; [destruct i; constructor|].
  inversion F; subst. destruct i; simpl; constructor; auto.
Qed.

Lemma update_length : forall (A : Set) (f : A -> A) l i,
  length (OverInt.update i f l) = length l.
Proof.
  intros A f l. induction l as [|x l IH]; intros i; [destruct i; reflexivity|].
  destruct i; simpl; [reflexivity | rewrite IH; reflexivity].
Qed.

Lemma z_switch_on : forall k, zk (OverInt.switch_on k) = OverZ.switch_on (zk k).
Proof. intros [x y s]. reflexivity. Qed.

Lemma z_switch_off : forall k, zk (OverInt.switch_off k) = OverZ.switch_off (zk k).
Proof. intros [x y s]. reflexivity. Qed.

Lemma ok_switch_on : forall k, okk k -> okk (OverInt.switch_on k).
Proof.
  intros [x y s] (H1 & H2 & H3). cbn [OverInt.switch_on okk]. constants.
  split; [unfold within; lia | split; [exact H2 | lia]].
Qed.

Lemma ok_switch_off : forall k, okk k -> okk (OverInt.switch_off k).
Proof.
  intros [x y s] (H1 & H2 & H3). cbn [OverInt.switch_off okk]. constants.
  split; [exact H1 | split; [unfold within; lia | lia]].
Qed.

Lemma ok_space_update : forall past negative f i j,
  (forall k, okk k -> okk (f k)) -> ok_space n columns box chain past negative ->
  ok_space n columns box chain (OverInt.update i (OverInt.update j f) past) negative.
Proof.
  intros past negative f i j Hf [H1 H2 H6 H3 H4 H5]. constructor; auto.
  - apply update_forall; [|exact H3]. intros l Hl. apply update_forall; assumption.
  - rewrite update_length. exact H4.
Qed.

Lemma z_by_cases : forall negative wanted row, Z.of_nat (length row) <= d ->
  forall c past, ok_space n columns box chain past negative ->
  OverInt.by_cases r columns box chain past negative wanted row c =
  OverZ.by_cases (zrule r) (map (map z) columns) (zbox box) (zchain chain) (map (map zk) past) (z negative)
    (z wanted) (map z row) c.
Proof.
  intros negative wanted row L c. induction c as [|step unit on IHon off IHoff]; intros past SP.
  - apply z_at_least; assumption.
  - cbn [OverInt.by_cases OverZ.by_cases].
    rewrite IHon by (apply ok_space_update; [exact ok_switch_on | exact SP]).
    rewrite IHoff by (apply ok_space_update; [exact ok_switch_off | exact SP]).
    rewrite !map_length.
    rewrite !(map_update _ _ (map zk) _ (OverZ.update unit OverZ.switch_on))
      by (intros; apply map_update; exact z_switch_on).
    rewrite !(map_update _ _ (map zk) _ (OverZ.update unit OverZ.switch_off))
      by (intros; apply map_update; exact z_switch_off).
    reflexivity.
Qed.

Lemma z_all_by_cases : forall past negative wanted, ok_space n columns box chain past negative ->
  forall each_row rs, Forall (fun row => Z.of_nat (length row) <= d) rs ->
  OverInt.all_by_cases r columns box chain past negative wanted rs each_row =
  OverZ.all_by_cases (zrule r) (map (map z) columns) (zbox box) (zchain chain) (map (map zk) past) (z negative)
    (z wanted) (map (map z) rs) each_row.
Proof.
  intros past negative wanted SP each_row. induction each_row as [|c each_row IH]; intros [|row
      rs] H;
    try reflexivity.
  inversion H; subst. cbn [OverInt.all_by_cases OverZ.all_by_cases map].
  rewrite z_by_cases, IH by assumption. reflexivity.
Qed.

End Space.

(** *** Boxes *)

Definition okbox (box : list (int * int)) : Prop :=
  Forall (fun e => within 2147483647 (z (fst e)) /\ within 2147483647 (z (snd e))) box.

Lemma extent_bound : forall box, okbox box -> extent box <= Z.of_nat (length box) * 2147483647.
Proof.
  intros box H. induction H as [|[lo hi] box [H1 H2] H IH]; [reflexivity|].
  cbn [extent length fst snd] in *. rewrite Nat2Z.inj_succ. unfold within in *. lia.
Qed.

Lemma z_range_of : forall row box low up B, small 8192 row -> within B (z low) -> within B (z up)
    ->
  B + 8192 * extent box <= 4611686018427387903 ->
  (z (fst (OverInt.range row box low up)), z (snd (OverInt.range row box low up))) =
    OverZ.range (map z row) (zbox box) (z low) (z up) /\
  within (B + 8192 * extent box) (z (fst (OverInt.range row box low up))) /\
  within (B + 8192 * extent box) (z (snd (OverInt.range row box low up))).
Proof.
  intros row. induction row as [|a row IH]; intros box low up B Hr Hl Hu HB;
    assert (X := extent_nonneg box).
  - cbn [OverInt.range OverZ.range map fst snd]. split; [reflexivity | unfold within in *; lia].
  - inversion Hr as [|? ? Ha Hr']; subst. destruct box as [|[lo hi] box].
    { cbn [OverInt.range OverZ.range map fst snd zbox]. split; [reflexivity | unfold within in *;
        lia]. }
    cbn [OverInt.range OverZ.range map fst snd zbox extent] in *.
    assert (X' := extent_nonneg box). rewrite !z_ltb. constants.
    set (size := Z.max (Z.abs (z lo)) (Z.abs (z hi))) in *.
    assert (P1 : within (8192 * size) (z a * z lo))
      by (apply product_within; unfold within in *; unfold size; lia).
    assert (P2 : within (8192 * size) (z a * z hi))
      by (apply product_within; unfold within in *; unfold size; lia).
    assert (E1 : z (PrimInt63.mul a lo) = z a * z lo) by (apply z_mul; unfold within in *; lia).
    assert (E2 : z (PrimInt63.mul a hi) = z a * z hi) by (apply z_mul; unfold within in *; lia).
    assert (E3 : z (PrimInt63.add low (PrimInt63.mul a lo)) = z low + z a * z lo)
      by (rewrite z_add, E1; [reflexivity | rewrite E1; unfold within in *; lia]).
    assert (E4 : z (PrimInt63.add up (PrimInt63.mul a hi)) = z up + z a * z hi)
      by (rewrite z_add, E2; [reflexivity | rewrite E2; unfold within in *; lia]).
    assert (E5 : z (PrimInt63.add low (PrimInt63.mul a hi)) = z low + z a * z hi)
      by (rewrite z_add, E2; [reflexivity | rewrite E2; unfold within in *; lia]).
    assert (E6 : z (PrimInt63.add up (PrimInt63.mul a lo)) = z up + z a * z lo)
      by (rewrite z_add, E1; [reflexivity | rewrite E1; unfold within in *; lia]).
    destruct (0 <? z a); [|destruct (z a <? 0)].
    + destruct (IH box (PrimInt63.add low (PrimInt63.mul a lo))
                  (PrimInt63.add up (PrimInt63.mul a hi)) (B + 8192 * size)) as (R1 & R2 & R3);
        [exact Hr' | rewrite E3; unfold within in *; clear - Hl P1; lia
        | rewrite E4; unfold within in *; clear - Hu P2; lia | clear - HB; lia |].
      rewrite E3, E4 in R1. rewrite R1. split; [reflexivity | unfold within in *; clear - R2 R3;
          lia].
    + destruct (IH box (PrimInt63.add low (PrimInt63.mul a hi))
                  (PrimInt63.add up (PrimInt63.mul a lo)) (B + 8192 * size)) as (R1 & R2 & R3);
        [exact Hr' | rewrite E5; unfold within in *; clear - Hl P2; lia
        | rewrite E6; unfold within in *; clear - Hu P1; lia | clear - HB; lia |].
      rewrite E5, E6 in R1. rewrite R1. split; [reflexivity | unfold within in *; clear - R2 R3;
          lia].
    + assert (S0 : 0 <= size) by (unfold size; clear; lia).
      destruct (IH box low up B Hr' Hl Hu) as (R1 & R2 & R3); [clear - HB S0; lia|].
      rewrite R1. split; [reflexivity | unfold within in *; clear - R2 R3 S0; lia].
Qed.

Lemma z_negatives_of : forall box, extent box <= 2147483647 ->
  forall m sum B, Forall (small 8192) m -> within B (z sum) ->
  B + Z.of_nat (length m) * 17592186044416 <= 144115188075855872 ->
  map z (OverInt.negatives_of m box sum) =
    OverZ.negatives_of (map (map z) m) (zbox box) (z sum) /\
  small 144115188075855872 (OverInt.negatives_of m box sum).
Proof.
  intros box He. assert (X := extent_nonneg box).
  intros m. induction m as [|row m IH]; intros sum B Hr Hs HB.
  - split; [reflexivity | constructor].
  - inversion Hr as [|? ? Hrow Hr']; subst. cbn [length] in HB. rewrite Nat2Z.inj_succ in HB.
    assert (N := Nat2Z.is_nonneg (length m)).
    cbn [OverInt.negatives_of OverZ.negatives_of map].
    destruct (z_range_of row box OverInt.zero OverInt.zero 0 Hrow) as (R1 & R2 & _);
      try (constants; unfold within; lia); try lia.
    constants. rewrite <- R1. cbn [fst].
    set (low := fst (OverInt.range row box OverInt.zero OverInt.zero)) in *.
    assert (E1 : z (PrimInt63.sub OverInt.zero low) = 0 - z low)
      by (rewrite z_sub; constants; [reflexivity | unfold within in *; lia]).
    assert (E2 : z (OverInt.max (PrimInt63.sub OverInt.zero low) OverInt.zero) = OverZ.max (0 - z
        low) 0)
      by (rewrite z_max, E1; constants; reflexivity).
    assert (W : within 17592186044416 (OverZ.max (0 - z low) 0))
      by (rewrite max_is; unfold within in *; lia).
    assert (E3 : z (PrimInt63.add sum (OverInt.max (PrimInt63.sub OverInt.zero low)
        OverInt.zero)) =
                 z sum + OverZ.max (0 - z low) 0)
      by (rewrite z_add, E2; [reflexivity | rewrite E2; unfold within in *; lia]).
    destruct (IH (PrimInt63.add sum (OverInt.max (PrimInt63.sub OverInt.zero low) OverInt.zero))
                (B + 17592186044416) Hr') as [S1 S2];
      [rewrite E3; unfold within in *; lia | lia |].
    rewrite S1, E3. split; [reflexivity|]. constructor; [rewrite E3; unfold within in *; lia |
        exact S2].
Qed.

Lemma z_size : forall box sum B, okbox box -> 0 <= z sum <= B ->
  B + Z.of_nat (length box) * 2147483647 <= 4611686018427387903 ->
  z (OverInt.size box sum) = OverZ.size (zbox box) (z sum) /\
  z (OverInt.size box sum) = z sum + extent box.
Proof.
  induction box as [|[lo hi] box IH]; intros sum B Hb Hs HB.
  - split; [reflexivity | simpl; lia].
  - inversion Hb as [|? ? [H1 H2] Hb']; subst. cbn [fst snd length] in *.
    rewrite Nat2Z.inj_succ in HB. assert (N := Nat2Z.is_nonneg (length box)).
    cbn [OverInt.size OverZ.size zbox map fst snd extent].
    set (m := OverInt.max (OverInt.max lo (PrimInt63.sub OverInt.zero lo))
                (OverInt.max hi (PrimInt63.sub OverInt.zero hi))).
    assert (E : z m = OverZ.max (OverZ.max (z lo) (0 - z lo)) (OverZ.max (z hi) (0 - z hi))).
    { unfold m. rewrite !z_max, !z_sub; constants; try reflexivity; unfold within in *; lia. }
    assert (E' : z m = Z.max (Z.abs (z lo)) (Z.abs (z hi))) by (rewrite E, !max_is; lia).
    assert (E2 : z (PrimInt63.add sum m) = z sum + z m)
      by (apply z_add; rewrite E'; unfold within in *; lia).
    destruct (IH (PrimInt63.add sum m) (B + 2147483647) Hb') as [R1 R2];
      [rewrite E2, E'; unfold within in *; lia | lia |].
    fold (zbox box). constants. rewrite <- E, <- E2. split; [exact R1|].
    rewrite R2, E2, E'. lia.
Qed.

Lemma z_shrink : forall row box over under, okbox box ->
  0 <= z over <= 2305843009213693952 -> 0 <= z under <= 2305843009213693952 ->
  zbox (OverInt.shrink row box over under) =
    OverZ.shrink (map z row) (zbox box) (z over) (z under) /\
  okbox (OverInt.shrink row box over under) /\
  (length (OverInt.shrink row box over under) <= length box)%nat.
Proof.
  intros row. induction row as [|a row IH]; intros box over under Hb Ho Hu.
  - cbn [OverInt.shrink length]. split; [reflexivity | split; [constructor | lia]].
  - destruct box as [|[lo hi] box].
    { cbn [OverInt.shrink length]. split; [reflexivity | split; [constructor | lia]]. }
    inversion Hb as [|? ? [H1 H2] Hb']; subst. cbn [fst snd] in *.
    destruct (IH box over under Hb' Ho Hu) as (R1 & R2 & R3).
    cbn [OverInt.shrink OverZ.shrink map zbox fst snd length]. fold (zbox box).
    fold (zbox (OverInt.shrink row box over under)).
    rewrite !z_ltb, R1. constants.
    assert (E1 : z (PrimInt63.sub hi under) = z hi - z under) by (apply z_sub; unfold within in
        *; lia).
    assert (E2 : z (PrimInt63.add lo over) = z lo + z over) by (apply z_add; unfold within in *;
        lia).
    assert (E3 : z (PrimInt63.sub hi over) = z hi - z over) by (apply z_sub; unfold within in *;
        lia).
    assert (E4 : z (PrimInt63.add lo under) = z lo + z under) by (apply z_add; unfold within in
        *; lia).
    assert (W1 : forall v, 0 <= z v -> z (PrimInt63.sub hi v) = z hi - z v ->
              within 2147483647 (z (OverInt.max lo (PrimInt63.sub hi v))))
      by (intros v Hv E; rewrite z_max, max_is, E; unfold within in *; lia).
    assert (W2 : forall v, 0 <= z v -> z (PrimInt63.add lo v) = z lo + z v ->
              within 2147483647 (z (OverInt.min hi (PrimInt63.add lo v))))
      by (intros v Hv E; rewrite z_min, min_is, E; unfold within in *; lia).
    destruct (0 <? z a); [|destruct (z a <? 0)]; cbn [fst snd].
    + rewrite !z_max, !z_min, E1, E2. split; [reflexivity|]. split; [|lia].
      constructor; [split; cbn [fst snd]; [apply W1 | apply W2]; auto; lia | exact R2].
    + rewrite !z_max, !z_min, E3, E4. split; [reflexivity|]. split; [|lia].
      constructor; [split; cbn [fst snd]; [apply W1 | apply W2]; auto; lia | exact R2].
    + split; [reflexivity|]. split; [|lia]. constructor; [split; assumption | exact R2].
Qed.

Lemma z_tighten : forall rows least most box,
  Forall (small 8192) rows -> small 2147483647 least -> small 2147483647 most -> okbox box ->
  Z.of_nat (length box) <= 4096 ->
  option_map zbox (OverInt.tighten rows least most box) =
    OverZ.tighten (map (map z) rows) (map z least) (map z most) (zbox box) /\
  forall box', OverInt.tighten rows least most box = Some box' ->
    okbox box' /\ (length box' <= length box)%nat.
Proof.
  intros rows. induction rows as [|row rows IH]; intros least most box Hr Hl Hm Hb Hn.
  - simpl. split; [reflexivity|]. intros box' [= <-]. split; [exact Hb | lia].
  - inversion Hr as [|? ? Hrow Hr']; subst.
    destruct least as [|l least], most as [|m most];
      try (simpl; split; [reflexivity|]; intros box' [= <-]; split; [exact Hb | lia]).
    inversion Hl as [|? ? Hl1 Hl']; subst. inversion Hm as [|? ? Hm1 Hm']; subst.
    assert (X := extent_bound box Hb). assert (Y := extent_nonneg box).
    cbn [OverInt.tighten OverZ.tighten map].
    destruct (z_range_of row box OverInt.zero OverInt.zero 0 Hrow) as (R1 & R2 & R3);
      try (constants; unfold within; lia); try lia.
    constants. rewrite <- R1.
    destruct (OverInt.range row box OverInt.zero OverInt.zero) as [low up]. cbn [fst snd] in *.
    rewrite !z_ltb.
    destruct ((z m <? z low) || (z up <? z l)) eqn:G; [split; [reflexivity | discriminate]|].
    apply orb_false_elim in G. destruct G as [G1 G2]. apply Z.ltb_ge in G1, G2.
    assert (E1 : z (PrimInt63.sub m low) = z m - z low) by (apply z_sub; unfold within in *; lia).
    assert (E2 : z (PrimInt63.sub up l) = z up - z l) by (apply z_sub; unfold within in *; lia).
    destruct (z_shrink row box (PrimInt63.sub m low) (PrimInt63.sub up l) Hb) as (S1 & S2 & S3);
      rewrite ?E1, ?E2; try (unfold within in *; lia).
    destruct (IH least most (OverInt.shrink row box (PrimInt63.sub m low) (PrimInt63.sub up l)))
      as [T1 T2]; auto; try lia.
    rewrite S1, E1, E2 in T1. split; [exact T1|].
    intros box' H. destruct (T2 box' H) as [U1 U2]. split; [exact U1 | lia].
Qed.

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

(** *** From the guards to the theorem *)

Lemma z_of_Z : forall x, up_to 4611686018427387903 x = true -> z (Uint63.of_Z x) = x.
Proof.
  intros x H. apply Z.leb_le in H. symmetry. apply Sint63.is_int.
  rewrite to_Z_min, to_Z_max. change (wB / 2) with 4611686018427387904. lia.
Qed.

Lemma up_to_more : forall a b x, a <= b -> up_to a x = true -> up_to b x = true.
Proof. intros a b x H E. apply Z.leb_le in E. apply Z.leb_le. lia. Qed.

Lemma up_to_within : forall b x, up_to b x = true -> within b x.
Proof. intros b x E. apply Z.leb_le in E. unfold within. lia. Qed.

Lemma z_of_list : forall l, forallb (up_to 4611686018427387903) l = true ->
  map z (map Uint63.of_Z l) = l.
Proof.
  induction l as [|x l IH]; intros H; [reflexivity|].
  apply andb_prop in H. destruct H as [H1 H2]. cbn [map]. rewrite z_of_Z, IH by assumption.
  reflexivity.
Qed.

Lemma small_of_list : forall b l, b <= 4611686018427387903 -> forallb (up_to b) l = true ->
  small b (map Uint63.of_Z l).
Proof.
  intros b l Hb H. unfold small. rewrite Forall_map. apply Forall_forall. intros x Hx.
  rewrite forallb_forall in H. specialize (H x Hx).
  rewrite z_of_Z by (apply (up_to_more b); assumption). apply up_to_within. exact H.
Qed.

Lemma list_more : forall a b l, a <= b -> forallb (up_to a) l = true -> forallb (up_to b) l =
    true.
Proof.
  intros a b l H E. rewrite forallb_forall in *. intros x Hx. apply (up_to_more a); auto.
Qed.

(** Parts of weights. *)
Lemma z_of_parts : forall w,
  forallb (up_to 4611686018427387903) (high_parts w) = true ->
  forallb (fun l => (0 <=? l) && (l <=? 1048576)) (low_parts w) = true ->
  zparts (map_parts Uint63.of_Z w) = w.
Proof.
  induction w as [|h l w IH]; intros H L; [reflexivity|]. cbn [high_parts low_parts forallb] in *.
  apply andb_prop in H, L. destruct H as [H1 H2], L as [L1 L2].
  cbn [map_parts zparts]. rewrite IH, z_of_Z by assumption. rewrite z_of_Z; [reflexivity|].
  apply andb_prop in L1. destruct L1 as [L3 L4]. apply Z.leb_le in L3, L4. apply Z.leb_le. lia.
Qed.

Lemma okp_of_parts : forall b w,
  (forall x, In x (high_parts w) -> Z.abs x <= b) ->
  forallb (up_to 4611686018427387903) (high_parts w) = true ->
  forallb (fun l => (0 <=? l) && (l <=? 1048576)) (low_parts w) = true ->
  okp b (map_parts Uint63.of_Z w).
Proof.
  intros b. induction w as [|h l w IH]; intros B H L; [exact I|].
  cbn [high_parts low_parts forallb] in *.
  apply andb_prop in H, L. destruct H as [H1 H2], L as [L1 L2].
  apply andb_prop in L1. destruct L1 as [L3 L4]. apply Z.leb_le in L3, L4.
  cbn [map_parts okp]. split; [|split].
  - rewrite z_of_Z by exact H1. specialize (B h (or_introl eq_refl)). unfold within. lia.
  - rewrite z_of_Z; [lia | apply Z.leb_le; lia].
  - apply IH; auto. intros x Hx. apply B. right. exact Hx.
Qed.

Lemma below_largest : forall l x, In x l -> Z.abs x <= fold_right Z.max 0 (map Z.abs l).
Proof.
  induction l as [|y l IH]; intros x H; [destruct H|]. cbn [map fold_right].
  destruct H as [E | H]; [subst; lia | specialize (IH x H); lia].
Qed.

Lemma largest_nonneg : forall l, 0 <= fold_right Z.max 0 (map Z.abs l).
Proof. induction l as [|y l IH]; cbn [map fold_right]; lia. Qed.

Lemma forallb_concat : forall (f : Z -> bool) ls, forallb f (concat ls) = true ->
  forall l, In l ls -> forallb f l = true.
Proof.
  intros f ls H l Hl. rewrite forallb_forall in *. intros x Hx. apply H.
  apply in_concat. exists l. auto.
Qed.

Ltac conjunctions H :=
  repeat match type of H with
  | (_ && _) = true => let H' := fresh "C" in apply andb_prop in H; destruct H as [H H']
  end.

Lemma rule_fits : forall d n r, rule_in_63_bits d n r = true ->
  zrule (map_rule Uint63.of_Z r) = r /\
  ok_rule (Z.of_nat d) (Z.of_nat n) (largest_high r) (map_rule Uint63.of_Z r).
Proof.
  intros d n [cu hw iw ps rs] H. unfold rule_in_63_bits in H.
  cbv zeta in H. conjunctions H.
  cbn [cut hh ih pres rows] in *.
  set (b := largest_high (MakeRule cu hw iw ps rs)) in *.
  assert (B0 : 0 <= b) by apply largest_nonneg.
  repeat match goal with E : (_ <=? _) = true |- _ => apply Z.leb_le in E end.
  match goal with E : forallb _ (concat (map low_parts _)) = true |- _ => rename E into LOW end.
  match goal with E : forallb _ (concat (map high_parts _)) = true |- _ => rename E into HIGH end.
  match goal with E : forallb _ rs = true |- _ => rename E into ROWS end.
  match goal with E : forallb _ ps = true |- _ => rename E into PRES end.
  assert (L : forall w, In w (iw :: hw) ->
    forallb (fun l => (0 <=? l) && (l <=? 1048576)) (low_parts w) = true)
    by (intros w Hw; apply (forallb_concat _ _ LOW); apply in_map; exact Hw).
  assert (HP : forall w, In w (iw :: hw) -> forallb (up_to 4611686018427387903) (high_parts w) =
      true)
    by (intros w Hw; apply (forallb_concat _ _ HIGH); apply in_map; exact Hw).
  assert (BP : forall w, In w (iw :: hw) -> forall x, In x (high_parts w) -> Z.abs x <= b).
  { intros w Hw x Hx. unfold b, largest_high. cbn [ih hh]. apply below_largest.
    apply in_concat. exists (high_parts w). split; [apply in_map; exact Hw | exact Hx]. }
  assert (CU : z (Uint63.of_Z cu) = cu) by (apply z_of_Z; apply Z.leb_le; lia).
  rewrite forallb_forall in ROWS, PRES.
  split.
  - unfold zrule, map_rule. cbn [cut hh ih pres rows]. f_equal.
    + exact CU.
    + rewrite map_map. rewrite <- (map_id hw) at 2. apply map_ext_in. intros w Hw.
      apply z_of_parts; [apply HP | apply L]; right; exact Hw.
    + apply z_of_parts; [apply HP | apply L]; left; reflexivity.
    + rewrite map_map. rewrite <- (map_id ps) at 2. apply map_ext_in.
      intros [p1 p2 p3 p4] Hp. specialize (PRES _ Hp). cbv beta iota in PRES. conjunctions PRES.
      cbn [map_pre]. rewrite !z_of_list, !z_of_Z; auto;
        apply (up_to_more 1073741824); auto; lia.
    + rewrite map_map. rewrite <- (map_id rs) at 2. apply map_ext_in. intros row Hr.
      specialize (ROWS _ Hr). cbv beta in ROWS. conjunctions ROWS. apply z_of_list. assumption.
  - constructor; cbn [cut hh ih pres rows map_rule].
    + split; [exact B0|]. split; [split; [apply Nat2Z.is_nonneg | assumption] | assumption].
    + split; [split; [apply Nat2Z.is_nonneg | assumption] | assumption].
    + rewrite CU. split; assumption.
    + rewrite Forall_map. apply Forall_forall. intros w Hw.
      apply okp_of_parts; [apply BP | apply HP | apply L]; right; exact Hw.
    + rewrite map_length. assumption.
    + apply okp_of_parts; [apply BP | apply HP | apply L]; left; reflexivity.
    + rewrite Forall_map. apply Forall_forall. intros row Hr. rewrite map_length.
      specialize (ROWS _ Hr). cbv beta in ROWS. conjunctions ROWS. apply Z.leb_le. assumption.
    + rewrite Forall_map. apply Forall_forall. intros [p1 p2 p3 p4] Hp.
      specialize (PRES _ Hp). cbv beta iota in PRES. conjunctions PRES.
      cbn [map_pre]. rewrite !map_length.
      rewrite !z_of_Z by (apply (up_to_more 1073741824); auto; lia).
      split; [apply Z.leb_le; assumption|]. split; [apply up_to_within; assumption|].
      split; [apply Z.leb_le; assumption | apply up_to_within; assumption].
Qed.

Lemma goal_fits : forall n g, goal_in_63_bits n g = true ->
  zgoal (map_goal Uint63.of_Z g) = g /\ okgoal n (map_goal Uint63.of_Z g).
Proof.
  intros n [l m f w] H. unfold goal_in_63_bits in H. conjunctions H.
  cbn [least most first wanted] in *. apply Nat.eqb_eq in H. split.
  - unfold zgoal, map_goal. cbn [least most first wanted].
    rewrite !z_of_list, z_of_Z by
      (assumption || (apply (list_more 1073741823); [lia | assumption])). reflexivity.
  - unfold okgoal, map_goal. cbn [least most first wanted]. split; [|split].
    + apply small_of_list; [lia | assumption].
    + apply small_of_list; [lia | assumption].
    + rewrite map_length. exact H.
Qed.

(** What primitive integers say holds over [Z]. *)
Theorem check_int_check_Z : forall d n scale ih hh out lo hi noise proofs,
  check_int d n scale ih hh out lo hi noise proofs = true ->
  check_Z d n scale ih hh out lo hi noise proofs = true.
Proof.
  intros d n scale ih hh out lo hi noise proofs H. unfold check_int, check_Z in *. cbv zeta in *.
  apply andb_prop in H. destruct H as [H1 H2]. rewrite H1. cbn [andb].
  rewrite forallb_forall in *. intros p Hp. specialize (H2 p Hp). cbv beta in H2.
  conjunctions H2.
  match goal with E : rule_in_63_bits _ _ _ = true |- _ => destruct (rule_fits _ _ _ E) as [R1
      R2] end.
  match goal with E : goal_in_63_bits _ _ = true |- _ => destruct (goal_fits _ _ E) as [G1 G2]
      end.
  match goal with E : OverInt.check_pair _ _ _ _ _ = true |- _ =>
    rewrite (z_check_pair _ _ n _ _ R2 G2), R1, G1 in E; rewrite H2, E end.
  reflexivity.
Qed.

End Words.

(** ** 3.5. Soundness over [Z] *)

Fixpoint zdot (u v : list Z) : Z :=
  match u, v with
  | a :: u', b :: v' => a * b + zdot u' v'
  | _, _ => 0
  end.

Lemma shift_parts : forall high low s, 0 <= s ->
  Z.shiftr (high + Z.shiftr low 20) s = Z.shiftr (high * 1048576 + low) (20 + s).
Proof.
  intros high low s Hs. rewrite !Z.shiftr_div_pow2 by lia.
  rewrite Z.pow_add_r by lia. change (2 ^ 20) with 1048576.
  rewrite <- Z.div_div by (try apply Z.pow_pos_nonneg; lia).
  rewrite Z.div_add_l by lia. reflexivity.
Qed.

Lemma weigh_parts_from : forall s v row high low, 0 <= s ->
  Z.shiftr (OverZ.weigh_from row (parts_of v) high low) s =
  Z.shiftr (high * 1048576 + low + zdot row v) (20 + s).
Proof.
  intros s v row. revert v. induction row as [|c row IH]; intros v high low Hs.
  - cbn [zdot OverZ.weigh_from]. change OverZ.twenty with 20.
    rewrite shift_parts, Z.add_0_r by assumption. reflexivity.
  - destruct v as [|w v]; cbn [zdot OverZ.weigh_from parts_of].
    + change OverZ.twenty with 20. rewrite shift_parts, Z.add_0_r by assumption. reflexivity.
    + rewrite IH by exact Hs. f_equal.
      assert (E := Z.div_mod w 1048576 ltac:(discriminate)).
      rewrite (Z.shiftr_div_pow2 w) by lia. change (2 ^ 20) with 1048576.
      set (a := w / 1048576) in *. set (b := w mod 1048576) in *. rewrite E. ring.
Qed.

Lemma weigh_parts : forall cut s v row, 0 <= s ->
  OverZ.weigh cut s row (parts_of v) = Z.shiftr (zdot row v) (20 + s) - cut.
Proof. intros. unfold OverZ.weigh. change OverZ.zero with 0. rewrite weigh_parts_from by
    assumption. reflexivity. Qed.

Open Scope Q_scope.

(** *** Linear forms with integer coefficients, and relu *)

(** [lin row f] is the sum of row_i f(i). *)
Fixpoint lin (row : list Z) (f : nat -> Q) : Q :=
  match row with
  | [] => 0
  | c :: row' => inject_Z c * f O + lin row' (fun i => f (S i))
  end.

(** Inequalities of integers as such of rationals. *)
Lemma inject_le : forall a b, (a <= b)%Z -> inject_Z a <= inject_Z b.
Proof. intros a b H. rewrite <- Zle_Qle. exact H. Qed.

Lemma inject_lt : forall a b, (a < b)%Z -> inject_Z a < inject_Z b.
Proof. intros a b H. rewrite <- Zlt_Qlt. exact H. Qed.

Lemma inject_sub : forall a b, inject_Z (a - b) == inject_Z a - inject_Z b.
Proof. intros. unfold Z.sub. rewrite inject_Z_plus, inject_Z_opp. reflexivity. Qed.

Lemma lin_sum : forall row f, lin row f == sum (length row) (fun i => inject_Z (nth i row 0%Z) * f
    i).
Proof.
  induction row; intros f; [reflexivity|].
  simpl length. rewrite sum_first. simpl lin. simpl nth. rewrite IHrow. reflexivity.
Qed.

Lemma lin_ext : forall row f g,
  (forall i, (i < length row)%nat -> f i == g i) -> lin row f == lin row g.
Proof. intros. rewrite !lin_sum. apply sum_ext. intros. rewrite H by auto. reflexivity. Qed.

Lemma lin_plus : forall row f g, lin row (fun i => f i + g i) == lin row f + lin row g.
Proof. induction row; intros; simpl; [ring|]. rewrite IHrow. ring. Qed.

Lemma lin_scale : forall row f a, lin row (fun i => f i * a) == lin row f * a.
Proof. induction row; intros; simpl; [ring|]. rewrite IHrow. ring. Qed.

(** The order of the sums does not matter. *)
Lemma lin_sums : forall row k W f,
  lin row (fun i => sum k (fun j => W i j * f j)) == sum k (fun j => lin row (fun i => W i j) * f
      j).
Proof.
  induction row; intros k W f; simpl.
  - rewrite sum_scale. ring.
  - rewrite IHrow, <- sum_scale, <- sum_plus. apply sum_ext. intros. ring.
Qed.

(** Coefficients of what is not negative may be lowered. *)
Lemma lin_lower : forall row k coefficient f,
  length row = k ->
  (forall j, (j < k)%nat -> 0 <= f j) ->
  (forall j, (j < k)%nat -> inject_Z (nth j row 0%Z) <= coefficient j) ->
  lin row f <= sum k (fun j => coefficient j * f j).
Proof.
  intros row k coefficient f <- Hf Hc. rewrite lin_sum. apply sum_le. intros j Hj.
  apply Qmult_le_compat_r; auto.
Qed.

(** *** relu *)

Lemma relu_nonneg : forall u, 0 <= relu u.
Proof. intros. apply Q.le_max_l. Qed.

Lemma relu_above : forall u, u <= relu u.
Proof. intros. apply Q.le_max_r. Qed.

(** For c <= c' <= 0, [c relu z - c' z] is concave: at least the lesser of the values at ends of
    an interval around 0. *)
Lemma relu_concave : forall c c' z low up l,
  c <= c' -> c' <= 0 -> (c' == 0 \/ low <= z) -> (c == c' \/ z <= up) ->
  l <= - c' * Qmin low 0 -> l <= (c - c') * Qmax up 0 ->
  c' * z + l <= c * relu z.
Proof.
  intros c c' z low up l H H' Hlow Hup L L'.
  assert (M0 := Q.le_min_l low 0). assert (M1 := Q.le_min_r low 0).
  assert (M2 := Q.le_max_l up 0). assert (M3 := Q.le_max_r up 0).
  destruct (Qlt_le_dec z 0) as [Hz | Hz].
  - rewrite relu_neg by lra. destruct Hlow as [E | Hlow].
    + rewrite E in *. lra.
    + destruct (Q.min_spec low 0) as [[_ E] | [_ E]]; rewrite E in L; nra.
  - rewrite relu_pos by lra. destruct Hup as [E | Hup].
    + rewrite E in *. lra.
    + destruct (Q.max_spec up 0) as [[_ E] | [_ E]]; rewrite E in L'; nra.
Qed.

(** *** What is known of units, and a step through relu *)

Notation WIDE := 2147483647%Z.
Notation LIMIT := 1073741824%Z.

Lemma min_Z : forall a b, OverZ.min a b = Z.min a b.
Proof. intros. unfold OverZ.min. destruct (Z.leb_spec a b); lia. Qed.

Lemma max_Z : forall a b, OverZ.max a b = Z.max a b.
Proof. intros. unfold OverZ.max. destruct (Z.leb_spec a b); lia. Qed.

Lemma inject_min : forall a b, Qmin (inject_Z a) (inject_Z b) = inject_Z (Z.min a b).
Proof.
  intros. unfold Qmin, GenericMinMax.gmin, Z.min, Qcompare. simpl. rewrite !Z.mul_1_r.
  destruct (a ?= b)%Z; reflexivity.
Qed.

Lemma inject_max : forall a b, Qmax (inject_Z a) (inject_Z b) = inject_Z (Z.max a b).
Proof.
  intros. unfold Qmax, GenericMinMax.gmax, Z.max, Qcompare. simpl. rewrite !Z.mul_1_r.
  destruct (a ?= b)%Z; reflexivity.
Qed.

(** A shift is the quotient, rounded down. *)
Lemma shift_down : forall a b, (0 <= b)%Z ->
  inject_Z (Z.shiftr a b) * inject_Z (2 ^ b) <= inject_Z a /\
  inject_Z a + 1 <= (inject_Z (Z.shiftr a b) + 1) * inject_Z (2 ^ b).
Proof.
  intros a b Hb. rewrite Z.shiftr_div_pow2 by exact Hb.
  assert (P : (0 < 2 ^ b)%Z) by (apply Z.pow_pos_nonneg; lia).
  assert (E := Z.div_mod a (2 ^ b) ltac:(lia)). assert (M := Z.mod_pos_bound a (2 ^ b) P).
  change 1 with (inject_Z 1). rewrite <- !inject_Z_plus, <- !inject_Z_mult, <- !Zle_Qle. nia.
Qed.

(** [k] is true of the pre-activation [z]. *)
Definition knows (k : known Z) (z : Q) : Prop :=
  let '(Known b a s) := k in
  (- WIDE <= b <= a /\ a <= WIDE /\ 0 <= s <= 1024 /\ (b = - WIDE -> s = 0))%Z /\
  (b = (- WIDE)%Z \/ inject_Z b <= z) /\ (a = WIDE \/ z <= inject_Z a).

Lemma knows_as : forall b a z, (- WIDE <= b <= a)%Z -> (a <= WIDE)%Z ->
  (b = (- WIDE)%Z \/ inject_Z b <= z) -> (a = WIDE \/ z <= inject_Z a) ->
  knows (OverZ.known_as b a) z.
Proof.
  intros b a z H H' Hb Ha. unfold OverZ.known_as, OverZ.relaxed.
  change OverZ.least_near with (-128)%Z. change OverZ.near with 128%Z.
  change OverZ.least_wide with (- WIDE)%Z. change OverZ.on with 1024%Z.
  change OverZ.zero with 0%Z. change OverZ.one with 1%Z.
  split; [|auto]. destruct (Z.leb_spec (-128) b); [lia|].
  destruct (Z.leb_spec a 128), (Z.eqb_spec b (- WIDE)); simpl orb; cbn iota; try lia.
  rewrite Z.shiftr_div_pow2 by lia. change (2 ^ 1)%Z with 2%Z.
  assert (E := Z.div_mod (a - b) 2 ltac:(lia)). assert (M := Z.mod_pos_bound (a - b) 2
      ltac:(lia)).
  repeat split; try lia.
  - apply Z.div_pos; lia.
  - apply Z.lt_succ_r. apply Z.div_lt_upper_bound; lia.
Qed.

Definition small (c : Z) : Prop := (- LIMIT <= c <= LIMIT)%Z.

Definition all_known (units : list (known Z)) (z : nat -> Q) : Prop :=
  forall i k, nth_error units i = Some k -> knows k (z i).

Lemma relax_bounds : forall F, (0 <= F)%Z -> forall row units K0 rest K z,
  Forall small row -> length units = length row -> all_known units z ->
  OverZ.relax F row units K0 = Some (rest, K) ->
  Forall small rest /\ length rest = length row /\
  lin rest z + inject_Z (K - K0) * inject_Z (2 ^ F) <= lin row (fun i => relu (z i)).
Proof.
  intros F HF row. induction row as [|c row IH]; intros units K0 rest K z Hrow Hlen Hz H.
  - simpl in H. injection H as <- <-. repeat split; auto. rewrite Z.sub_diag. simpl lin.
    change (inject_Z 0) with 0. lra.
  - destruct units as [|[b a s] units]; [discriminate|]. injection Hlen as Hlen.
    inversion Hrow as [|? ? Hc Hrow']; subst. cbn [OverZ.relax] in H.
    change OverZ.zero with 0%Z in H. change OverZ.ten with 10%Z in H.
    change OverZ.wide with WIDE in H. change OverZ.half with 512%Z in H.
    rewrite !min_Z, max_Z, Z.sub_0_l in H.
    assert (K1 := Hz O _ eq_refl). destruct K1 as ((K1 & K2 & K3 & K4) & K5 & K6).
    assert (Hz' : all_known units (fun i => z (S i))) by exact (fun i => Hz (S i)).
    destruct (Z.ltb_spec c 0) as [Hneg | Hpos].
    + set (kept := Z.shiftr (c * s) 10) in *.
      destruct (negb (kept =? c) && (a =? WIDE))%Z eqn:E; [discriminate|].
      set (loss := Z.min (- kept * Z.min b 0) ((c - kept) * Z.max a 0)) in *.
      destruct (OverZ.relax F row units _) as [[rest' K']|] eqn:R; [|discriminate].
      injection H as <- <-. destruct (IH _ _ _ _ _ Hrow' Hlen Hz' R) as (I1 & I2 & I3).
      assert (Hkept : (c <= kept <= 0)%Z).
      { unfold kept. rewrite Z.shiftr_div_pow2 by lia. change (2 ^ 10)%Z with 1024%Z. split.
        - apply Z.div_le_lower_bound; nia.
        - apply Z.lt_succ_r. apply Z.div_lt_upper_bound; nia. }
      split; [|split].
      * constructor; [|exact I1]. unfold small in *. lia.
      * simpl. f_equal. exact I2.
      * simpl lin. destruct (shift_down loss F HF) as [S1 _].
        assert (S2 : inject_Z kept * z O + inject_Z loss <= inject_Z c * relu (z O)).
        { apply (relu_concave _ _ _ (inject_Z b) (inject_Z a)).
          - apply inject_le. lia.
          - apply (inject_le _ 0). lia.
          - destruct K5 as [K5|K5]; [left|right; exact K5].
            unfold kept. rewrite (K4 K5), Z.mul_0_r. reflexivity.
          - destruct K6 as [K6|K6]; [left|right; exact K6]. rewrite K6 in E.
            destruct (Z.eqb_spec kept c) as [E'|]; [rewrite E'; reflexivity|discriminate].
          - change 0 with (inject_Z 0). rewrite inject_min, <- inject_Z_opp, <- inject_Z_mult.
            apply inject_le. unfold loss. lia.
          - change 0 with (inject_Z 0). rewrite inject_max, <- inject_sub, <- inject_Z_mult.
            apply inject_le. unfold loss. lia. }
        rewrite !inject_sub, !inject_Z_plus in *. lra.
    + destruct (OverZ.relax F row units _) as [[rest' K']|] eqn:R; [|discriminate].
      injection H as <- <-. destruct (IH _ _ _ _ _ Hrow' Hlen Hz' R) as (I1 & I2 & I3).
      split; [|split].
      * constructor; [|exact I1]. unfold small in *. destruct (s <? 512)%Z; lia.
      * simpl. f_equal. exact I2.
      * simpl lin. assert (R0 := relu_nonneg (z O)). assert (R1 := relu_above (z O)).
        apply (inject_le 0) in Hpos. destruct (s <? 512)%Z.
        -- change (inject_Z 0) with 0 in *. nra.
        -- change (inject_Z 0) with 0 in *. nra.
Qed.

(** *** Rounded weights: a step through the weights *)

(** [v] are the weights [f] below [k] as multiples of 2^-40, each at most [cut] too small. *)
Definition rounded (cut : Z) (v : list Z) (f : nat -> Q) (k : nat) : Prop :=
  forall i, (i < k)%nat ->
  inject_Z (nth i v 0%Z) <= f i * inject_Z (2 ^ 40) /\
  f i * inject_Z (2 ^ 40) <= inject_Z (nth i v 0%Z) + inject_Z cut.

Lemma zdot_lin : forall row v, inject_Z (zdot row v) == lin row (fun i => inject_Z (nth i v 0%Z)).
Proof.
  induction row as [|c row IH]; intros v; [reflexivity|]. destruct v as [|w v]; simpl lin.
  - simpl zdot. assert (E := IH []). assert (E0 : zdot row [] = 0%Z) by (destruct row;
      reflexivity).
    rewrite E0 in E. rewrite (lin_ext row _ (fun i => inject_Z (nth i [] 0%Z))), <- E.
    + simpl. change (inject_Z 0) with 0. ring.
    + intros i _. destruct i; reflexivity.
  - simpl zdot. rewrite inject_Z_plus, inject_Z_mult, IH. reflexivity.
Qed.

Lemma lin_error : forall e row f g, 0 <= e -> Forall small row ->
  (forall i, (i < length row)%nat -> g i <= f i /\ f i <= g i + e) ->
  let most := inject_Z (Z.of_nat (length row)) * inject_Z LIMIT * e in
  - most <= lin row f - lin row g /\ lin row f - lin row g <= most.
Proof.
  intros e row. induction row as [|c row IH]; intros f g He Hrow H most; subst most.
  - simpl. change (inject_Z 0) with 0. lra.
  - inversion Hrow as [|? ? [H1 H2] Hrow']; subst.
    apply inject_le in H1. apply inject_le in H2.
    destruct (IH (fun i => f (S i)) (fun i => g (S i)) He Hrow') as [I1 I2].
    { intros i Hi. apply (H (S i)). simpl. lia. }
    destruct (H O) as [H3 H4]; [simpl; lia|]. simpl lin. simpl length. rewrite Nat2Z.inj_succ.
    unfold Z.succ. rewrite inject_Z_plus. change (inject_Z 1) with 1.
    change (inject_Z (- LIMIT)) with (- inject_Z LIMIT) in H1.
    assert (- (inject_Z LIMIT * e) <= inject_Z c * (f O - g O)) by nra.
    assert (inject_Z c * (f O - g O) <= inject_Z LIMIT * e) by nra. lra.
Qed.

Lemma zdot_bounds : forall cut v f row,
  (0 <= cut)%Z -> (length row <= 1024)%nat -> Forall small row -> rounded cut v f (length row) ->
  inject_Z (zdot row v) - inject_Z cut * inject_Z (2 ^ 40) <= lin row f * inject_Z (2 ^ 40) /\
  lin row f * inject_Z (2 ^ 40) <= inject_Z (zdot row v) + inject_Z cut * inject_Z (2 ^ 40).
Proof.
  intros cut v f row Hcut Hlen Hrow H. apply (inject_le 0) in Hcut.
  destruct (lin_error (inject_Z cut) row (fun i => f i * inject_Z (2 ^ 40))
    (fun i => inject_Z (nth i v 0%Z)) Hcut Hrow H) as [E1 E2].
  rewrite lin_scale, <- zdot_lin in E1, E2.
  assert (L : inject_Z (Z.of_nat (length row)) <= inject_Z 1024) by (apply inject_le; lia).
  assert (inject_Z (Z.of_nat (length row)) * inject_Z LIMIT * inject_Z cut
          <= inject_Z cut * inject_Z (2 ^ 40)).
  { setoid_replace (inject_Z cut * inject_Z (2 ^ 40))
      with (inject_Z 1024 * inject_Z LIMIT * inject_Z cut) by (change (inject_Z (2 ^ 40)) with
          (1099511627776 # 1);
          change (inject_Z 1024) with (1024 # 1);
          change (inject_Z LIMIT) with (1073741824 # 1); ring).
    apply Qmult_le_compat_r; [|exact Hcut]. apply Qmult_le_compat_r; [exact L|discriminate]. }
  lra.
Qed.

(** A coefficient of a state, from those of the pre-activations after it. *)
Lemma weigh_state : forall cut v f row,
  (0 <= cut)%Z -> (length row <= 1024)%nat -> Forall small row -> rounded cut v f (length row) ->
  inject_Z (OverZ.weigh cut 20 row (parts_of v)) <= lin row f.
Proof.
  intros cut v f row Hcut Hlen Hrow H. destruct (zdot_bounds cut v f row Hcut Hlen Hrow H) as [E
      _].
  rewrite weigh_parts by lia. change (20 + 20)%Z with 40%Z.
  destruct (shift_down (zdot row v) 40 ltac:(lia)) as [S1 _]. rewrite inject_sub.
  change (inject_Z (2 ^ 40)) with (1099511627776 # 1) in *. lra.
Qed.

(** A coefficient of an input. *)
Lemma weigh_input : forall cut v f row,
  (0 <= cut)%Z -> (length row <= 1024)%nat -> Forall small row -> rounded cut v f (length row) ->
  let g := inject_Z (OverZ.weigh cut 24 row (parts_of v)) in
  16 * g <= lin row f /\ lin row f <= 16 * (g + 1 + 2 * inject_Z cut).
Proof.
  intros cut v f row Hcut Hlen Hrow H g. subst g.
  destruct (zdot_bounds cut v f row Hcut Hlen Hrow H) as [E E'].
  rewrite weigh_parts by lia. change (20 + 24)%Z with 44%Z.
  destruct (shift_down (zdot row v) 44 ltac:(lia)) as [S1 S2]. rewrite inject_sub.
  apply (inject_le 0) in Hcut. change (inject_Z 0) with 0 in Hcut.
  change (inject_Z (2 ^ 40)) with (1099511627776 # 1) in *.
  change (inject_Z (2 ^ 44)) with (17592186044416 # 1) in *. lra.
Qed.

Lemma before_step : forall cut w hh row,
  OverZ.before cut (w :: hh) row =
  (let c := OverZ.weigh cut 20 row w in
   if (c <? - LIMIT)%Z then None
   else match OverZ.before cut hh row with
        | None => None
        | Some rest => Some (OverZ.min c LIMIT :: rest)
        end).
Proof. reflexivity. Qed.

Lemma before_bounds : forall cut columns row rest W,
  (0 <= cut)%Z -> (length row <= 1024)%nat -> Forall small row ->
  (forall j v, nth_error columns j = Some v -> rounded cut v (fun i => W i j) (length row)) ->
  OverZ.before cut (map parts_of columns) row = Some rest ->
  Forall small rest /\ length rest = length columns /\
  forall j, (j < length columns)%nat -> inject_Z (nth j rest 0%Z) <= lin row (fun i => W i j).
Proof.
  intros cut columns row. induction columns as [|v columns IH]; intros rest W Hcut Hlen Hrow HW H.
  - injection H as <-. repeat split; auto. intros j Hj. simpl in Hj. lia.
  - cbn [map] in H. rewrite before_step in H. cbv zeta in H.
    assert (B := weigh_state cut v _ row Hcut Hlen Hrow (HW O v eq_refl)).
    set (c := OverZ.weigh cut 20 row (parts_of v)) in *.
    destruct (Z.ltb_spec c (- LIMIT)); [discriminate|].
    destruct (OverZ.before cut (map parts_of columns) row) as [rest'|] eqn:R; [|discriminate].
    injection H as <-. rewrite min_Z.
    destruct (IH rest' (fun i j => W i (S j)) Hcut Hlen Hrow (fun j => HW (S j)) eq_refl)
      as (I1 & I2 & I3).
    split; [constructor; [unfold small; lia | exact I1]|].
    split; [simpl; f_equal; exact I2|]. intros [|j] Hj; simpl nth.
    + apply Qle_trans with (inject_Z c); [apply inject_le; lia | exact B].
    + apply I3. simpl in Hj. lia.
Qed.

Lemma begin_step : forall less v row,
  OverZ.begin_row less (v :: row) =
  (let c := Z.shiftr v less in
   if (c <? - LIMIT)%Z then None
   else match OverZ.begin_row less row with
        | None => None
        | Some rest => Some (OverZ.min c LIMIT :: rest)
        end).
Proof. reflexivity. Qed.

Lemma begin_bounds : forall less row rest, (0 <= less)%Z -> OverZ.begin_row less row = Some rest
    ->
  Forall small rest /\ length rest = length row /\
  forall j, inject_Z (nth j rest 0%Z) * inject_Z (2 ^ less) <= inject_Z (nth j row 0%Z).
Proof.
  intros less row. induction row as [|v row IH]; intros rest Hless H.
  - injection H as <-. repeat split; auto. intros [|j]; simpl nth; change (inject_Z 0) with 0;
      lra.
  - rewrite begin_step in H. cbv zeta in H.
    destruct (Z.ltb_spec (Z.shiftr v less) (- LIMIT)); [discriminate|].
    destruct (OverZ.begin_row less row) as [rest'|] eqn:R; [|discriminate].
    injection H as <-. rewrite min_Z. destruct (IH rest' Hless eq_refl) as (I1 & I2 & I3).
    split; [constructor; [unfold small; lia | exact I1]|].
    split; [simpl; f_equal; exact I2|]. intros [|j]; simpl nth; [|apply I3].
    apply Qle_trans with (inject_Z (Z.shiftr v less) * inject_Z (2 ^ less)).
    + apply Qmult_le_compat_r; [apply inject_le; lia|]. apply (inject_le 0).
      apply Z.pow_nonneg; lia.
    + apply shift_down. exact Hless.
Qed.

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

(** *** Boxes of coordinates: inputs are x = A y with y in the box *)

Fixpoint in_box (box : list (Z * Z)) (y : nat -> Q) : Prop :=
  match box with
  | [] => True
  | (lo, hi) :: box' => inject_Z lo <= y O /\ y O <= inject_Z hi /\ in_box box' (fun k => y (S k))
  end.

Lemma dot_lin : forall u v sum,
  inject_Z (OverZ.dot u v sum) == inject_Z sum + lin v (fun t => inject_Z (nth t u 0%Z)).
Proof.
  induction u as [|a u IH]; intros v sum.
  - simpl. rewrite (lin_ext v _ (fun _ => 0 * 0)), lin_scale; [ring|].
    intros [|t] _; reflexivity.
  - destruct v as [|b v]; simpl; [ring|]. rewrite IH, inject_Z_plus, inject_Z_mult. ring.
Qed.

Lemma corner_step : forall q qs lo hi box sum,
  OverZ.corner (q :: qs) ((lo, hi) :: box) sum =
  OverZ.corner qs box (sum + q * (if 0 <? q then lo else hi))%Z.
Proof. reflexivity. Qed.

Lemma corner_bound : forall box qs s y, in_box box y -> length qs = length box ->
  inject_Z (OverZ.corner qs box s) <= inject_Z s + lin qs y.
Proof.
  induction box as [|[lo hi] box IH]; intros [|q qs] s y Hbox Hlen; try discriminate;
    [simpl; lra|].
  rewrite corner_step. destruct Hbox as (Hlo & Hhi & Hbox). simpl lin. simpl in Hlen.
  assert (I := IH qs (s + q * (if 0 <? q then lo else hi))%Z _ Hbox ltac:(lia)).
  rewrite inject_Z_plus, inject_Z_mult in I.
  assert (B : inject_Z q * inject_Z (if (0 <? q)%Z then lo else hi) <= inject_Z q * y O).
  { destruct (Z.ltb_spec 0 q) as [P | P]; [apply Z.lt_le_incl in P|]; apply inject_le in P;
      change (inject_Z 0) with 0 in P; nra. }
  lra.
Qed.

(** A sum of coordinates, and what it is at most. *)
Definition chain_holds (k : nat) (chain : option (list Z * Z)) (y : nat -> Q) : Prop :=
  match chain with
  | None => True
  | Some (a, most) => length a = k /\ lin a y <= inject_Z most
  end.

Lemma zip_length : forall f u v, length u = length v -> length (OverZ.zip f u v) = length u.
Proof.
  induction u as [|a u IH]; intros [|b v] H; try discriminate; simpl; [reflexivity|].
  f_equal. apply IH. simpl in H. lia.
Qed.

Lemma zip_lin : forall factor u v y, length u = length v ->
  lin (OverZ.zip (fun q w => q + factor * w)%Z u v) y == lin u y + inject_Z factor * lin v y.
Proof.
  induction u as [|a u IH]; intros [|b v] y H; try discriminate; simpl; [ring|].
  rewrite IH, inject_Z_plus, inject_Z_mult by (simpl in H; lia). ring.
Qed.

Lemma best_step : forall qs a most box s q rest w which found,
  OverZ.best qs a most box s (q :: rest) (w :: which) found =
  OverZ.best qs a most box s rest which
    (if (0 <? w) && (q <? 0) then
       let factor := OverZ.min (0 - q) 268435456 in
       OverZ.max found
         (OverZ.corner (OverZ.zip (fun q w => q + factor * w) qs a) box (s - factor * most))
     else found)%Z.
Proof. reflexivity. Qed.

(** What is added and what is taken off: the latter is no less. *)
Lemma best_bound : forall qs a most box s y, in_box box y -> length qs = length box ->
  length a = length box -> lin a y <= inject_Z most ->
  forall rest which found, inject_Z found <= inject_Z s + lin qs y ->
  inject_Z (OverZ.best qs a most box s rest which found) <= inject_Z s + lin qs y.
Proof.
  intros qs a most box s y Hbox Hq Ha Hmost.
  induction rest as [|q rest IH]; intros which found H; [exact H|].
  destruct which as [|w which]; [exact H|]. rewrite best_step. apply IH. clear IH.
  destruct ((0 <? w) && (q <? 0))%Z eqn:C; [|exact H].
  apply andb_prop in C. destruct C as [_ C]. apply Z.ltb_lt in C. cbv zeta.
  rewrite min_Z, max_Z. set (factor := Z.min (0 - q) 268435456).
  assert (F : inject_Z 0 <= inject_Z factor) by (apply inject_le; unfold factor; lia).
  change (inject_Z 0) with 0 in F.
  rewrite <- inject_max. apply Q.max_lub; [exact H|].
  assert (B := corner_bound box (OverZ.zip (fun q w => q + factor * w)%Z qs a)
                 (s - factor * most) y Hbox).
  rewrite zip_length in B by congruence. specialize (B Hq).
  rewrite zip_lin in B by congruence. rewrite inject_sub, inject_Z_mult in B.
  assert (P : 0 <= inject_Z factor * (inject_Z most - lin a y))
    by (apply Qmult_le_0_compat; lra).
  lra.
Qed.

Lemma coefficients_step : forall column columns drives,
  OverZ.coefficients (column :: columns) drives =
  (let q := OverZ.dot column drives 0 in
   if OverZ.too_large q then None
   else match OverZ.coefficients columns drives with
        | None => None
        | Some rest => Some (q :: rest)
        end)%Z.
Proof. reflexivity. Qed.

Lemma coefficients_lin : forall columns drives qs y, OverZ.coefficients columns drives = Some qs ->
  length qs = length columns /\
  lin qs y ==
    sum (length columns) (fun k => lin drives (fun t => inject_Z (nth t (nth k columns []) 0%Z)) *
      y k).
Proof.
  induction columns as [|column columns IH]; intros drives qs y H.
  - injection H as <-. split; reflexivity.
  - rewrite coefficients_step in H. cbv zeta in H.
    assert (E := dot_lin column drives 0). set (q := OverZ.dot column drives 0) in *.
    destruct (OverZ.too_large q); [discriminate|].
    destruct (OverZ.coefficients columns drives) as [rest|] eqn:R; [|discriminate].
    injection H as <-. destruct (IH drives rest (fun k => y (S k)) R) as [I1 I2].
    split; [simpl; congruence|]. simpl length. rewrite sum_first. cbn [nth lin].
    rewrite I2, E. change (inject_Z 0) with 0. ring.
Qed.

Lemma over_box_bound : forall columns box chain drives s total y,
  in_box box y -> length columns = length box -> chain_holds (length box) chain y ->
  OverZ.over_box columns box chain drives s = Some total ->
  inject_Z total <= inject_Z s +
    sum (length box) (fun k => lin drives (fun t => inject_Z (nth t (nth k columns []) 0%Z)) * y
        k).
Proof.
  intros columns box chain drives s total y Hbox Hlen Hchain H. unfold OverZ.over_box in H.
  destruct (OverZ.coefficients columns drives) as [qs|] eqn:C; [|discriminate].
  injection H as <-. destruct (coefficients_lin columns drives qs y C) as [L E].
  rewrite Hlen in L, E. rewrite <- E.
  assert (B := corner_bound box qs s y Hbox L).
  destruct chain as [[a most]|]; [|exact B]. destruct Hchain as [Ha Hmost].
  apply best_bound; assumption.
Qed.

Lemma range_step : forall a row lo hi box low up,
  OverZ.range (a :: row) ((lo, hi) :: box) low up =
  (if 0 <? a then OverZ.range row box (low + a * lo) (up + a * hi)
   else if a <? 0 then OverZ.range row box (low + a * hi) (up + a * lo)
   else OverZ.range row box low up)%Z.
Proof. reflexivity. Qed.

Lemma range_bounds : forall row box low up y,
  in_box box y -> length row = length box ->
  inject_Z (fst (OverZ.range row box low up)) <= inject_Z low + lin row y /\
  inject_Z up + lin row y <= inject_Z (snd (OverZ.range row box low up)).
Proof.
  induction row as [|a row IH]; intros box low up y Hbox Hlen.
  - simpl. lra.
  - destruct box as [|[lo hi] box]; [discriminate|]. rewrite range_step.
    destruct Hbox as (Hlo & Hhi & Hbox). simpl lin. simpl in Hlen.
    destruct (Z.ltb_spec 0 a) as [P | P]; [|destruct (Z.ltb_spec a 0) as [P' | P']].
    + destruct (IH box (low + a * lo)%Z (up + a * hi)%Z _ Hbox ltac:(lia)) as [I1 I2].
      rewrite inject_Z_plus, inject_Z_mult in I1, I2. apply Z.lt_le_incl, inject_le in P.
      change (inject_Z 0) with 0 in P. split; nra.
    + destruct (IH box (low + a * hi)%Z (up + a * lo)%Z _ Hbox ltac:(lia)) as [I1 I2].
      rewrite inject_Z_plus, inject_Z_mult in I1, I2. apply inject_le in P.
      change (inject_Z 0) with 0 in P. split; nra.
    + destruct (IH box low up _ Hbox ltac:(lia)) as [I1 I2].
      assert (a = 0%Z) by lia. subst a. change (inject_Z 0) with 0. lra.
Qed.

Lemma shrink_step : forall a row lo hi box over under,
  OverZ.shrink (a :: row) ((lo, hi) :: box) over under =
  ((if 0 <? a then (OverZ.max lo (hi - under), OverZ.min hi (lo + over))
    else if a <? 0 then (OverZ.max lo (hi - over), OverZ.min hi (lo + under))
    else (lo, hi)) :: OverZ.shrink row box over under)%Z.
Proof. reflexivity. Qed.

Lemma shrink_length : forall row box over under, length row = length box ->
  length (OverZ.shrink row box over under) = length box.
Proof.
  induction row as [|a row IH]; intros [|[lo hi] box] over under H; try discriminate;
      [reflexivity|].
  rewrite shrink_step. simpl. f_equal. apply IH. simpl in H. lia.
Qed.

Lemma range_shift : forall row box low up,
  OverZ.range row box low up =
  (low + fst (OverZ.range row box 0 0), up + snd (OverZ.range row box 0 0))%Z.
Proof.
  induction row as [|a row IH]; intros box low up.
  - simpl. f_equal; lia.
  - destruct box as [|[lo hi] box]; [simpl; f_equal; lia|]. rewrite !range_step.
    destruct (0 <? a)%Z; [|destruct (a <? 0)%Z].
    + rewrite (IH _ (low + _)%Z), (IH _ (0 + _)%Z). simpl fst. simpl snd. f_equal; lia.
    + rewrite (IH _ (low + _)%Z), (IH _ (0 + _)%Z). simpl fst. simpl snd. f_equal; lia.
    + apply IH.
Qed.

(** No coordinate is so far from an end that x would leave its range. *)
Lemma shrink_in_box : forall row box over under y,
  in_box box y -> length row = length box ->
  lin row y <= inject_Z (fst (OverZ.range row box 0 0)) + inject_Z over ->
  inject_Z (snd (OverZ.range row box 0 0)) - inject_Z under <= lin row y ->
  in_box (OverZ.shrink row box over under) y.
Proof.
  induction row as [|a row IH]; intros box over under y Hbox Hlen Hover Hunder.
  - destruct box; [exact I|discriminate].
  - destruct box as [|[lo hi] box]; [discriminate|]. rewrite shrink_step.
    rewrite range_step in Hover, Hunder. destruct Hbox as (Hlo & Hhi & Hbox).
    simpl in Hlen. injection Hlen as Hlen. simpl lin in Hover, Hunder.
    destruct (range_bounds row box 0 0 _ Hbox Hlen) as [B1 B2].
    change (inject_Z 0) with 0 in B1, B2.
    specialize (IH box over under _ Hbox Hlen).
    set (l := fst (OverZ.range row box 0 0)) in *. set (u := snd (OverZ.range row box 0 0)) in *.
    set (x' := lin row (fun i => y (S i))) in *.
    destruct (Z.ltb_spec 0 a) as [P | P]; [|destruct (Z.ltb_spec a 0) as [P' | P']].
    + rewrite range_shift in Hover, Hunder. fold l in Hover. fold u in Hunder.
      simpl in Hover, Hunder. rewrite inject_Z_plus, inject_Z_mult in Hover, Hunder.
      assert (P1 : inject_Z 1 <= inject_Z a) by (apply inject_le;
          lia). change (inject_Z 1) with 1 in P1.
      rewrite min_Z, max_Z. simpl in_box. rewrite <- inject_min, <- inject_max, inject_sub,
          inject_Z_plus.
      split; [|split].
      * apply Q.max_lub; [exact Hlo|]. nra.
      * apply Q.min_glb; [exact Hhi|]. nra.
      * apply IH; nra.
    + rewrite range_shift in Hover, Hunder. fold l in Hover. fold u in Hunder.
      simpl in Hover, Hunder. rewrite inject_Z_plus, inject_Z_mult in Hover, Hunder.
      assert (P1 : inject_Z a <= inject_Z (-1)) by (apply inject_le; lia).
      change (inject_Z (-1)) with (-(1)) in P1.
      rewrite min_Z, max_Z. simpl in_box. rewrite <- inject_min, <- inject_max, inject_sub,
          inject_Z_plus.
      split; [|split].
      * apply Q.max_lub; [exact Hlo|]. nra.
      * apply Q.min_glb; [exact Hhi|]. nra.
      * apply IH; nra.
    + assert (a = 0%Z) by lia. subst a. fold l in Hover. fold u in Hunder. simpl in_box. change
        (inject_Z 0) with 0 in *.
      split; [exact Hlo|]. split; [exact Hhi|]. apply IH; lra.
Qed.

(** *** Lower bounds of rows *)

Lemma bound_step : forall F fractions r columns box chain past row drives negative,
  OverZ.bound_with (F :: fractions) r columns box chain past row drives negative =
  match
    match OverZ.begin_row (24 - F) row with
    | None => None
    | Some row =>
        match OverZ.back r F past row (map (fun g => Z.shiftr g (24 - F)) drives) 0 with
        | None => None
        | Some (drives, K) =>
            match OverZ.over_box columns box chain drives (0 - negative * (1 + (cut r + cut r))) with
            | None => None
            | Some total => Some (Z.shiftr total (F - 4) + K)%Z
            end
        end
    end
  with
  | None => OverZ.bound_with fractions r columns box chain past row drives negative
  | Some v => Some v
  end.
Proof. reflexivity. Qed.

Lemma state_nonneg : forall N x t i, 0 <= state N x t i.
Proof. intros N x [|t] i; [apply Qle_refl | apply relu_nonneg]. Qed.

Section Bounds.

Variables (N : network) (r : rule Z) (x y : nat -> Q).
Hypothesis r_rounds : rounds N r.

Variables (m : list (list Z)) (box : list (Z * Z)).
Let n := length m.
Hypothesis m_square : forall row, In row m -> length row = n.
Hypothesis x_is_my : forall t, (t < n)%nat -> x t == lin (nth t m []) y.
Hypothesis box_length : length box = n.
Hypothesis y_in_box : in_box box y.
Variable chain : option (list Z * Z).
Hypothesis y_chain : chain_holds n chain y.

Let d := hidden_size N.
Let e : Q := 16 * (1 + 2 * inject_Z (cut r)).
Let columns := OverZ.transpose n m.

Lemma columns_length : length columns = n.
Proof. unfold columns, OverZ.transpose. rewrite map_length, seq_length. reflexivity. Qed.

Lemma over_inputs : forall g s total, (length g <= n)%nat ->
  OverZ.over_box columns box chain g s = Some total -> inject_Z total <= inject_Z s + lin g x.
Proof.
  intros g s total Hg H.
  apply (over_box_bound columns box chain g s total y y_in_box) in H;
    [|rewrite columns_length, box_length; reflexivity | rewrite box_length; exact y_chain].
  rewrite box_length, <- (lin_sums g n (fun t k => inject_Z (nth t (nth k columns []) 0%Z)) y) in
      H.
  rewrite (lin_ext g x (fun t => sum n (fun k => inject_Z (nth t (nth k columns []) 0%Z) * y k)));
    [exact H|].
  intros t Ht. rewrite x_is_my by lia.
  rewrite lin_sum, m_square by (apply nth_In; unfold n in *; lia).
  apply sum_ext. intros k Hk.
  enough (E : nth t (nth k columns []) 0%Z = nth k (nth t m []) 0%Z) by (rewrite E; reflexivity).
  unfold columns, OverZ.transpose.
  rewrite (nth_indep _ _ (map (fun row => nth 0 row OverZ.zero) m))
    by (rewrite map_length, seq_length; exact Hk).
  rewrite (map_nth (fun k => map (fun row => nth k row OverZ.zero) m)), seq_nth by exact Hk.
  simpl Nat.add. rewrite (nth_indep _ 0%Z (nth k [] OverZ.zero))
    by (rewrite map_length; unfold n in *; lia).
  rewrite (map_nth (fun row => nth k row OverZ.zero)). reflexivity.
Qed.

(** The coefficient [b] of an input and its rounded value, if there is one. *)
Definition drives_round (drives : list Z) (b : Q) : Prop :=
  match drives with
  | [] => b == 0
  | [g] => inject_Z g <= b * inject_Z (2 ^ 20) /\
           b * inject_Z (2 ^ 20) <= inject_Z g + (1 + 2 * inject_Z (cut r))
  | _ => False
  end.

Lemma drive_begin : forall F g b, (0 <= F <= 24)%Z ->
  inject_Z g <= b * inject_Z (2 ^ 20) ->
  b * inject_Z (2 ^ 20) <= inject_Z g + (1 + 2 * inject_Z (cut r)) ->
  let g' := 16 * inject_Z (Z.shiftr g (24 - F)) in
  g' <= b * inject_Z (2 ^ F) /\ b * inject_Z (2 ^ F) <= g' + e.
Proof.
  intros F g b HF H1 H2 g'. subst g'. unfold e.
  destruct (shift_down g (24 - F) ltac:(lia)) as [S1 S2].
  assert (EF : inject_Z (2 ^ F) * inject_Z (2 ^ (24 - F)) == 16 * inject_Z (2 ^ 20)).
  { rewrite <- inject_Z_mult, <- Z.pow_add_r by lia. replace (F + (24 - F))%Z with 24%Z by lia.
    reflexivity. }
  assert (P : 1 <= inject_Z (2 ^ (24 - F))).
  { apply (inject_le 1). assert (0 < 2 ^ (24 - F))%Z by (apply Z.pow_pos_nonneg; lia). lia. }
  assert (C := inject_le _ _ (cut_nonneg N r r_rounds)). change (inject_Z 0) with 0 in C.
  set (P' := inject_Z (2 ^ (24 - F))) in *. set (PF := inject_Z (2 ^ F)) in *.
  set (G := inject_Z (2 ^ 20)) in *. set (s := inject_Z (Z.shiftr g (24 - F))) in *.
  set (c := inject_Z (cut r)) in *. set (q := inject_Z g) in *. clearbody P' PF G s c q.
  assert (0 < P') by lra.
  assert (EB : b * PF * P' == 16 * (b * G)) by (rewrite <- Qmult_assoc, EF; ring).
  split; apply (Qmult_le_r _ _ P'); auto; rewrite EB.
  - lra.
  - assert (0 <= 2 * c * (P' - 1)) by (apply Qmult_le_0_compat; lra). lra.
Qed.

Lemma bound_below : forall past row drives negative a b v fractions,
  Forall (fun F => 12 <= F <= 24)%Z fractions ->
  all_true N x past -> length row = d ->
  (forall k, (k < d)%nat -> inject_Z (nth k row 0%Z) <= a k * inject_Z (2 ^ 24)) ->
  drives_round drives b -> (length past + length drives <= n)%nat ->
  sum (length past + length drives) (fun t => deficit (x t)) <= inject_Z negative ->
  OverZ.bound_with fractions r columns box chain past row drives negative = Some v ->
  inject_Z v <= sum d (fun k => a k * state N x (length past) k) + b * x (length past).
Proof.
  intros past row drives negative a b v fractions HF Hpast Hlen Ha Hb Hn Hnegative.
  induction fractions as [|F fractions IH]; intros H; [discriminate|].
  inversion HF as [|? ? HF1 HF2]; subst. rewrite bound_step in H.
  destruct (OverZ.begin_row (24 - F) row) as [c|] eqn:B; [|exact (IH HF2 H)].
  destruct (OverZ.back r F past c _ 0) as [[all K]|] eqn:BB; [|exact (IH HF2 H)].
  destruct (OverZ.over_box columns box chain all _) as [total|] eqn:OB; [|exact (IH HF2 H)].
  clear IH. injection H as <-.
  destruct (begin_bounds (24 - F)%Z row c ltac:(lia) B) as (B1 & B2 & B3).
  destruct (back_bounds N r x r_rounds F ltac:(lia) past c _ 0 all K Hpast B1
    ltac:(rewrite B2; exact Hlen) BB) as (g & -> & Lg & G).
  apply over_inputs in OB; [|rewrite app_length, map_length, Lg; exact Hn].
  rewrite lin_app, Lg in OB. rewrite Z.sub_0_r in G. fold e in G.
  destruct (shift_down total (F - 4) ltac:(lia)) as [S1 _].
  assert (EF : inject_Z (2 ^ F) == 16 * inject_Z (2 ^ (F - 4))).
  { change 16 with (inject_Z (2 ^ 4)). rewrite <- inject_Z_mult, <- Z.pow_add_r by lia.
    replace (4 + (F - 4))%Z with F by lia. reflexivity. }
  assert (PF : 0 < inject_Z (2 ^ F)) by (apply (inject_lt 0); apply Z.pow_pos_nonneg; lia).
  set (t := length past) in *.
  assert (L : lin c (state N x t) <= inject_Z (2 ^ F) * sum d (fun k => a k * state N x t k)).
  { rewrite <- sum_scale. rewrite (sum_ext d _ (fun k => (a k * inject_Z (2 ^ F)) * state N x t
      k))
      by (intros; ring).
    apply lin_lower; [rewrite B2; exact Hlen | |].
    - intros j _. apply state_nonneg.
    - intros k Hk. specialize (Ha k Hk). specialize (B3 k).
      assert (P : 0 < inject_Z (2 ^ (24 - F))) by (apply (inject_lt 0); apply Z.pow_pos_nonneg;
          lia).
      apply (Qmult_le_r _ _ _ P).
      setoid_replace (a k * inject_Z (2 ^ F) * inject_Z (2 ^ (24 - F))) with (a k * inject_Z (2 ^
          24)).
      { lra. }
      rewrite <- Qmult_assoc, <- inject_Z_mult, <- Z.pow_add_r by lia.
      replace (F + (24 - F))%Z with 24%Z by lia. reflexivity. }
  set (S := sum d (fun k => a k * state N x t k)) in *.
  assert (D : 16 * lin (map (fun g => Z.shiftr g (24 - F)) drives) (fun i => x (t + i)%nat)
              - e * (sum (t + length drives) (fun t => deficit (x t)) - sum t (fun t => deficit (x
                  t)))
              <= b * inject_Z (2 ^ F) * x t).
  { destruct drives as [|h [|h' drives]]; simpl in Hb.
    - simpl lin. simpl length. rewrite Nat.add_0_r, Hb. lra.
    - destruct Hb as [Hb1 Hb2]. simpl length. rewrite Nat.add_1_r. cbn [map]. rewrite lin_one,
        Nat.add_0_r.
      destruct (drive_begin F h b ltac:(lia) Hb1 Hb2) as [D1 D2].
      change (sum (Datatypes.S t) (fun t => deficit (x t)))
        with (sum t (fun t => deficit (x t)) + deficit (x t)).
      assert (D3 := deficit_bound _ _ _ (x t) D1 D2). lra.
    - contradiction. }
  set (X := lin (map _ drives) _) in *. set (m1 := sum (t + length drives) _) in *.
  set (m0 := sum t (fun t => deficit (x t))) in *.
  rewrite inject_sub, inject_Z_mult, !inject_Z_plus in OB.
  change (inject_Z 0) with 0 in OB. change (inject_Z 1) with 1 in OB.
  assert (C := inject_le _ _ (cut_nonneg N r r_rounds)). change (inject_Z 0) with 0 in C.
  assert (E : e * m1 <= e * inject_Z negative).
  { apply Qmult_le_l; [unfold e; lra | exact Hnegative]. }
  assert (V : inject_Z (Z.shiftr total (F - 4)) * inject_Z (2 ^ F) <= 16 * inject_Z total).
  { rewrite EF. lra. }
  unfold e in *. apply (Qmult_le_r _ _ _ PF). rewrite inject_Z_plus. lra.
Qed.

End Bounds.

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

(** *** The tree of a pair *)

Section Walk.

Variables (N : network) (r : rule Z) (g : goal Z) (x : nat -> Q).
Hypothesis r_rounds : rounds N r.
Hypothesis r_pres : pres_round N r.

Variable n : nat.
Hypothesis first_few : (first g <= n)%nat.
Hypothesis least_length : length (least g) = n.
Hypothesis most_length : length (most g) = n.
Hypothesis x_in_claim : forall t, (t < n)%nat ->
  inject_Z (nth t (least g) 0%Z) <= x t /\ x t <= inject_Z (nth t (most g) 0%Z).

(** [a] maps the coordinates of the order [h] to the inputs, and x is in the box. *)
Definition holds (h : history) (a : maps Z) (box : list (Z * Z)) : Prop :=
  follows n x h /\ length (by_input a) = n /\ by_coordinate a = OverZ.transpose n (by_input a) /\
  (forall row, In row (by_input a) -> length row = n) /\
  (forall t, (t < n)%nat -> x t == lin (nth t (by_input a) []) (coordinate x (kinds h))) /\
  length box = n /\ in_box box (coordinate x (kinds h)).

Definition rows_hold : Prop :=
  forall row, In row (rows r) -> row_at_least N x n (wanted g) row.

Lemma holds_root : forall h m, follows n x h ->
  OverZ.rows_of n (kinds h) (seq 0 n) = Some m ->
  holds h (MakeMaps m (OverZ.transpose n m)) (OverZ.box_of (kinds h) (most g) (least g) (most g)).
Proof.
  intros h m F H. destruct F as (F & F').
  destruct (rows_of_true n x (kinds h) F (seq 0 n) m) as (M1 & M2 & M3); [|exact H|].
  { intros t Ht. apply in_seq in Ht. lia. }
  rewrite seq_length in M1, M3.
  destruct (box_of_true n x (most g) (fun t Ht => proj2 (x_in_claim t Ht)) (least g) (most g)
      (kinds h)
    x (coordinate x (kinds h)) ltac:(congruence)) as [B1 B2].
  { intros t Ht. rewrite least_length in Ht. destruct (x_in_claim t Ht) as [C1 C2].
    split; [exact C1|]. split; [exact C2|]. split; [apply F | reflexivity]. }
  split; [split; auto|]. split; [exact M1|]. split; [reflexivity|]. split; [exact M2|].
  split; [|split; [congruence | exact B1]].
  intros t Ht. simpl by_input. rewrite <- M3 by exact Ht. rewrite seq_nth by exact Ht.
      reflexivity.
Qed.

(** The largest of the ordered inputs is at most what the claim says. *)
Lemma chain_true : forall h a box, holds h a box ->
  chain_holds n (OverZ.chain_of g h (by_input a)) (coordinate x (kinds h)).
Proof.
  intros h a box (F & A1 & A2 & A3 & A4 & B1 & B2). unfold OverZ.chain_of.
  destruct F as (_ & T & _). destruct (top h) as [t|]; [|exact I]. simpl in T.
  destruct (forallb _ _); [|exact I]. split.
  - apply A3, nth_In. rewrite A1. exact T.
  - rewrite <- A4 by exact T. apply x_in_claim. exact T.
Qed.

(** Bounding units anew keeps what is known true. *)
Lemma bounded_true : forall h m columns box chain units begin amount,
  holds h (MakeMaps m columns) box -> chain_holds n chain (coordinate x (kinds h)) ->
  steps_true N x 0 units -> length units = n ->
  let found := OverZ.bound_units r columns box chain begin amount [] units
                 (OverZ.negatives_of m box OverZ.zero) in
  (all_true N x found /\ length found = n) /\ (steps_true N x 0 (rev found) /\ length (rev found)
      =
      n).
Proof.
  intros h m columns box chain units begin amount (F & A1 & A2 & A3 & A4 & B1 & B2) C U1 U2 found.
  simpl by_input in *. simpl by_coordinate in *. rewrite rev_length.
  enough (G : all_true N x found /\ length found = n).
  { split; [exact G|]. split; [|apply G]. rewrite <- (app_nil_r (rev found)).
    apply steps_of_past; [apply G | exact I]. }
  subst found. rewrite A2. clear A2 columns. rewrite <- A1 in *.
  exact (bound_units_true N r x _ r_rounds r_pres m box A3 A4 B1 B2 chain C units begin amount [] O
    eq_refl U2 I U1).
Qed.

Lemma proved_rows : forall h m columns box chain past,
  holds h (MakeMaps m columns) box -> chain_holds n chain (coordinate x (kinds h)) ->
  all_true N x past -> length past = n ->
  OverZ.proved r columns box chain past (OverZ.negatives_of m box OverZ.zero) (wanted g) = true ->
      rows_hold.
Proof.
  intros h m columns box chain past (F & A1 & A2 & A3 & A4 & B1 & B2) C P1 P2 H row.
  simpl by_input in *. simpl by_coordinate in *. rewrite A2 in H. clear A2 columns.
  unfold rows_hold. rewrite <- A1 in *.
  exact (proved_true N r x _ r_rounds m box A3 A4 B1 B2 chain C past _ P1 P2 H row).
Qed.

Lemma cases_rows : forall h m columns box chain past each,
  holds h (MakeMaps m columns) box -> chain_holds n chain (coordinate x (kinds h)) ->
  all_true N x past -> length past = n ->
  OverZ.all_by_cases r columns box chain past (OverZ.last_of (OverZ.negatives_of m box OverZ.zero)
      OverZ.zero)
    (wanted g) (rows r) each = true -> rows_hold.
Proof.
  intros h m columns box chain past each (F & A1 & A2 & A3 & A4 & B1 & B2) C P1 P2 H row.
  simpl by_input in *. simpl by_coordinate in *. rewrite A2 in H. clear A2 columns.
  rewrite <- A1 in *.
  exact (all_by_cases_true N r x _ r_rounds m box A3 A4 B1 B2 chain C (rows r) each past _ P1 P2 H row).
Qed.

(** Nothing in the box is outside the claim, so the claim's bounds cut nothing off. *)
Lemma tightened_holds : forall h a box, holds h a box ->
  exists box', OverZ.tighten (by_input a) (least g) (most g) box = Some box' /\ holds h a box'.
Proof.
  intros h a box (F & A1 & A2 & A3 & A4 & B1 & B2).
  destruct (tighten_true (coordinate x (kinds h)) (by_input a) (least g) (most g) box B2)
    as (box' & T & B2' & B1').
  - intros row Hin. rewrite B1. exact (A3 row Hin).
  - intros t Ht. rewrite A1 in Ht. rewrite <- A4 by exact Ht. exact (x_in_claim t Ht).
  - exists box'. split; [exact T|]. rewrite B1 in B1'. unfold holds. auto 8.
Qed.

Lemma tree_true : forall p h a box units, holds h a box ->
  steps_true N x 0 units -> length units = n ->
  OverZ.check_tree r g n h a box units p = true -> rows_hold.
Proof.
  induction p as [begin | begin each | | c begin stop low IHlow high IHhigh
                 | begin stop new IHnew below IHbelow
                 | begin stop new IHnew between IHbetween below IHbelow];
    intros h [m columns] box0 units H0 U1 U2 H; cbn [OverZ.check_tree] in H;
    destruct (tightened_holds h _ box0 H0) as (box & T & Hbox); rewrite T in H; clear T box0 H0;
    assert (Hchain := chain_true h _ box Hbox);
    simpl by_input in *; simpl by_coordinate in *;
    destruct (OverZ.wide <? OverZ.size box OverZ.zero)%Z; try discriminate.
  - destruct (bounded_true h m columns box _ units begin (n - begin) Hbox Hchain U1 U2) as [[D1 D2] _].
    exact (proved_rows h m columns box _ _ Hbox Hchain D1 D2 H).
  - destruct (bounded_true h m columns box _ units begin (n - begin) Hbox Hchain U1 U2) as [[D1 D2] _].
    exact (cases_rows h m columns box _ _ each Hbox Hchain D1 D2 H).
  - destruct (bounded_true h m columns box _ units begin (stop - begin) Hbox Hchain U1 U2) as [_ [D1 D2]].
    destruct Hbox as (F & A1 & A2 & A3 & A4 & B1 & B2).
    assert (C := halves_cover box c _ B2). destruct (OverZ.halves c box) as [low_box high_box].
    destruct C as (C1 & C2 & C3). apply andb_prop in H. destruct H as [H1 H2].
    destruct C3 as [C3 | C3];
      [apply (IHlow h _ low_box _) in H1 | apply (IHhigh h _ high_box _) in H2]; auto;
      unfold holds; rewrite ?C1, ?C2; auto 8.
  - destruct (bounded_true h m columns box _ units begin (stop - begin) Hbox Hchain U1 U2) as [_ [D1 D2]].
    destruct (top h) as [|] eqn:E; [discriminate|].
    apply andb_prop in H. destruct H as [H H2]. apply andb_prop in H. destruct H as [H H1].
    apply Nat.ltb_lt in H. destruct Hbox as [F _].
    assert (G := F). destruct G as (_ & _ & _ & G1 & G2). rewrite E in G2. simpl in G2.
    destruct (Qlt_le_dec (x (length (kinds h))) 0) as [C | C].
    + destruct (OverZ.rows_of n (kinds (with_below h)) (seq 0 n)) as [m'|] eqn:R; [|discriminate].
      refine (IHbelow _ _ _ _ (holds_root _ m' _ R) D1 D2 H2).
      apply follows_below; [exact F | lia | lra].
    + destruct (OverZ.rows_of n (kinds (with_new h)) (seq 0 n)) as [m'|] eqn:R; [|discriminate].
      refine (IHnew _ _ _ _ (holds_root _ m' _ R) D1 D2 H1).
      apply follows_new; [exact F | lia | rewrite E; exact C].
  - destruct (bounded_true h m columns box _ units begin (stop - begin) Hbox Hchain U1 U2) as [_ [D1 D2]].
    destruct (top h) as [a|] eqn:E; [|discriminate].
    apply andb_prop in H. destruct H as [H H3]. apply andb_prop in H. destruct H as [H H2].
    apply andb_prop in H. destruct H as [H H1].
    apply Nat.ltb_lt in H. destruct Hbox as [F _].
    destruct (Qlt_le_dec (x (length (kinds h))) (x a)) as [C | C];
      [destruct (Qlt_le_dec (x (length (kinds h))) (value x (second h))) as [C' | C']|].
    + destruct (OverZ.rows_of n (kinds (with_below h)) (seq 0 n)) as [m'|] eqn:R; [|discriminate].
      refine (IHbelow _ _ _ _ (holds_root _ m' _ R) D1 D2 H3).
      apply follows_below; [exact F | lia | lra].
    + destruct (OverZ.rows_of n (kinds (with_between h a)) (seq 0 n)) as [m'|] eqn:R;
        [|discriminate].
      refine (IHbetween _ _ _ _ (holds_root _ m' _ R) D1 D2 H2).
      apply follows_between; [exact F | lia | exact E | exact C' | lra].
    + destruct (OverZ.rows_of n (kinds (with_new h)) (seq 0 n)) as [m'|] eqn:R; [|discriminate].
      refine (IHnew _ _ _ _ (holds_root _ m' _ R) D1 D2 H1).
      apply follows_new; [exact F | lia | rewrite E; exact C].
Qed.

Theorem pair_true : forall p, OverZ.check_pair r g (hidden_size N) n p = true -> rows_hold.
Proof.
  intros p H. unfold OverZ.check_pair in H.
  set (m := map (OverZ.basis n) (seq 0 n)) in H.
  assert (F : follows n x no_history).
  { split; [intros t; destruct t; exact I|]. simpl. repeat split; lra. }
  assert (R : OverZ.rows_of n [] (seq 0 n) = Some m).
  { unfold m. generalize (seq 0 n). intros l. induction l as [|t l IH]; [reflexivity|].
    cbn [OverZ.rows_of map]. rewrite IH. simpl OverZ.row_of. destruct t; reflexivity. }
  assert (B : OverZ.box_of [] (most g) (least g) (most g) = combine (least g) (most g)).
  { generalize (most g) at 1. generalize (least g) (most g).
    clear. intros l. induction l as [|a l IH]; intros [|b u] all; simpl; auto. f_equal. apply IH.
        }
  assert (R0 := holds_root no_history m F R).
  change (kinds no_history) with (@nil kind) in R0. rewrite B in R0.
  refine (tree_true p _ _ _ _ R0 _ _ H); [|apply repeat_length].
  generalize O. clear. induction n as [|k IH]; intros t; [exact I|].
  simpl. split; [apply repeat_length|]. split; [|apply IH].
  intros i k' Hk. apply nth_error_In, repeat_spec in Hk. subst k'.
  apply knows_as; [cbv; split; discriminate | cbv; discriminate | left; reflexivity | left;
      reflexivity].
Qed.

End Walk.

(** *** The rule that belongs to a network rounds its weights *)

(** [w 2^(b - s)] as an integer, rounded down, and by how much. *)
Lemma shiftl_rounds : forall w b s, (0 <= b)%Z -> (0 <= s)%Z ->
  (Z.shiftl w (b - s) * 2 ^ s <= w * 2 ^ b < (Z.shiftl w (b - s) + 1) * 2 ^ s)%Z /\
  (inexact (b - s) w = false -> w * 2 ^ b = Z.shiftl w (b - s) * 2 ^ s)%Z.
Proof.
  intros w b s Hb Hs. unfold inexact.
  assert (P : (0 < 2 ^ s)%Z) by (apply Z.pow_pos_nonneg; lia).
  destruct (Z.le_gt_cases s b) as [H | H].
  - rewrite (Z.shiftl_mul_pow2 w) by lia.
    assert (E : (w * 2 ^ b = w * 2 ^ (b - s) * 2 ^ s)%Z).
    { rewrite <- Z.mul_assoc, <- Z.pow_add_r by lia. f_equal. f_equal. lia. }
    rewrite E. split; [nia | reflexivity].
  - assert (E : (Z.shiftl w (b - s) = w / 2 ^ (s - b))%Z).
    { replace (b - s)%Z with (- (s - b))%Z by lia. rewrite Z.shiftl_opp_r.
      apply Z.shiftr_div_pow2. lia. }
    assert (P' : (0 < 2 ^ (s - b))%Z) by (apply Z.pow_pos_nonneg; lia).
    assert (Pb : (0 < 2 ^ b)%Z) by (apply Z.pow_pos_nonneg; lia).
    assert (E' : (2 ^ s = 2 ^ (s - b) * 2 ^ b)%Z).
    { rewrite <- Z.pow_add_r by lia. f_equal. lia. }
    assert (D := Z.div_mod w (2 ^ (s - b)) ltac:(lia)).
    assert (M := Z.mod_pos_bound w (2 ^ (s - b)) P'). rewrite E.
    split; [rewrite E'; nia|]. intros I. apply negb_false_iff, Z.eqb_eq in I.
    rewrite Z.shiftl_mul_pow2 in I by lia. replace (- (b - s))%Z with (s - b)%Z in I by lia.
    rewrite E', <- I at 1. ring.
Qed.

(** The same for the quotient [w / 2^s]. *)
Lemma shiftl_below : forall w b s q, (0 <= b)%Z -> (0 <= s)%Z -> q * inject_Z (2 ^ s) == inject_Z
    w
    ->
  inject_Z (Z.shiftl w (b - s)) <= q * inject_Z (2 ^ b).
Proof.
  intros w b s q Hb Hs Hq. destruct (shiftl_rounds w b s Hb Hs) as [[H _] _].
  assert (P : 0 < inject_Z (2 ^ s)) by (apply (inject_lt 0), Z.pow_pos_nonneg; lia).
  apply (Qmult_le_r _ _ _ P). apply inject_le in H. rewrite !inject_Z_mult, <- Hq in H.
  apply (Qle_trans _ _ _ H). lra.
Qed.

Lemma shiftl_above : forall w b s q c, (0 <= b)%Z -> (0 <= s)%Z -> q * inject_Z (2 ^ s) ==
    inject_Z
    w ->
  (0 <= c)%Z -> (inexact (b - s) w = true -> (1 <= c)%Z) ->
  q * inject_Z (2 ^ b) <= inject_Z (Z.shiftl w (b - s)) + inject_Z c.
Proof.
  intros w b s q c Hb Hs Hq Hc Hi. destruct (shiftl_rounds w b s Hb Hs) as [[_ H] H'].
  assert (P : (0 < 2 ^ s)%Z) by (apply Z.pow_pos_nonneg; lia).
  assert (H1 : (w * 2 ^ b <= (Z.shiftl w (b - s) + c) * 2 ^ s)%Z).
  { destruct (inexact (b - s) w); [specialize (Hi eq_refl); nia|].
    rewrite (H' eq_refl). nia. }
  assert (P' : 0 < inject_Z (2 ^ s)) by (apply (inject_lt 0); exact P).
  apply (Qmult_le_r _ _ _ P'). apply inject_le in H1.
  rewrite !inject_Z_mult, inject_Z_plus, <- Hq in H1. lra.
Qed.

Lemma first_coefficient : forall v w, inject_Z v <= w * inject_Z (2 ^ 40) ->
  inject_Z (Z.shiftr v 16) <= w * inject_Z (2 ^ 24).
Proof.
  intros v w H. destruct (shift_down v 16 ltac:(lia)) as [S _].
  change (inject_Z (2 ^ 40)) with (1099511627776 # 1) in H.
  change (inject_Z (2 ^ 16)) with (65536 # 1) in S.
  change (inject_Z (2 ^ 24)) with (16777216 # 1). lra.
Qed.

Lemma first_drive : forall r v u, (0 <= cut r)%Z -> inject_Z v <= u * inject_Z (2 ^ 40) ->
  u * inject_Z (2 ^ 40) <= inject_Z v + inject_Z (cut r) -> drives_round r [Z.shiftr v 20] u.
Proof.
  intros r v u Hc H H'. destruct (shift_down v 20 ltac:(lia)) as [S1 S2].
  apply (inject_le 0) in Hc. change (inject_Z 0) with 0 in Hc. unfold drives_round.
  change (inject_Z (2 ^ 40)) with (1099511627776 # 1) in H, H'.
  change (inject_Z (2 ^ 20)) with (1048576 # 1) in *. lra.
Qed.

Lemma nth_error_lt : forall (T : Type) (l : list T) i v, nth_error l i = Some v -> (i < length
    l)%nat.
Proof. intros T l i v H. apply nth_error_Some. rewrite H. discriminate. Qed.

Lemma transpose_nth : forall d m j v, nth_error (OverZ.transpose d m) j = Some v ->
  (j < d)%nat /\ forall i, nth i v 0%Z = nth j (nth i m []) 0%Z.
Proof.
  intros d m j v H. unfold OverZ.transpose in H. change OverZ.zero with 0%Z in H.
  assert (L : (j < d)%nat).
  { apply nth_error_lt in H. rewrite map_length, seq_length in H. exact H. }
  split; [exact L|]. intros i.
  rewrite nth_error_map in H.
  rewrite (nth_error_nth' (seq 0 d) O) in H by (rewrite seq_length; exact L).
  simpl in H. rewrite seq_nth in H by exact L. injection H as <-.
  transitivity (nth i (map (fun row => nth j row 0%Z) m) (nth j [] 0%Z)); [destruct j;
      reflexivity|].
  apply (map_nth (fun row => nth j row 0%Z)).
Qed.

Lemma bits_nonneg : forall l, (0 <= bits l)%Z.
Proof.
  intros l. unfold bits. destruct (_ =? 0)%Z; [lia|].
  assert (H := Z.log2_nonneg (fold_right Z.max 0 (map Z.abs l))%Z). lia.
Qed.

Lemma power_pos : forall b, (0 <= b)%Z -> Zpos (Z.to_pos (2 ^ b)) = (2 ^ b)%Z.
Proof. intros b H. apply Z2Pos.id. apply Z.pow_pos_nonneg; lia. Qed.

Lemma over_power : forall w p b, (0 <= b)%Z -> Zpos p = (2 ^ b)%Z ->
  (w # p) * inject_Z (2 ^ b) == inject_Z w.
Proof. intros w p b H E. rewrite <- E. unfold Qeq. simpl. lia. Qed.

Section Weights.

Variables (d n : nat) (scale : positive) (shift : Z) (ih : list Z) (hh margin_rows : list (list
    Z)).
Hypothesis shift_nonneg : (0 <= shift)%Z.
Hypothesis scale_power : (2 ^ shift = Zpos scale)%Z.
Hypothesis ih_length : length ih = d.
Hypothesis hh_length : length hh = d.
Hypothesis hh_square : forall row, In row hh -> length row = d.
Hypothesis d_few : (d <= 1024)%nat.

(** The network with input weights over [2^(bits ih)]. *)
Definition normal : network :=
  {| hidden_size := d;
     seq_len := n;
     W_ih := fun i => nth i ih 0%Z # Z.to_pos (2 ^ bits ih);
     W_hh := fun i k => nth k (nth i hh []) 0%Z # scale;
     W_out := fun _ _ => 0 |}.

Let r := rule_of d shift ih hh margin_rows.

Lemma cut_cases : (cut r = 0 \/ cut r = 1)%Z.
Proof. unfold r, rule_of. simpl. destruct (_ || _); auto. Qed.

Lemma ih_cut : forall i, inexact (40 - bits ih) (nth i ih 0%Z) = true -> (1 <= cut r)%Z.
Proof.
  intros i H. unfold r, rule_of. cbn [cut].
  enough (E : existsb (inexact (40 - bits ih)) ih = true) by (rewrite E; simpl; lia).
  apply existsb_exists. exists (nth i ih 0%Z). split; [|exact H].
  destruct (Nat.lt_ge_cases i (length ih)) as [L | L]; [apply nth_In; exact L|].
  rewrite nth_overflow in H by exact L. unfold inexact in H.
  rewrite !Z.shiftl_0_l in H. discriminate.
Qed.

Lemma hh_cut : forall i k, inexact (40 - shift) (nth k (nth i hh []) 0%Z) = true -> (1 <= cut
    r)%Z.
Proof.
  intros i k H. unfold r, rule_of. cbn [cut].
  enough (E : existsb (inexact (40 - shift)) (concat hh) = true)
    by (rewrite E, orb_true_r; simpl; lia).
  apply existsb_exists. exists (nth k (nth i hh []) 0%Z). split; [|exact H].
  assert (Z0 : nth k (nth i hh []) 0%Z <> 0%Z).
  { intros E. rewrite E in H. unfold inexact in H. rewrite !Z.shiftl_0_l in H. discriminate. }
  apply in_concat. exists (nth i hh []).
  destruct (Nat.lt_ge_cases i (length hh)) as [L | L];
    [|rewrite (nth_overflow hh) in Z0 by exact L; destruct k; contradiction].
  split; [apply nth_In; exact L|].
  destruct (Nat.lt_ge_cases k (length (nth i hh []))) as [L' | L'];
    [apply nth_In; exact L' | rewrite nth_overflow in Z0 by exact L'; contradiction].
Qed.

Definition scaled_ih : list Z := map (fun v => Z.shiftl v (40 - bits ih)) ih.
Definition scaled_hh : list (list Z) := map (map (fun v => Z.shiftl v (40 - shift))) hh.

Lemma scaled_nth : forall b l i, nth i (map (fun v => Z.shiftl v b) l) 0%Z = Z.shiftl (nth i l
    0%Z)
    b.
Proof.
  intros b l i. rewrite <- (Z.shiftl_0_l b) at 1.
  apply (map_nth (fun v => Z.shiftl v b)).
Qed.

Lemma scaled_hh_nth : forall i k,
  nth k (nth i scaled_hh []) 0%Z = Z.shiftl (nth k (nth i hh []) 0%Z) (40 - shift).
Proof.
  intros i k. unfold scaled_hh. change (@nil Z) with (map (fun v => Z.shiftl v (40 - shift)) [])
      at
      1.
  rewrite map_nth. apply scaled_nth.
Qed.

Lemma ih_bounds : forall i, let v := nth i scaled_ih 0%Z in
  inject_Z v <= W_ih normal i * inject_Z (2 ^ 40) /\
  W_ih normal i * inject_Z (2 ^ 40) <= inject_Z v + inject_Z (cut r).
Proof.
  intros i v. subst v. unfold scaled_ih. rewrite scaled_nth. assert (B := bits_nonneg ih).
  assert (E := over_power (nth i ih 0%Z) _ (bits ih) B (power_pos _ B)). split.
  - apply shiftl_below; [lia | exact B | exact E].
  - apply shiftl_above; [lia | exact B | exact E | destruct cut_cases; lia | apply ih_cut].
Qed.

Lemma hh_bounds : forall i k, let v := nth k (nth i scaled_hh []) 0%Z in
  inject_Z v <= W_hh normal i k * inject_Z (2 ^ 40) /\
  W_hh normal i k * inject_Z (2 ^ 40) <= inject_Z v + inject_Z (cut r).
Proof.
  intros i k v. subst v. rewrite scaled_hh_nth.
  assert (E := over_power (nth k (nth i hh []) 0%Z) scale shift shift_nonneg (eq_sym
      scale_power)).
  split.
  - apply shiftl_below; [lia | exact shift_nonneg | exact E].
  - apply shiftl_above; [lia | exact shift_nonneg | exact E | destruct cut_cases;
      lia | apply hh_cut].
Qed.

Lemma rule_rounds : rounds normal r.
Proof.
  constructor.
  - destruct cut_cases; lia.
  - exact d_few.
  - exists (OverZ.transpose d scaled_hh). split; [reflexivity|]. split.
    + unfold OverZ.transpose. rewrite map_length. apply seq_length.
    + intros j v H i _. destruct (transpose_nth d scaled_hh j v H) as [_ E]. rewrite E.
      apply hh_bounds.
  - exists scaled_ih. split; [reflexivity|]. intros i _. apply ih_bounds.
Qed.

Definition pre_of (c : Z) (weights : Z * list Z) : pre Z :=
  let '(v, row) := weights in
  Pre (map (fun w => Z.shiftr w 16) row) (Z.shiftr v 20)
    (map (fun w => Z.shiftr (- w - c) 16) row) (Z.shiftr (- v - c) 20).

Lemma pres_eq : pres r = map (pre_of (cut r)) (combine scaled_ih scaled_hh).
Proof. reflexivity. Qed.

Lemma rule_pres : pres_round normal r.
Proof.
  split.
  - rewrite pres_eq, map_length, combine_length. unfold scaled_ih, scaled_hh.
    rewrite !map_length. simpl hidden_size. lia.
  - intros i p H. rewrite pres_eq, nth_error_map in H.
    destruct (nth_error (combine _ _) i) as [[v row]|] eqn:E; [|discriminate].
    assert (L : (i < d)%nat).
    { apply nth_error_lt in E. rewrite combine_length in E. unfold scaled_ih in E.
      rewrite map_length in E. lia. }
    assert (Ls : length scaled_ih = length scaled_hh).
    { unfold scaled_ih, scaled_hh. rewrite !map_length. congruence. }
    apply (nth_error_nth _ _ (0%Z, [])) in E. rewrite combine_nth in E by exact Ls.
    injection E as Ev Erow.
    change (Some (pre_of (cut r) (v, row)) = Some p) in H.
    assert (Hp : p = pre_of (cut r) (v, row)) by congruence. subst p. clear H.
    assert (Lrow : length row = d).
    { rewrite <- Erow. unfold scaled_hh.
      change (@nil Z) with (map (fun v => Z.shiftl v (40 - shift)) []). rewrite map_nth,
          map_length.
      apply hh_square, nth_In. lia. }
    destruct (ih_bounds i) as [I1 I2]. rewrite Ev in I1, I2.
    assert (C : (0 <= cut r)%Z) by (destruct cut_cases; lia).
    unfold pre_rounds, pre_of. rewrite !map_length. change (hidden_size normal) with d.
    split; [exact Lrow|]. split; [exact Lrow|].
    split; [|split; [|split]].
    + intros k Hk. rewrite <- (Z.shiftr_0_l 16) at 1.
      rewrite (map_nth (fun w => Z.shiftr w 16)). apply first_coefficient.
      destruct (hh_bounds i k) as [H1 H2]. rewrite Erow in H1. exact H1.
    + intros k Hk. rewrite (nth_indep _ _ (Z.shiftr (- 0 - cut r) 16)) by (rewrite map_length;
        lia).
      rewrite (map_nth (fun w => Z.shiftr (- w - cut r) 16)). apply first_coefficient.
      destruct (hh_bounds i k) as [H1 H2]. rewrite Erow in H2.
      rewrite inject_sub, inject_Z_opp. lra.
    + apply first_drive; auto.
    + apply first_drive; auto; rewrite inject_sub, inject_Z_opp; lra.
Qed.

(** A row's first coefficients. *)
Lemma rule_rows : forall row, In row margin_rows ->
  exists row', In row' (rows r) /\ length row' = length row /\
  forall k, inject_Z (nth k row' 0%Z) <=
    (nth k row 0%Z # Z.to_pos (2 ^ bits (concat margin_rows))) * inject_Z (2 ^ 24).
Proof.
  intros row H. exists (map (fun v => Z.shiftl v (24 - bits (concat margin_rows))) row).
  split; [|split; [apply map_length|]].
  - apply (in_map (map (fun v => Z.shiftl v (24 - bits (concat margin_rows))))). exact H.
  - intros k. clear ih_length hh_length d_few hh_square shift_nonneg scale_power.
    rewrite scaled_nth. assert (B := bits_nonneg (concat margin_rows)).
    apply shiftl_below; [lia | exact B|]. apply over_power; [exact B|]. apply power_pos. exact B.
Qed.

End Weights.

(** *** When the checker over [Z] says true, the claim holds *)

Lemma relu_scale : forall k u, 0 <= k -> relu (k * u) == k * relu u.
Proof.
  intros k u Hk. destruct (Qlt_le_dec u 0) as [H | H].
  - rewrite !relu_neg; [ring | lra | nra].
  - rewrite !relu_pos; [reflexivity | lra | nra].
Qed.

(** What comes in [k] times as large makes states [k] times as large. *)
Lemma state_scale : forall N N' x x' k, 0 <= k -> hidden_size N' = hidden_size N ->
  (forall i j, W_hh N' i j == W_hh N i j) ->
  forall t, (forall i s, (s < t)%nat -> W_ih N' i * x' s == k * (W_ih N i * x s)) ->
  forall i, state N' x' t i == k * state N x t i.
Proof.
  intros N N' x x' k Hk Hd Hhh t. induction t as [|t IH]; intros Hih i; [simpl; ring|].
  change (relu (preact N' x' t i) == k * relu (preact N x t i)).
  rewrite <- relu_scale by exact Hk. apply relu_mor. unfold preact.
  rewrite Hih by lia. rewrite Hd.
  rewrite (sum_ext _ _ (fun j => k * (W_hh N i j * state N x t j))).
  - rewrite sum_scale. ring.
  - intros j _. rewrite Hhh, IH by (intros; apply Hih; lia). ring.
Qed.

Lemma down_below : forall q, inject_Z (down q) <= q * 16777216.
Proof.
  intros [a b]. unfold down, Qle. simpl. rewrite Z.mul_1_r, Pos.mul_1_r.
  rewrite Z.mul_comm. apply Z.mul_div_le. lia.
Qed.

Lemma up_above : forall q, q * 16777216 <= inject_Z (up q).
Proof.
  intros [a b]. unfold up, Qle. simpl. rewrite Z.mul_1_r, Pos.mul_1_r.
  assert (H := Z.mul_div_le (- a * 16777216) (Zpos b) ltac:(lia)).
  change (Qnum (a # b)) with a. lia.
Qed.

Section Soundness.

Variables (d n : nat) (scale : positive) (ih : list Z) (hh out : list (list Z)).

Let N := network_of_tables d n scale ih hh out.

Lemma margin_row : forall s j f, length out = n -> (forall row, In row out -> length row = d) ->
  (s < n)%nat -> (j < n)%nat -> j <> s ->
  exists row, In row (margins out s) /\ length row = d /\
  forall B C, sum d (fun k => (nth k row 0%Z # B) * (C * f k)) ==
    C * (Zpos scale # B) * (sum d (fun k => W_out N s k * f k) - sum d (fun k => W_out N j k * f
        k)).
Proof.
  intros s j f Hout Hrows Hs Hj Hjs.
  assert (Ls : length (nth s out []) = d) by (apply Hrows, nth_In; lia).
  assert (Lj : length (nth j out []) = d) by (apply Hrows, nth_In; lia).
  exists (OverZ.zip Z.sub (nth s out []) (nth j out [])). split; [|split].
  - unfold margins. apply (in_map (fun j => OverZ.zip Z.sub (nth s out []) (nth j out []))).
    apply filter_In. split; [apply in_seq; lia|]. apply negb_true_iff, Nat.eqb_neq. exact Hjs.
  - rewrite zip_length; congruence.
  - intros B C. rewrite (sum_ext d _ (fun k => C * (Zpos scale # B) * (W_out N s k * f k)
      + - (C * (Zpos scale # B)) * (W_out N j k * f k))).
    + rewrite sum_plus, !sum_scale. ring.
    + intros k Hk.
      assert (E : nth k (OverZ.zip Z.sub (nth s out []) (nth j out [])) 0%Z
                  = (nth k (nth s out []) 0 - nth k (nth j out []) 0)%Z).
      { clear -Ls Lj Hk. revert k Hk. rewrite <- Ls, <- Lj in *. clear Ls.
        revert Lj. generalize (nth s out []) as u, (nth j out []) as v. clear.
        induction u as [|a u IH]; intros [|b v] L k Hk; try discriminate; simpl in Hk; [lia|].
        destruct k as [|k]; [reflexivity|]. simpl. apply IH; simpl in *; lia. }
      rewrite E. simpl W_out. rewrite !(Qmake_Qdiv _ scale), !(Qmake_Qdiv _ B), inject_sub.
      field. split; unfold Qeq; simpl; lia.
Qed.

Lemma x_in_goal : forall m s lo hi noise wanted c M x, (m < n)%nat -> (s < n)%nat -> m <> s ->
  c * M == 16777216 -> 0 <= c -> noisy_impulses n m s lo hi noise M x ->
  let g := goal_of n m s lo hi noise wanted in
  forall t, (t < n)%nat ->
  inject_Z (nth t (least g) 0%Z) <= c * x t /\ c * x t <= inject_Z (nth t (most g) 0%Z).
Proof.
  intros m s lo hi noise wanted c M x Hm Hs Hms Hc Hc0 (X1 & X2 & X3 & X4) g t Ht.
  assert (G : forall f, nth t (map f (seq 0 n)) 0%Z = f t).
  { intros f. rewrite (nth_indep _ 0%Z (f O)) by (rewrite map_length, seq_length; exact Ht).
    rewrite map_nth, seq_nth by exact Ht. reflexivity. }
  subst g. unfold goal_of. cbn [least most]. rewrite !G.
  assert (Lo := down_below lo). assert (Hi := up_above hi). assert (No := up_above noise).
  assert (L : lo * 16777216 == c * (lo * M)) by (rewrite <- Hc; ring).
  assert (H : hi * 16777216 == c * (hi * M)) by (rewrite <- Hc; ring).
  assert (E : noise * 16777216 == c * (noise * M)) by (rewrite <- Hc; ring).
  destruct (Nat.eqb_spec t m) as [-> | Htm].
  - rewrite X1, Hc. split; apply Qle_refl.
  - destruct (Nat.eqb_spec t s) as [-> | Hts].
    + assert (c * (lo * M) <= c * x s) by nra. assert (c * x s <= c * (hi * M)) by nra. lra.
    + destruct (X4 t Ht Htm Hts) as [X5 X6]. rewrite inject_Z_opp.
      assert (c * - (noise * M) <= c * x t) by nra. assert (c * x t <= c * (noise * M)) by nra.
          lra.
Qed.

(** A proof that is checked gives all margins of its pair a positive bound. *)
Theorem checked_pair : forall shift m s lo hi noise wanted p,
  (2 ^ shift = Zpos scale)%Z -> fits d n shift ih hh out = true ->
  (m < n)%nat -> (s < n)%nat -> m <> s -> (1 <= wanted)%Z ->
  OverZ.check_pair (rule_of d shift ih hh (margins out s)) (goal_of n m s lo hi noise wanted) d n
      p
    = true ->
  exists delta, 0 < delta /\ forall M x, 0 < M -> noisy_impulses n m s lo hi noise M x ->
  forall j, (j < n)%nat -> j <> s -> logit N x j + delta * M <= logit N x s.
Proof.
  intros shift m s lo hi noise w p Hscale Hfits Hm Hs Hms Hw H.
  unfold fits in Hfits. rewrite !andb_true_iff in Hfits.
  destruct Hfits as (((((((((_ & F1) & _) & _) & F2) & F3) & F4) & F5) & F6) & F7).
  apply Z.leb_le in F1. apply Z.leb_le in F2. apply Nat.eqb_eq in F3, F4, F5.
  rewrite forallb_forall in F6, F7.
  assert (F6' : forall row, In row hh -> length row = d) by (intros; apply Nat.eqb_eq, F6; auto).
  assert (F7' : forall row, In row out -> length row = d) by (intros; apply Nat.eqb_eq, F7; auto).
  assert (Fd : (d <= 1024)%nat) by lia.
  set (raw := margins out s) in *. set (g := goal_of n m s lo hi noise w) in *.
  set (r := rule_of d shift ih hh raw) in *.
  set (B := Z.to_pos (2 ^ bits ih)). set (B' := Z.to_pos (2 ^ bits (concat raw))).
  set (c1 := Zpos scale # B). set (c2 := Zpos scale # B').
  assert (P1 : 0 < c1) by reflexivity. assert (P2 : 0 < c2) by reflexivity.
  assert (P : 0 < c1 * c2 * 16777216) by reflexivity.
  exists (inject_Z w * / (c1 * c2 * 16777216)). split.
  { apply Qmult_lt_0_compat; [apply (inject_lt 0); lia | apply Qinv_lt_0_compat; exact P]. }
  intros M x HM Hx j Hj Hjs. set (c := 16777216 * / M).
  assert (PM : 0 < / M) by (apply Qinv_lt_0_compat; exact HM).
  assert (Hc : c * M == 16777216) by (unfold c; field; lra).
  assert (Hc0 : 0 <= c) by (unfold c; lra).
  assert (X := x_in_goal m s lo hi noise w c M x Hm Hs Hms Hc Hc0 Hx). fold g in X.
  assert (R : rounds (normal d n scale ih hh) r) by (apply rule_rounds; assumption).
  assert (R' : pres_round (normal d n scale ih hh) r) by (apply rule_pres; assumption).
  assert (G := pair_true (normal d n scale ih hh) r g (fun t => c * x t) R R' n).
  simpl hidden_size in G.
  assert (G1 : (first g <= n)%nat) by (simpl; lia).
  assert (G2 : length (least g) = n) by (simpl; rewrite map_length; apply seq_length).
  assert (G3 : length (most g) = n) by (simpl; rewrite map_length; apply seq_length).
  specialize (G G1 G2 G3 X p H).
  destruct (margin_row s j (state N x n) F5 F7' Hs Hj Hjs) as (row & M1 & M2 & M3).
  destruct (rule_rows d shift ih hh raw row M1) as (row' & M4 & M5 & M6). fold r in M4. fold B' in
      M6.
  specialize (G row' M4 (fun k => nth k row 0%Z # B')). simpl hidden_size in G.
  specialize (G ltac:(congruence) (fun k _ => M6 k)). change (wanted g) with w in *. 
  assert (HS : forall k, state (normal d n scale ih hh) (fun t => c * x t) n k
                 == c * c1 * state N x n k).
  { apply state_scale; [nra | reflexivity | reflexivity |]. intros i t _. simpl. fold B. unfold
      c1.
    rewrite (Qmake_Qdiv _ B), (Qmake_Qdiv (Zpos scale)), (Qmake_Qdiv _ scale). field.
    split; unfold Qeq; simpl; lia. }
  rewrite (sum_ext d _ (fun k => (nth k row 0%Z # B') * (c * c1 * state N x n k))) in G
    by (intros; rewrite HS; reflexivity).
  rewrite M3 in G. fold c2 in G. unfold logit. simpl hidden_size. simpl seq_len. fold N.
  set (Ls := sum d (fun k => W_out N s k * state N x n k)) in *.
  set (Lj := sum d (fun k => W_out N j k * state N x n k)) in *.
  assert (Q : inject_Z w * / (c1 * c2 * 16777216) * M * (c1 * c2 * 16777216)
              == inject_Z w * M) by (field; lra).
  assert (Q' : inject_Z w * M <= (Ls - Lj) * (c1 * c2 * 16777216)).
  { setoid_replace ((Ls - Lj) * (c1 * c2 * 16777216)) with (c * c1 * c2 * (Ls - Lj) * M)
      by (rewrite <- Hc; ring).
    apply Qmult_le_compat_r; [exact G | lra]. }
  enough (inject_Z w * / (c1 * c2 * 16777216) * M <= Ls - Lj) by lra.
  apply (Qmult_le_r _ _ _ P). rewrite Q. exact Q'.
Qed.

Theorem check_Z_bounds : forall lo hi noise proofs,
  check_Z d n scale ih hh out lo hi noise proofs = true ->
  forall p, In p proofs -> (at_m p < n)%nat /\ (at_s p < n)%nat /\ at_m p <> at_s p /\
  exists delta, 0 < delta /\ forall M x, 0 < M -> noisy_impulses n (at_m p) (at_s p) lo hi noise M
      x ->
  forall j, (j < n)%nat -> j <> at_s p -> logit N x j + delta * M <= logit N x (at_s p).
Proof.
  intros lo hi noise proofs H p Hp. unfold check_Z in H. rewrite !andb_true_iff in H.
  destruct H as ((H1 & H2) & H3). rewrite forallb_forall in H3. specialize (H3 p Hp).
  apply andb_prop in H3. destruct H3 as [H3 H4]. unfold in_order in H3.
  rewrite !andb_true_iff in H3. destruct H3 as ((((((((I1 & I2) & I3) & I4) & _) & _) & _) & _) &
      _).
  apply Nat.ltb_lt in I1, I2. apply negb_true_iff, Nat.eqb_neq in I3. apply Z.leb_le in I4.
  apply Z.eqb_eq in H1. repeat split; auto.
  exact (checked_pair _ _ _ lo hi noise (bound_of p) (tree_of p) H1 H2 I1 I2 I3 I4 H4).
Qed.

(** The claim for all listed pairs, over the rationals. *)
Theorem check_Z_sound : forall lo hi noise proofs,
  check_Z d n scale ih hh out lo hi noise proofs = true ->
  forall p, In p proofs -> forall M x, 0 < M -> noisy_impulses n (at_m p) (at_s p) lo hi noise M x
      ->
  forall j, (j < n)%nat -> j <> at_s p -> logit N x j < logit N x (at_s p).
Proof.
  intros lo hi noise proofs H p Hp M x HM Hx j Hj Hjs.
  destruct (check_Z_bounds lo hi noise proofs H p Hp) as (_ & _ & _ & delta & Hd & G).
  specialize (G M x HM Hx j Hj Hjs).
  assert (0 < delta * M) by (apply Qmult_lt_0_compat; assumption). lra.
Qed.

End Soundness.

(** * Part 4. The certificate

    For each pair the positions m and s, what every margin is at least (in units of the rule), and
    the tree: how the set of inputs is cut until linear bounds prove every margin. *)

Definition proofs : list proof := [
  Proof_of 0 1 194146 (Proved 0);
  Proof_of 0 2 546967 (Proved 0);
  Proof_of 0 3 250301 (Proved 0);
  Proof_of 0 4 131036 (Proved 0);
  Proof_of 0 5 264059 (Proved 0);
  Proof_of 0 6 1899490 (Proved 0);
  Proof_of 0 7 2027064 (Proved 0);
  Proof_of 0 8 942710 (Proved 0);
  Proof_of 0 9 1195113 (Proved 0);
  Proof_of 1 0 410495 (Proved 0);
  Proof_of 1 2 193939 (Proved 0);
  Proof_of 1 3 485197 (Proved 0);
  Proof_of 1 4 213088 (Proved 0);
  Proof_of 1 5 110214 (Proved 0);
  Proof_of 1 6 518407 (Proved 0);
  Proof_of 1 7 1306901 (Proved 0);
  Proof_of 1 8 1779432 (Proved 0);
  Proof_of 1 9 921260 (Proved 0);
  Proof_of 2 0 789121 (Proved 0);
  Proof_of 2 1 197291 (Proved 0);
  Proof_of 2 3 173665 (Proved 0);
  Proof_of 2 4 446787 (Proved 0);
  Proof_of 2 5 178366 (Proved 0);
  Proof_of 2 6 236104 (Proved 0);
  Proof_of 2 7 608118 (Proved 0);
  Proof_of 2 8 895350 (Proved 0);
  Proof_of 2 9 1410693 (Proved 0);
  Proof_of 3 0 634032 (Proved 0);
  Proof_of 3 1 338946 (Proved 0);
  Proof_of 3 2 76524 (Proved 0);
  Proof_of 3 4 5543 (By_cases 0 [ Bound; Bound; Bound; Bound; Split 7 15 Bound (Split 3 9 Bound
   Bound); Split 3 10 (Split 5 14 Bound Bound) Bound; Bound; Bound; Bound ]);
  Proof_of 3 5 2570 (By_cases 0 [ Bound; Bound; Split 7 4 Bound Bound; Bound; Bound; Bound; Bound;
   Bound; Bound ]);
  Proof_of 3 6 5943 (By_cases 0 [ Bound; Bound; Split 7 4 Bound Bound; Split 6 2 (Split 8 14 Bound
   Bound) (Split 8 14 (Split 4 7 (Split 4 13 Bound Bound) (Split 4 13 Bound Bound)) (Split 5 2
   Bound Bound)); Split 5 10 (Split 8 14 Bound (Split 9 8 Bound Bound)) (Split 8 14 Bound Bound);
   Bound; Bound; Bound; Bound ]);
  Proof_of 3 7 260554 (First 0 10 (Proved 0) (Proved 0));
  Proof_of 3 8 75367 (By_cases 0 [ Bound; Bound; Bound; Split 8 4 Bound Bound; Bound; Bound;
   Bound; Bound; Bound ]);
  Proof_of 3 9 12820 (By_cases 0 [ Bound; Split 6 4 Bound (Split 8 9 Bound Bound); Split 7 4
   (Split 3 10 (Split 9 12 (Split 6 4 Bound Bound) Bound) (Split 9 12 Bound Bound)) Bound; Bound;
   Bound; Bound; Bound; Bound; Bound ]);
  Proof_of 4 0 203525 (Proved 0);
  Proof_of 4 1 277701 (Proved 0);
  Proof_of 4 2 247514 (Proved 0);
  Proof_of 4 3 1584 (By_cases 0 [ Bound; Bound; Split 7 4 Bound Bound; Split 4 14 (Split 5 14
   Bound (Split 5 8 (Split 3 2 Bound Bound) Bound)) (Split 5 14 (Split 5 8 (Split 3 10 Bound
   Bound) (Split 3 10 (Split 3 0 (Split 3 4 Bound Bound) Bound) Bound)) (Split 5 8 (Split 3 10
   (Split 3 0 Bound Bound) (Split 3 0 Bound Bound)) (Split 3 0 Bound Bound))); Split 5 14 (Split 4
   14 Bound (Split 3 10 Bound Bound)) (Split 4 14 (Split 3 2 Bound Bound) (Split 5 8 (Split 3 10
   Bound Bound) (Split 3 10 Bound Bound))); Split 5 14 (Split 4 14 Bound Bound) (Split 4 14 Bound
   Bound); Bound; Bound; Bound ]);
  Proof_of 4 5 68428 (First 0 10 (Proved 0) (By_cases 0 [ Bound; Bound; Bound; Bound; Bound; Split
   8 15 Bound (Split 4 9 Bound Bound); Split 4 10 (Split 6 14 Bound Bound) Bound; Bound; Bound ]));
  Proof_of 4 6 279892 (First 0 10 (Proved 0) (By_cases 0 [ Bound; Bound; Bound; Split 8 4 (Split 4
   10 Bound Bound) Bound; Bound; Bound; Bound; Bound; Bound ]));
  Proof_of 4 7 160230 (First 0 10 (Proved 0) (By_cases 0 [ Bound; Bound; Bound; Split 8 4 Bound
   Bound; Split 7 2 (Split 5 7 Bound Bound) (Split 5 13 (Split 5 7 Bound Bound) (Split 5 7 (Split
   9 14 Bound Bound) (Split 9 14 Bound Bound))); Split 6 10 Bound Bound; Bound; Bound; Bound ]));
  Proof_of 4 8 302088 (First 0 10 (Proved 0) (By_cases 0 [ Bound; Bound; Bound; Bound; Split 5 5
   (Split 6 2 Bound (Split 7 2 Bound Bound)) (Split 6 2 (Split 7 2 (Split 6 5 Bound Bound) (Split
   5 7 Bound Bound)) (Split 7 2 (Split 5 7 Bound (Split 6 5 Bound Bound)) (Split 5 7 Bound
   Bound))); Bound; Bound; Bound; Bound ]));
  Proof_of 4 9 460191 (First 0 10 (Proved 0) (Proved 0));
  Proof_of 5 0 311080 (Proved 0);
  Proof_of 5 1 44883 (Proved 0);
  Proof_of 5 2 64132 (Proved 0);
  Proof_of 5 3 14678 (By_cases 0 [ Bound; Bound; Bound; Bound; Split 4 14 Bound (Split 3 10 Bound
   Bound); Bound; Bound; Bound; Bound ]);
  Proof_of 5 4 2991 (First 0 10 (By_cases 0 [ Bound; Bound; Bound; Bound; Split 5 14 (Split 6 14
   Bound Bound) (Split 6 14 (Split 6 8 (Split 4 10 Bound Bound) Bound) (Split 6 8 (Split 4 10
   Bound Bound) Bound)); Split 6 14 Bound (Split 5 14 Bound Bound); Bound; Bound; Bound ])
   (By_cases 0 [ Bound; Bound; Bound; Split 8 4 Bound Bound; Split 5 14 (Split 6 14 Bound (Split 6
   8 (Split 4 2 Bound Bound) Bound)) (Split 6 14 (Split 6 8 (Split 4 10 Bound Bound) (Split 4 10
   (Split 4 0 (Split 4 4 Bound Bound) Bound) Bound)) (Split 6 8 (Split 4 10 (Split 4 0 (Split 3 15
   Bound Bound) Bound) (Split 4 0 (Split 3 13 Bound Bound) Bound)) (Split 4 0 Bound Bound)));
   Split 6 14 (Split 5 14 Bound (Split 4 10 Bound Bound)) (Split 5 14 (Split 6 8 Bound Bound)
   (Split 6 8 Bound (Split 4 10 Bound Bound))); Split 6 14 (Split 5 14 Bound Bound) (Split 5 14
   Bound Bound); Bound; Bound ]));
  Proof_of 5 6 8471 (First 0 10 (History 0 1 (By_cases 1 [ Bound; Bound; Bound; Bound; Bound;
   Bound; Split 9 15 Bound (Split 5 9 (Split 4 11 Bound Bound) Bound); Bound; Bound ]) (By_cases 1
   [ Bound; Bound; Bound; Bound; Bound; Bound; Split 9 15 Bound (Split 5 9 (Split 4 10 Bound
   Bound) Bound); Split 5 9 Bound Bound; Bound ]) (By_cases 1 [ Bound; Bound; Bound; Bound; Bound;
   Bound; Split 9 15 Bound (Split 5 9 Bound Bound); Bound; Bound ])) (First 0 1 (Proved 1) (Proved
   1)));
  Proof_of 5 7 104491 (First 0 10 (By_cases 0 [ Split 9 7 (Split 9 4 Bound Bound) Bound; Bound;
   Bound; Split 8 4 Bound Bound; Split 9 4 (Split 5 10 (Split 6 5 Bound Bound) (Split 6 5 (Split 7
   2 Bound Bound) (Split 7 2 Bound Bound))) (Split 8 4 Bound Bound); Split 9 14 (Split 7 2 (Split
   9 7 Bound Bound) (Split 9 7 (Split 8 2 (Split 6 7 Bound Bound) Bound) Bound)) (Split 7 2 (Split
   6 13 Bound Bound) Bound); Split 7 10 Bound (Split 9 14 (Split 9 7 Bound Bound) Bound); Split 9
   7 Bound (Split 7 2 Bound Bound); Bound ]) (First 0 1 (Proved 1) (Proved 1)));
  Proof_of 5 8 19228 (First 0 10 (History 0 1 (By_cases 1 [ Split 9 4 (Split 5 4 Bound (Split 5 2
   Bound Bound)) Bound; Bound; Bound; Bound; Split 9 4 Bound Bound; Bound; Bound; Bound; Bound ])
   (By_cases 1 [ Split 9 4 (Split 5 4 Bound (Split 5 2 Bound Bound)) Bound; Bound; Bound; Bound;
   Split 9 4 Bound Bound; Bound; Bound; Bound; Bound ]) (By_cases 1 [ Split 9 4 (Split 5 4 Bound
   (Split 4 5 Bound Bound)) Bound; Bound; Bound; Bound; Bound; Bound; Bound; Bound; Bound ]))
   (First 0 1 (Proved 1) (Proved 1)));
  Proof_of 5 9 2709 (First 0 10 (History 0 1 (History 1 2 (By_cases 2 [ Split 5 4 (Split 5 2
   (Split 5 8 (Split 5 6 Bound Bound) Bound) Bound) (Split 5 2 (Split 5 8 (Split 5 6 Bound Bound)
   Bound) (Split 5 8 (Split 5 6 Bound Bound) Bound)); Bound; Bound; Bound; Bound; Bound; Bound;
   Bound; Bound ]) (By_cases 2 [ Split 5 4 (Split 5 2 (Split 5 8 (Split 5 6 Bound Bound) Bound)
   Bound) (Split 5 2 (Split 5 8 (Split 5 6 Bound Bound) Bound) (Split 5 8 (Split 5 6 Bound Bound)
   Bound)); Bound; Bound; Bound; Bound; Bound; Bound; Bound; Bound ]) (By_cases 2 [ Split 5 6
   (Split 5 8 (Split 5 4 Bound Bound) Bound) Bound; Bound; Bound; Bound; Bound; Bound; Bound;
   Bound; Bound ])) (History 1 2 (By_cases 2 [ Split 5 4 (Split 5 2 (Split 5 8 (Split 5 6 Bound
   Bound) (Split 5 6 Bound Bound)) Bound) (Split 5 2 (Split 5 8 (Split 5 6 Bound Bound) Bound)
   (Split 5 8 Bound Bound)); Bound; Bound; Bound; Bound; Bound; Bound; Bound; Bound ]) (History 2
   3 (Proved 3) (Proved 3) (Proved 3)) (By_cases 2 [ Split 5 4 (Split 5 2 (Split 5 6 (Split 5 8
   Bound Bound) Bound) (Split 5 6 Bound Bound)) (Split 5 2 (Split 5 6 (Split 5 8 Bound Bound)
   Bound) (Split 5 6 Bound Bound)); Bound; Bound; Bound; Bound; Bound; Bound; Bound; Bound ]))
   (History 1 2 (By_cases 2 [ Split 5 4 (Split 5 2 (Split 5 8 (Split 5 6 Bound Bound) Bound)
   Bound) (Split 5 2 (Split 5 8 (Split 5 6 Bound Bound) Bound) (Split 5 8 Bound Bound)); Bound;
   Bound; Bound; Bound; Bound; Bound; Bound; Bound ]) (By_cases 2 [ Split 5 6 (Split 5 8 Bound
   Bound) Bound; Bound; Bound; Bound; Bound; Bound; Bound; Bound; Bound ]) (By_cases 2 [ Split 5 6
   (Split 5 8 Bound Bound) Bound; Bound; Bound; Bound; Bound; Bound; Bound; Bound; Bound ])))
   (First 0 1 (History 1 2 (By_cases 2 [ Split 5 6 Bound Bound; Bound; Bound; Bound; Bound; Bound;
   Bound; Bound; Bound ]) (By_cases 2 [ Split 5 6 Bound Bound; Bound; Bound; Bound; Bound; Bound;
   Bound; Bound; Bound ]) (By_cases 2 [ Split 5 6 (Split 5 8 Bound Bound) Bound; Bound; Bound;
   Bound; Bound; Bound; Bound; Bound; Bound ])) (First 1 2 (Proved 2) (Proved 2))));
  Proof_of 6 0 792759 (Proved 0);
  Proof_of 6 1 137413 (Proved 0);
  Proof_of 6 2 2191 (By_cases 0 [ Bound; Bound; Bound; Bound; Bound; Split 6 15 (Split 3 14 (Split
   3 13 Bound Bound) (Split 3 13 (Split 2 10 (Split 2 6 (Split 1 12 (Split 2 0 (Split 5 10 (Split
   5 4 Bound Bound) Bound) Bound) Bound) Bound) (Split 2 6 Bound Bound)) (Split 2 10 Bound
   Bound))) Bound; Bound; Bound; Bound ]);
  Proof_of 6 3 15953 (First 0 10 (Proved 0) (Proved 0));
  Proof_of 6 4 30770 (First 0 10 (By_cases 0 [ Bound; Bound; Bound; Bound; Bound; Split 5 14 Bound
   (Split 4 10 Bound Bound); Bound; Bound; Bound ]) (By_cases 0 [ Bound; Bound; Bound; Bound;
   Bound; Split 5 14 Bound (Split 4 10 (Split 6 8 (Split 6 3 (Split 5 13 Bound Bound) Bound)
   Bound) (Split 6 8 Bound Bound)); Bound; Bound; Bound ]));
  Proof_of 6 5 1013 (First 0 10 (History 0 1 (History 1 2 (By_cases 2 [ Bound; Bound; Bound;
   Bound; Bound; Split 6 14 Bound (Split 5 10 Bound Bound); Bound; Bound; Bound ]) (By_cases 2 [
   Bound; Bound; Bound; Bound; Bound; Split 6 14 Bound (Split 5 10 Bound Bound); Bound; Bound;
   Bound ]) (By_cases 2 [ Bound; Bound; Bound; Bound; Bound; Split 6 14 Bound (Split 5 10 Bound
   Bound); Bound; Bound; Bound ])) (History 1 2 (By_cases 2 [ Bound; Bound; Bound; Bound; Bound;
   Split 6 14 Bound (Split 5 10 Bound Bound); Bound; Bound; Bound ]) (By_cases 2 [ Bound; Bound;
   Bound; Bound; Bound; Split 6 14 Bound Bound; Bound; Bound; Bound ]) (By_cases 2 [ Bound; Bound;
   Bound; Bound; Bound; Split 6 14 Bound (Split 5 10 Bound Bound); Bound; Bound; Bound ]))
   (History 1 2 (By_cases 2 [ Bound; Bound; Bound; Bound; Bound; Split 6 14 Bound (Split 5 10
   Bound Bound); Bound; Bound; Bound ]) (By_cases 2 [ Bound; Bound; Bound; Bound; Bound; Split 6
   14 Bound (Split 5 10 Bound Bound); Bound; Bound; Bound ]) (Proved 2))) (First 0 1 (By_cases 1 [
   Bound; Bound; Bound; Bound; Bound; Split 6 14 Bound (Split 7 8 (Split 5 10 (Split 7 14 (Split 5
   6 Bound Bound) Bound) (Split 7 14 Bound (Split 5 0 Bound Bound))) (Split 5 10 (Split 7 14 Bound
   Bound) Bound)); Split 6 14 Bound Bound; Bound; Bound ]) (By_cases 1 [ Bound; Bound; Bound;
   Bound; Bound; Split 6 14 Bound (Split 7 8 (Split 5 10 (Split 7 14 Bound Bound) Bound) (Split 5
   10 (Split 7 14 Bound Bound) Bound)); Split 7 14 Bound Bound; Bound; Bound ])));
  Proof_of 6 7 4347 (First 0 10 (History 0 1 (History 1 2 (History 2 3 (Proved 3) (Proved 3)
   (Proved 3)) (History 2 3 (Proved 3) (By_cases 3 [ Bound; Bound; Bound; Bound; Bound; Bound;
   Split 6 7 Bound Bound; Bound; Bound ]) (Proved 3)) (History 2 3 (By_cases 3 [ Bound; Bound;
   Bound; Bound; Bound; Bound; Split 6 7 Bound Bound; Bound; Bound ]) (By_cases 3 [ Bound; Bound;
   Bound; Bound; Bound; Bound; Split 6 7 (Split 6 2 Bound Bound) Bound; Bound; Bound ]) (By_cases
   3 [ Bound; Bound; Bound; Bound; Bound; Bound; Split 6 7 (Split 6 2 Bound Bound) Bound; Bound;
   Bound ]))) (History 1 2 (History 2 3 (Proved 3) (Proved 3) (By_cases 3 [ Bound; Bound; Bound;
   Bound; Bound; Bound; Split 6 7 Bound Bound; Bound; Bound ])) (History 2 3 (Proved 3) (By_cases
   3 [ Bound; Bound; Bound; Bound; Bound; Bound; Split 6 7 (Split 6 2 (Split 5 8 (Split 5 11 Bound
   Bound) Bound) Bound) Bound; Bound; Bound ]) (By_cases 3 [ Bound; Bound; Bound; Bound; Bound;
   Bound; Split 6 7 (Split 6 2 (Split 5 8 (Split 5 11 Bound Bound) Bound) Bound) Bound; Bound;
   Bound ])) (History 2 3 (By_cases 3 [ Bound; Bound; Bound; Bound; Bound; Bound; Split 6 7 Bound
   Bound; Bound; Bound ]) (By_cases 3 [ Bound; Bound; Bound; Bound; Bound; Bound; Split 6 7 (Split
   6 2 (Split 5 8 (Split 5 11 Bound Bound) Bound) Bound) Bound; Bound; Bound ]) (By_cases 3 [
   Bound; Bound; Bound; Bound; Bound; Bound; Split 6 7 (Split 6 2 Bound Bound) Bound; Bound; Bound
   ]))) (History 1 2 (History 2 3 (Proved 3) (Proved 3) (Proved 3)) (History 2 3 (Proved 3)
   (By_cases 3 [ Bound; Bound; Bound; Bound; Bound; Bound; Split 6 7 (Split 6 2 (Split 5 8 (Split
   5 11 Bound Bound) Bound) Bound) Bound; Bound; Bound ]) (By_cases 3 [ Bound; Bound; Bound;
   Bound; Bound; Bound; Split 6 7 (Split 6 2 (Split 5 8 (Split 5 11 Bound Bound) Bound) Bound)
   Bound; Bound; Bound ])) (History 2 3 (Proved 3) (By_cases 3 [ Bound; Bound; Bound; Bound;
   Bound; Bound; Split 6 7 (Split 6 2 Bound Bound) Bound; Bound; Bound ]) (By_cases 3 [ Bound;
   Bound; Bound; Bound; Bound; Bound; Split 6 7 Bound Bound; Bound; Bound ])))) (First 0 1
   (By_cases 1 [ Bound; Bound; Bound; Bound; Split 9 4 Bound Bound; Split 6 10 Bound Bound; Split
   9 7 (Split 7 7 Bound Bound) Bound; Split 9 7 (Split 8 14 (Split 8 4 Bound (Split 5 10 Bound
   Bound)) (Split 6 2 (Split 5 10 (Split 8 4 Bound (Split 6 9 Bound Bound)) (Split 8 4 Bound
   Bound)) Bound)) (Split 8 14 (Split 6 9 (Split 5 10 (Split 6 10 (Split 5 11 Bound Bound) Bound)
   Bound) Bound) (Split 6 9 (Split 5 10 (Split 5 11 Bound Bound) Bound) (Split 5 10 Bound
   Bound))); Bound ]) (By_cases 1 [ Bound; Bound; Bound; Bound; Split 9 4 Bound Bound; Bound;
   Split 9 7 (Split 7 7 Bound Bound) Bound; Split 9 7 (Split 8 14 (Split 8 4 Bound (Split 5 10
   Bound Bound)) (Split 6 2 (Split 8 4 Bound (Split 5 10 (Split 6 9 Bound Bound) Bound)) Bound))
   (Split 8 14 (Split 6 9 (Split 5 10 (Split 6 10 (Split 5 11 Bound Bound) Bound) Bound) (Split 6
   10 Bound Bound)) (Split 6 9 (Split 5 10 (Split 5 11 Bound Bound) Bound) (Split 5 10 Bound
   Bound))); Bound ])));
  Proof_of 6 8 7299 (First 0 10 (History 0 1 (By_cases 1 [ Bound; Split 6 4 Bound (Split 7 4
   (Split 5 5 Bound Bound) Bound); Bound; Bound; Split 9 4 Bound Bound; Split 6 10 (Split 8 2
   (Split 7 5 Bound Bound) (Split 7 5 Bound Bound)) (Split 8 2 (Split 7 5 (Split 6 6 Bound Bound)
   (Split 5 10 Bound (Split 9 2 Bound Bound))) (Split 7 5 (Split 6 6 (Split 5 5 Bound Bound)
   Bound) (Split 5 5 (Split 5 10 Bound (Split 9 2 Bound Bound)) (Split 5 10 Bound Bound)))); Split
   9 2 (Split 8 2 Bound (Split 7 7 Bound Bound)) (Split 8 2 Bound Bound); Split 8 10 Bound (Split
   9 2 Bound Bound); Bound ]) (History 1 2 (By_cases 2 [ Bound; Bound; Bound; Bound; Bound; Split
   6 10 Bound Bound; Bound; Bound; Bound ]) (By_cases 2 [ Bound; Bound; Bound; Bound; Bound; Split
   6 10 Bound Bound; Bound; Bound; Bound ]) (By_cases 2 [ Bound; Bound; Bound; Bound; Bound; Split
   6 10 Bound Bound; Bound; Bound; Bound ])) (By_cases 1 [ Bound; Split 6 4 Bound (Split 7 4 Bound
   Bound); Bound; Bound; Split 9 4 Bound Bound; Split 6 10 (Split 8 2 (Split 7 5 Bound Bound)
   (Split 7 5 Bound Bound)) (Split 8 2 (Split 7 5 (Split 6 6 Bound Bound) (Split 5 10 Bound (Split
   5 5 Bound Bound))) (Split 7 5 (Split 6 6 Bound Bound) (Split 5 5 (Split 5 10 Bound Bound)
   Bound))); Split 9 2 (Split 8 2 Bound (Split 7 7 Bound Bound)) (Split 8 2 Bound Bound); Split 8
   10 Bound (Split 9 2 Bound Bound); Bound ])) (First 0 1 (By_cases 1 [ Bound; Bound; Bound;
   Bound; Bound; Split 6 10 (Split 7 5 Bound Bound) (Split 7 5 (Split 8 2 Bound Bound) (Split 8 2
   Bound Bound)); Split 9 2 Bound Bound; Split 8 10 Bound Bound; Bound ]) (By_cases 1 [ Bound;
   Bound; Bound; Bound; Bound; Split 6 10 (Split 7 5 Bound Bound) (Split 7 5 Bound (Split 8 2
   Bound Bound)); Split 8 2 Bound Bound; Split 8 10 Bound Bound; Bound ])));
  Proof_of 6 9 2287 (First 0 10 (History 0 1 (History 1 2 (By_cases 2 [ Bound; Split 6 4 (Split 7
   7 Bound Bound) (Split 5 5 (Split 7 7 (Split 7 4 (Split 6 2 Bound Bound) Bound) Bound) (Split 7
   7 (Split 7 4 (Split 6 2 Bound Bound) Bound) Bound)); Bound; Bound; Bound; Bound; Bound; Bound;
   Bound ]) (By_cases 2 [ Bound; Split 6 4 Bound (Split 5 5 (Split 7 7 (Split 7 4 (Split 6 2 Bound
   Bound) Bound) Bound) (Split 7 7 (Split 7 4 Bound Bound) Bound)); Bound; Bound; Bound; Bound;
   Bound; Bound; Bound ]) (By_cases 2 [ Bound; Split 6 4 (Split 7 7 Bound Bound) (Split 5 5 (Split
   7 7 (Split 7 4 (Split 6 2 Bound Bound) Bound) Bound) (Split 7 7 (Split 7 4 Bound Bound)
   Bound)); Bound; Bound; Bound; Bound; Bound; Bound; Bound ])) (History 1 2 (By_cases 2 [ Bound;
   Split 6 4 (Split 7 7 Bound Bound) (Split 5 5 (Split 7 7 (Split 7 4 (Split 6 2 Bound Bound)
   Bound) Bound) (Split 7 7 (Split 7 4 Bound Bound) Bound)); Bound; Bound; Bound; Bound; Bound;
   Bound; Bound ]) (By_cases 2 [ Bound; Split 6 4 Bound (Split 5 5 (Split 7 7 (Split 7 4 Bound
   Bound) Bound) (Split 7 7 (Split 7 4 Bound Bound) Bound)); Bound; Bound; Bound; Bound; Bound;
   Bound; Bound ]) (By_cases 2 [ Bound; Split 6 4 (Split 7 7 Bound Bound) (Split 5 5 (Split 7 7
   (Split 7 4 (Split 6 2 Bound Bound) Bound) Bound) (Split 7 7 (Split 7 4 Bound Bound) Bound));
   Bound; Bound; Bound; Bound; Bound; Bound; Bound ])) (History 1 2 (By_cases 2 [ Bound; Split 6 4
   Bound (Split 5 5 (Split 7 7 (Split 7 4 Bound Bound) Bound) (Split 7 7 (Split 7 4 Bound Bound)
   Bound)); Bound; Bound; Bound; Bound; Bound; Bound; Bound ]) (By_cases 2 [ Bound; Split 6 4
   (Split 7 7 Bound Bound) (Split 5 5 (Split 7 7 (Split 7 4 Bound Bound) Bound) (Split 7 7 (Split
   7 4 Bound Bound) Bound)); Bound; Bound; Bound; Bound; Bound; Bound; Bound ]) (By_cases 2 [
   Bound; Split 6 4 Bound (Split 5 5 (Split 7 7 Bound Bound) (Split 7 7 Bound Bound)); Bound;
   Bound; Bound; Bound; Bound; Bound; Bound ]))) (First 0 1 (History 1 2 (By_cases 2 [ Bound;
   Split 6 4 (Split 6 2 Bound Bound) (Split 6 2 (Split 5 5 Bound Bound) (Split 7 7 Bound Bound));
   Bound; Bound; Bound; Bound; Split 9 2 (Split 7 7 (Split 6 2 (Split 6 7 Bound Bound) Bound)
   Bound) (Split 6 2 (Split 7 7 (Split 7 13 Bound (Split 6 7 Bound Bound)) Bound) (Split 7 7
   (Split 7 13 Bound (Split 6 7 Bound Bound)) Bound)); Bound; Bound ]) (By_cases 2 [ Bound; Split
   6 4 (Split 6 2 Bound Bound) (Split 6 2 (Split 5 5 Bound Bound) (Split 7 7 Bound Bound)); Bound;
   Bound; Bound; Bound; Split 9 2 (Split 7 7 (Split 6 2 (Split 6 7 Bound Bound) Bound) Bound)
   (Split 6 2 (Split 7 7 (Split 7 13 Bound (Split 6 7 (Split 5 8 Bound Bound) Bound)) Bound)
   (Split 7 7 (Split 7 13 Bound (Split 6 7 (Split 8 2 Bound Bound) Bound)) Bound)); Bound; Bound
   ]) (By_cases 2 [ Bound; Split 6 4 Bound (Split 5 5 (Split 7 7 Bound Bound) (Split 7 7 Bound
   Bound)); Bound; Bound; Bound; Bound; Bound; Bound; Bound ])) (First 1 2 (By_cases 2 [ Bound;
   Bound; Bound; Bound; Bound; Bound; Split 9 2 Bound (Split 6 2 Bound Bound); Bound; Bound ])
   (First 2 3 (Proved 3) (Proved 3)))));
  Proof_of 7 0 764330 (Proved 0);
  Proof_of 7 1 360100 (Proved 0);
  Proof_of 7 2 48670 (Proved 0);
  Proof_of 7 3 4939 (First 0 10 (By_cases 0 [ Bound; Bound; Bound; Bound; Bound; Bound; Split 7 15
   (Split 4 14 Bound (Split 3 10 Bound (Split 4 13 Bound Bound))) Bound; Bound; Bound ]) (By_cases
   0 [ Bound; Bound; Bound; Bound; Bound; Bound; Split 7 15 (Split 4 14 Bound (Split 3 10 (Split 4
   13 Bound Bound) (Split 4 13 Bound Bound))) Bound; Bound; Bound ]));
  Proof_of 7 4 8317 (First 0 10 (By_cases 0 [ Bound; Bound; Bound; Bound; Bound; Bound; Split 5 14
   Bound (Split 4 10 (Split 7 3 (Split 5 13 Bound Bound) Bound) (Split 7 3 (Split 5 13 Bound
   Bound) Bound)); Bound; Bound ]) (First 0 1 (Proved 1) (Proved 1)));
  Proof_of 7 5 3554 (First 0 10 (History 0 1 (By_cases 1 [ Bound; Bound; Bound; Bound; Bound;
   Bound; Split 6 14 Bound (Split 5 10 (Split 7 8 (Split 6 13 Bound Bound) Bound) (Split 7 8 Bound
   Bound)); Bound; Bound ]) (By_cases 1 [ Bound; Bound; Bound; Bound; Bound; Bound; Split 6 14
   Bound (Split 5 10 (Split 7 8 (Split 6 13 Bound Bound) Bound) (Split 7 8 Bound Bound)); Bound;
   Bound ]) (By_cases 1 [ Bound; Bound; Bound; Bound; Bound; Bound; Split 6 14 Bound (Split 5 10
   (Split 6 13 Bound Bound) (Split 6 13 Bound Bound)); Bound; Bound ])) (First 0 1 (By_cases 1 [
   Bound; Bound; Bound; Bound; Bound; Bound; Split 6 14 Bound (Split 5 10 Bound Bound); Bound;
   Bound ]) (By_cases 1 [ Bound; Bound; Bound; Bound; Bound; Bound; Split 6 14 Bound Bound; Bound;
   Bound ])));
  Proof_of 7 6 2907 (First 0 10 (History 0 1 (History 1 2 (By_cases 2 [ Bound; Bound; Bound;
   Bound; Bound; Bound; Split 7 14 (Split 8 8 Bound (Split 8 14 Bound Bound)) (Split 8 8 (Split 6
   10 (Split 8 14 (Split 6 6 Bound Bound) (Split 6 0 (Split 6 6 Bound Bound) Bound)) (Split 8 14
   (Split 6 6 Bound Bound) (Split 6 0 (Split 6 6 Bound Bound) Bound))) (Split 6 10 (Split 8 14
   (Split 6 0 (Split 6 4 (Split 5 14 Bound Bound) (Split 5 10 (Split 5 14 Bound Bound) Bound))
   Bound) (Split 6 0 Bound Bound)) (Split 8 14 (Split 6 0 (Split 5 10 Bound Bound) Bound)
   Bound))); Split 8 14 (Split 7 14 Bound (Split 6 10 Bound Bound)) (Split 7 14 (Split 8 8 Bound
   Bound) (Split 8 8 (Split 6 10 Bound Bound) (Split 6 10 Bound Bound))); Bound ]) (By_cases 2 [
   Bound; Bound; Bound; Bound; Bound; Bound; Split 7 14 (Split 8 8 Bound (Split 8 14 Bound Bound))
   (Split 8 8 (Split 6 10 (Split 8 14 (Split 6 6 Bound Bound) (Split 6 0 (Split 6 6 Bound Bound)
   Bound)) (Split 8 14 (Split 6 6 Bound Bound) (Split 6 0 (Split 6 6 Bound Bound) Bound))) (Split
   6 10 (Split 8 14 (Split 6 0 (Split 6 4 Bound (Split 5 10 Bound Bound)) Bound) (Split 6 0 Bound
   Bound)) (Split 8 14 (Split 6 0 (Split 5 10 Bound Bound) Bound) Bound))); Split 8 14 (Split 7 14
   Bound (Split 6 10 Bound Bound)) (Split 7 14 (Split 8 8 Bound Bound) (Split 8 8 Bound (Split 6
   10 Bound Bound))); Bound ]) (By_cases 2 [ Bound; Bound; Bound; Bound; Bound; Bound; Split 7 14
   (Split 8 8 Bound (Split 8 14 Bound Bound)) (Split 8 8 (Split 6 10 (Split 8 14 (Split 6 6 Bound
   Bound) (Split 6 0 (Split 6 6 Bound Bound) Bound)) (Split 8 14 (Split 6 6 Bound Bound) (Split 6
   0 (Split 6 6 Bound Bound) Bound))) (Split 6 10 (Split 8 14 (Split 6 0 (Split 6 4 (Split 5 14
   Bound Bound) (Split 5 10 Bound Bound)) Bound) (Split 6 0 Bound Bound)) (Split 8 14 (Split 6 0
   (Split 5 10 Bound Bound) Bound) Bound))); Split 8 14 (Split 7 14 Bound (Split 6 10 Bound
   Bound)) (Split 7 14 (Split 8 8 Bound Bound) (Split 8 8 Bound (Split 6 10 Bound Bound))); Bound
   ])) (History 1 2 (By_cases 2 [ Bound; Bound; Bound; Bound; Bound; Bound; Split 7 14 (Split 8 8
   Bound (Split 8 14 Bound Bound)) (Split 8 8 (Split 6 10 (Split 8 14 (Split 6 6 Bound Bound)
   (Split 6 0 (Split 6 6 Bound Bound) Bound)) (Split 8 14 (Split 6 6 Bound Bound) (Split 6 0
   (Split 6 6 Bound Bound) Bound))) (Split 6 10 (Split 8 14 (Split 6 0 (Split 6 4 (Split 5 14
   Bound Bound) (Split 5 10 Bound Bound)) Bound) (Split 6 0 Bound Bound)) (Split 8 14 (Split 6 0
   (Split 5 10 Bound Bound) Bound) Bound))); Split 8 14 (Split 7 14 Bound (Split 6 10 Bound
   Bound)) (Split 7 14 (Split 8 8 Bound Bound) (Split 8 8 Bound (Split 6 10 Bound Bound))); Bound
   ]) (By_cases 2 [ Bound; Bound; Bound; Bound; Bound; Bound; Split 7 14 (Split 8 8 Bound (Split 8
   14 Bound Bound)) (Split 8 8 (Split 6 10 (Split 8 14 (Split 6 6 Bound Bound) (Split 6 0 (Split 6
   6 Bound Bound) Bound)) (Split 8 14 (Split 6 6 Bound Bound) (Split 6 0 (Split 6 6 Bound Bound)
   Bound))) (Split 6 10 (Split 8 14 (Split 6 0 (Split 6 4 (Split 5 14 Bound Bound) (Split 5 10
   Bound Bound)) Bound) (Split 6 0 Bound Bound)) (Split 8 14 (Split 6 0 (Split 5 10 Bound Bound)
   Bound) Bound))); Split 8 14 (Split 7 14 Bound (Split 6 10 Bound Bound)) (Split 7 14 (Split 8 8
   Bound Bound) (Split 8 8 Bound (Split 6 10 Bound Bound))); Bound ]) (By_cases 2 [ Bound; Bound;
   Bound; Bound; Bound; Bound; Split 7 14 (Split 8 8 Bound (Split 8 14 Bound Bound)) (Split 8 8
   (Split 6 10 (Split 8 14 (Split 6 6 Bound Bound) (Split 6 0 (Split 6 6 Bound Bound) Bound))
   (Split 8 14 (Split 6 6 Bound Bound) (Split 6 0 (Split 6 6 Bound Bound) Bound))) (Split 6 10
   (Split 8 14 (Split 6 0 (Split 6 4 (Split 5 14 Bound Bound) (Split 5 10 Bound Bound)) Bound)
   (Split 6 0 Bound Bound)) (Split 8 14 (Split 6 0 (Split 5 10 Bound Bound) Bound) Bound))); Split
   8 14 (Split 7 14 Bound (Split 6 10 Bound Bound)) (Split 7 14 (Split 8 8 Bound Bound) (Split 8 8
   Bound (Split 6 10 Bound Bound))); Bound ])) (History 1 2 (By_cases 2 [ Bound; Bound; Bound;
   Bound; Bound; Bound; Split 7 14 (Split 8 8 Bound (Split 8 14 Bound Bound)) (Split 8 8 (Split 6
   10 (Split 8 14 (Split 6 6 Bound Bound) (Split 6 0 (Split 6 6 Bound Bound) Bound)) (Split 8 14
   (Split 6 6 Bound Bound) (Split 6 0 (Split 6 6 Bound Bound) Bound))) (Split 6 10 (Split 8 14
   (Split 6 0 (Split 6 4 (Split 5 14 Bound Bound) (Split 5 10 Bound Bound)) Bound) (Split 6 0
   Bound Bound)) (Split 8 14 (Split 6 0 (Split 5 10 Bound Bound) Bound) Bound))); Split 8 14
   (Split 7 14 Bound (Split 6 10 Bound Bound)) (Split 7 14 (Split 8 8 Bound Bound) (Split 8 8
   Bound (Split 6 10 Bound Bound))); Bound ]) (By_cases 2 [ Bound; Bound; Bound; Bound; Bound;
   Bound; Split 7 14 (Split 8 8 Bound (Split 8 14 Bound Bound)) (Split 8 8 (Split 6 10 (Split 8 14
   (Split 6 6 Bound Bound) (Split 6 0 (Split 6 6 Bound Bound) Bound)) (Split 8 14 (Split 6 6 Bound
   Bound) (Split 6 0 (Split 6 6 Bound Bound) Bound))) (Split 6 10 (Split 8 14 (Split 6 0 (Split 6
   4 Bound (Split 5 10 Bound Bound)) Bound) (Split 6 0 Bound Bound)) (Split 8 14 (Split 6 0 Bound
   Bound) Bound))); Split 8 14 (Split 7 14 Bound (Split 6 10 Bound Bound)) (Split 7 14 (Split 8 8
   Bound Bound) (Split 8 8 Bound (Split 6 10 Bound Bound))); Bound ]) (By_cases 2 [ Bound; Bound;
   Bound; Bound; Bound; Bound; Split 7 14 (Split 8 8 Bound Bound) (Split 8 8 (Split 6 10 (Split 8
   14 (Split 6 6 Bound Bound) (Split 6 0 Bound Bound)) (Split 8 14 Bound (Split 6 0 Bound Bound)))
   (Split 6 10 (Split 8 14 (Split 6 0 (Split 6 4 Bound Bound) Bound) Bound) (Split 8 14 (Split 6 0
   Bound Bound) Bound))); Split 8 14 (Split 7 14 Bound (Split 6 10 Bound Bound)) (Split 7 14
   (Split 8 8 Bound Bound) (Split 8 8 Bound Bound)); Bound ]))) (First 0 1 (History 1 2 (By_cases
   2 [ Bound; Bound; Bound; Bound; Bound; Bound; Split 7 14 (Split 8 8 Bound (Split 8 14 Bound
   Bound)) (Split 8 8 (Split 6 10 (Split 8 14 (Split 6 6 Bound Bound) (Split 6 0 (Split 4 11 Bound
   Bound) Bound)) (Split 8 14 (Split 6 6 Bound Bound) (Split 6 0 (Split 6 6 Bound Bound) Bound)))
   (Split 6 10 (Split 8 14 (Split 6 0 (Split 6 4 (Split 4 11 Bound (Split 5 14 (Split 5 7 Bound
   Bound) Bound)) (Split 5 10 (Split 3 11 Bound (Split 5 14 (Split 4 11 Bound Bound) Bound))
   Bound)) Bound) (Split 6 0 (Split 4 11 Bound Bound) Bound)) (Split 8 14 (Split 6 0 (Split 5 10
   Bound Bound) Bound) Bound))); Split 8 14 (Split 7 14 Bound (Split 6 10 Bound Bound)) (Split 7
   14 (Split 8 8 Bound Bound) (Split 8 8 Bound (Split 6 10 Bound Bound))); Bound ]) (By_cases 2 [
   Bound; Bound; Bound; Bound; Bound; Bound; Split 7 14 (Split 8 8 Bound (Split 8 14 Bound Bound))
   (Split 8 8 (Split 6 10 (Split 8 14 (Split 6 6 Bound Bound) (Split 6 0 (Split 4 11 Bound Bound)
   Bound)) (Split 8 14 (Split 6 6 Bound Bound) (Split 6 0 Bound Bound))) (Split 6 10 (Split 8 14
   (Split 6 0 (Split 6 4 (Split 4 11 Bound (Split 5 14 Bound Bound)) (Split 5 10 (Split 3 11 Bound
   (Split 5 14 (Split 4 11 Bound Bound) Bound)) Bound)) Bound) (Split 6 0 (Split 4 11 Bound Bound)
   Bound)) (Split 8 14 (Split 6 0 (Split 5 10 Bound Bound) Bound) Bound))); Split 8 14 (Split 7 14
   Bound (Split 6 10 Bound Bound)) (Split 7 14 (Split 8 8 Bound Bound) (Split 8 8 Bound (Split 6
   10 Bound Bound))); Bound ]) (By_cases 2 [ Bound; Bound; Bound; Bound; Bound; Bound; Split 7 14
   (Split 8 8 Bound Bound) (Split 8 8 (Split 6 10 (Split 8 14 (Split 6 6 Bound Bound) (Split 6 0
   Bound Bound)) (Split 8 14 Bound (Split 6 0 Bound Bound))) (Split 6 10 (Split 8 14 (Split 6 0
   (Split 6 4 Bound Bound) Bound) Bound) (Split 8 14 Bound Bound))); Split 8 14 (Split 7 14 Bound
   Bound) (Split 7 14 Bound (Split 8 8 Bound Bound)); Bound ])) (First 1 2 (By_cases 2 [ Bound;
   Bound; Bound; Bound; Bound; Bound; Split 7 14 Bound (Split 8 8 (Split 6 10 (Split 8 14 Bound
   Bound) Bound) (Split 6 10 Bound Bound)); Split 7 14 Bound (Split 8 14 Bound Bound); Bound ])
   (First 2 3 (Proved 3) (Proved 3)))));
  Proof_of 7 8 21493 (First 0 10 (History 0 1 (History 1 2 (By_cases 2 [ Bound; Bound; Bound;
   Split 8 4 Bound Bound; Split 9 4 Bound (Split 8 4 Bound Bound); Bound; Split 7 10 Bound (Split
   9 14 Bound Bound); Bound; Bound ]) (By_cases 2 [ Bound; Bound; Bound; Split 8 4 Bound Bound;
   Split 9 4 Bound (Split 8 4 Bound Bound); Bound; Split 7 10 Bound (Split 9 14 Bound Bound);
   Bound; Bound ]) (By_cases 2 [ Bound; Bound; Bound; Split 8 4 Bound Bound; Split 9 4 Bound
   (Split 8 4 Bound Bound); Bound; Split 7 10 Bound (Split 9 14 Bound Bound); Bound; Bound ]))
   (History 1 2 (By_cases 2 [ Bound; Bound; Bound; Split 8 4 Bound Bound; Split 9 4 Bound (Split 8
   4 Bound Bound); Bound; Split 7 10 Bound (Split 9 14 Bound Bound); Bound; Bound ]) (By_cases 2 [
   Bound; Bound; Bound; Split 8 4 Bound Bound; Split 9 4 Bound (Split 8 4 Bound Bound); Bound;
   Split 7 10 Bound (Split 9 14 Bound Bound); Bound; Bound ]) (By_cases 2 [ Bound; Bound; Bound;
   Split 8 4 Bound Bound; Split 9 4 Bound (Split 8 4 Bound Bound); Bound; Split 7 10 Bound (Split
   9 14 Bound Bound); Bound; Bound ])) (History 1 2 (By_cases 2 [ Bound; Bound; Bound; Split 8 4
   Bound Bound; Split 9 4 Bound (Split 8 4 Bound Bound); Bound; Split 7 10 Bound (Split 9 14 Bound
   Bound); Bound; Bound ]) (By_cases 2 [ Bound; Bound; Bound; Split 8 4 Bound Bound; Split 9 4
   Bound (Split 8 4 Bound Bound); Bound; Split 7 10 Bound (Split 9 14 Bound Bound); Bound; Bound
   ]) (By_cases 2 [ Bound; Bound; Bound; Split 8 4 Bound Bound; Split 9 4 Bound Bound; Bound;
   Split 7 10 Bound (Split 9 14 Bound Bound); Bound; Bound ]))) (First 0 1 (By_cases 1 [ Bound;
   Bound; Split 7 4 Bound (Split 9 14 (Split 8 7 Bound Bound) Bound); Split 8 4 (Split 9 2 (Split
   8 8 (Split 9 3 (Split 5 9 (Split 6 6 Bound Bound) Bound) Bound) (Split 9 3 (Split 7 2 Bound
   Bound) Bound)) Bound) (Split 9 2 (Split 7 4 (Split 8 8 (Split 9 3 (Split 6 2 (Split 7 10 Bound
   Bound) Bound) Bound) (Split 9 3 Bound Bound)) (Split 8 8 (Split 9 3 (Split 7 10 Bound Bound)
   Bound) (Split 9 3 Bound Bound))) Bound); Split 9 4 (Split 7 6 Bound Bound) (Split 8 4 (Split 7
   2 (Split 9 8 (Split 7 7 (Split 9 2 Bound Bound) (Split 9 2 (Split 7 9 Bound Bound) Bound))
   (Split 9 2 (Split 7 9 Bound Bound) Bound)) (Split 9 8 (Split 7 7 Bound Bound) Bound)) (Split 9
   8 (Split 9 2 (Split 7 2 (Split 7 9 Bound Bound) Bound) Bound) (Split 9 2 Bound Bound))); Split
   7 9 Bound Bound; Split 9 14 (Split 7 10 (Split 7 6 Bound Bound) (Split 7 6 (Split 9 2 Bound
   Bound) Bound)) (Split 7 10 (Split 9 2 Bound Bound) (Split 9 2 (Split 7 7 Bound (Split 7 6 Bound
   Bound)) Bound)); Split 9 2 (Split 8 7 Bound Bound) (Split 8 7 Bound Bound); Bound ]) (By_cases
   1 [ Bound; Bound; Split 7 4 Bound (Split 9 14 (Split 8 7 Bound Bound) Bound); Split 8 4 (Split
   9 2 (Split 8 8 (Split 9 3 (Split 6 6 Bound Bound) Bound) (Split 9 3 Bound Bound)) Bound) (Split
   9 2 (Split 7 4 (Split 8 8 (Split 9 3 (Split 7 10 Bound Bound) Bound) (Split 9 3 Bound Bound))
   (Split 8 8 (Split 9 3 (Split 7 10 Bound Bound) Bound) Bound)) Bound); Split 9 4 (Split 6 9
   Bound Bound) (Split 8 4 (Split 7 2 (Split 9 8 (Split 9 2 (Split 7 7 Bound (Split 7 9 Bound
   Bound)) Bound) (Split 9 2 Bound Bound)) (Split 9 8 Bound Bound)) (Split 9 8 (Split 9 2 (Split 7
   2 (Split 7 9 Bound Bound) Bound) Bound) (Split 9 2 Bound Bound))); Split 7 9 Bound Bound; Split
   7 10 (Split 9 14 Bound (Split 9 2 Bound Bound)) (Split 9 14 (Split 9 2 (Split 7 6 Bound Bound)
   Bound) (Split 9 2 (Split 7 7 Bound Bound) Bound)); Split 9 2 (Split 8 7 Bound Bound) (Split 8 7
   Bound Bound); Bound ])));
  Proof_of 7 9 19984 (First 0 10 (History 0 1 (History 1 2 (By_cases 2 [ Bound; Bound; Split 7 4
   Bound (Split 8 7 (Split 7 8 (Split 6 5 Bound Bound) Bound) Bound); Bound; Bound; Bound; Split 7
   10 (Split 9 2 Bound Bound) (Split 9 2 (Split 8 5 Bound Bound) (Split 8 5 Bound Bound)); Bound;
   Split 9 10 Bound (Split 7 2 (Split 8 4 (Split 7 10 Bound Bound) Bound) Bound) ]) (By_cases 2 [
   Bound; Bound; Split 7 4 Bound (Split 8 7 (Split 7 8 Bound Bound) Bound); Bound; Bound; Bound;
   Split 7 10 (Split 9 2 Bound Bound) (Split 9 2 (Split 8 5 Bound Bound) (Split 8 5 Bound Bound));
   Bound; Split 9 10 Bound (Split 7 2 (Split 8 4 (Split 7 10 Bound Bound) Bound) Bound) ])
   (By_cases 2 [ Bound; Bound; Split 7 4 Bound (Split 8 7 (Split 7 8 (Split 6 5 Bound Bound)
   Bound) Bound); Bound; Bound; Bound; Split 7 10 (Split 9 2 Bound Bound) (Split 9 2 (Split 8 5
   Bound Bound) (Split 8 5 Bound Bound)); Bound; Split 9 10 Bound (Split 7 2 (Split 8 4 (Split 7
   10 Bound Bound) Bound) Bound) ])) (History 1 2 (By_cases 2 [ Bound; Bound; Split 7 4 Bound
   (Split 8 7 (Split 7 8 (Split 6 5 Bound Bound) Bound) Bound); Bound; Bound; Bound; Split 7 10
   (Split 9 2 Bound Bound) (Split 9 2 (Split 8 5 Bound Bound) (Split 8 5 Bound Bound)); Bound;
   Split 9 10 Bound (Split 7 2 (Split 8 4 (Split 7 10 Bound Bound) Bound) Bound) ]) (By_cases 2 [
   Bound; Bound; Split 7 4 Bound (Split 8 7 (Split 7 8 (Split 6 5 Bound Bound) Bound) Bound);
   Bound; Bound; Bound; Split 7 10 (Split 9 2 Bound Bound) (Split 9 2 (Split 8 5 Bound Bound)
   (Split 8 5 Bound Bound)); Bound; Split 9 10 Bound (Split 7 2 (Split 8 4 (Split 7 10 Bound
   Bound) Bound) Bound) ]) (By_cases 2 [ Bound; Bound; Split 7 4 Bound (Split 8 7 (Split 7 8
   (Split 6 5 Bound Bound) Bound) Bound); Bound; Bound; Bound; Split 7 10 (Split 9 2 Bound Bound)
   (Split 9 2 (Split 8 5 Bound Bound) (Split 8 5 Bound Bound)); Bound; Split 9 10 Bound (Split 7 2
   (Split 8 4 (Split 7 10 Bound Bound) Bound) Bound) ])) (History 1 2 (By_cases 2 [ Bound; Bound;
   Split 7 4 Bound (Split 8 7 (Split 7 8 (Split 6 5 Bound Bound) Bound) Bound); Bound; Bound;
   Bound; Split 7 10 (Split 9 2 Bound Bound) (Split 9 2 (Split 8 5 Bound Bound) (Split 8 5 Bound
   Bound)); Bound; Split 9 10 Bound (Split 7 2 (Split 8 4 (Split 7 10 Bound Bound) Bound) Bound)
   ]) (By_cases 2 [ Bound; Bound; Split 7 4 Bound (Split 8 7 (Split 7 8 Bound Bound) Bound);
   Bound; Bound; Bound; Split 7 10 (Split 9 2 Bound Bound) (Split 9 2 (Split 8 5 Bound Bound)
   (Split 8 5 Bound Bound)); Bound; Split 9 10 Bound (Split 7 2 (Split 8 4 (Split 7 10 Bound
   Bound) Bound) Bound) ]) (By_cases 2 [ Bound; Bound; Split 7 4 Bound (Split 8 7 (Split 7 8 Bound
   Bound) Bound); Bound; Bound; Bound; Split 7 10 (Split 9 2 Bound Bound) (Split 9 2 (Split 8 5
   Bound Bound) (Split 8 5 Bound Bound)); Bound; Split 9 10 Bound (Split 7 2 (Split 8 4 Bound
   Bound) Bound) ]))) (First 0 1 (History 1 2 (By_cases 2 [ Bound; Bound; Split 7 4 Bound (Split 8
   7 (Split 7 8 Bound Bound) Bound); Bound; Bound; Bound; Split 7 10 (Split 9 2 Bound Bound)
   (Split 9 2 (Split 8 5 Bound Bound) (Split 8 5 Bound Bound)); Bound; Split 9 10 Bound (Split 7 2
   (Split 8 4 Bound Bound) Bound) ]) (By_cases 2 [ Bound; Bound; Split 7 4 Bound (Split 8 7 (Split
   7 8 Bound Bound) Bound); Bound; Bound; Bound; Split 7 10 (Split 9 2 Bound Bound) (Split 9 2
   (Split 8 5 Bound Bound) (Split 8 5 Bound Bound)); Bound; Split 9 10 Bound (Split 7 2 (Split 8 4
   Bound Bound) Bound) ]) (By_cases 2 [ Bound; Bound; Split 7 4 Bound (Split 8 7 (Split 7 8 Bound
   Bound) Bound); Bound; Bound; Bound; Split 7 10 Bound (Split 9 2 (Split 8 5 Bound Bound) (Split
   8 5 Bound Bound)); Bound; Split 9 10 Bound (Split 7 2 (Split 8 4 Bound Bound) Bound) ])) (First
   1 2 (By_cases 2 [ Bound; Bound; Split 7 4 Bound Bound; Bound; Bound; Bound; Split 7 10 Bound
   (Split 8 5 Bound Bound); Bound; Split 9 10 Bound Bound ]) (By_cases 2 [ Bound; Bound; Split 7 4
   Bound (Split 8 7 Bound Bound); Bound; Bound; Bound; Split 7 10 Bound (Split 8 5 Bound Bound);
   Bound; Split 9 10 Bound (Split 7 2 Bound Bound) ]))));
  Proof_of 8 0 326966 (Proved 0);
  Proof_of 8 1 236959 (Proved 0);
  Proof_of 8 2 286457 (Proved 0);
  Proof_of 8 3 174999 (First 0 10 (Proved 0) (Proved 0));
  Proof_of 8 4 9359 (First 0 10 (By_cases 0 [ Bound; Bound; Bound; Bound; Bound; Bound; Bound;
   Split 8 15 (Split 5 14 Bound (Split 7 3 (Split 4 10 (Split 5 13 Bound Bound) Bound) Bound))
   Bound; Bound ]) (First 0 1 (Proved 1) (Proved 1)));
  Proof_of 8 5 6312 (First 0 10 (History 0 1 (History 1 2 (Proved 2) (Proved 2) (Proved 2))
   (History 1 2 (Proved 2) (Proved 2) (Proved 2)) (History 1 2 (Proved 2) (Proved 2) (Proved 2)))
   (First 0 1 (By_cases 1 [ Split 9 4 (Split 5 4 (Split 5 2 Bound Bound) (Split 4 5 (Split 5 2
   (Split 6 4 (Split 5 8 Bound Bound) Bound) (Split 6 4 (Split 5 8 Bound Bound) Bound)) (Split 5 2
   (Split 6 4 Bound Bound) (Split 6 4 Bound Bound)))) Bound; Bound; Bound; Bound; Bound; Bound;
   Bound; Split 6 14 Bound (Split 8 3 (Split 5 10 Bound Bound) Bound); Bound ]) (By_cases 1 [
   Split 9 4 (Split 5 4 Bound (Split 4 5 (Split 5 2 (Split 6 4 Bound Bound) Bound) (Split 5 2
   Bound Bound))) Bound; Bound; Bound; Bound; Bound; Bound; Bound; Split 6 14 Bound (Split 5 10
   Bound Bound); Bound ])));
  Proof_of 8 6 15415 (First 0 10 (History 0 1 (History 1 2 (By_cases 2 [ Bound; Split 6 4 Bound
   Bound; Bound; Bound; Bound; Bound; Bound; Bound; Bound ]) (History 2 3 (Proved 3) (Proved 3)
   (Proved 3)) (By_cases 2 [ Bound; Split 6 4 Bound Bound; Bound; Bound; Bound; Bound; Bound;
   Bound; Bound ])) (History 1 2 (By_cases 2 [ Bound; Split 6 4 Bound Bound; Bound; Bound; Bound;
   Bound; Bound; Bound; Bound ]) (By_cases 2 [ Bound; Split 6 4 Bound Bound; Bound; Bound; Bound;
   Bound; Bound; Bound; Bound ]) (By_cases 2 [ Bound; Split 6 4 Bound Bound; Bound; Bound; Bound;
   Bound; Bound; Bound; Bound ])) (History 1 2 (By_cases 2 [ Bound; Split 6 4 Bound Bound; Bound;
   Bound; Bound; Bound; Bound; Bound; Bound ]) (By_cases 2 [ Bound; Split 6 4 Bound Bound; Bound;
   Bound; Bound; Bound; Bound; Bound; Bound ]) (By_cases 2 [ Bound; Bound; Bound; Bound; Bound;
   Bound; Bound; Split 7 14 Bound Bound; Bound ]))) (First 0 1 (History 1 2 (Proved 2) (History 2
   3 (Proved 3) (Proved 3) (Proved 3)) (Proved 2)) (By_cases 1 [ Bound; Split 6 4 (Split 7 4
   (Split 6 2 (Split 8 14 (Split 6 8 Bound Bound) Bound) Bound) Bound) (Split 7 4 (Split 6 2
   (Split 5 5 (Split 8 14 (Split 6 8 Bound (Split 8 3 Bound Bound)) Bound) (Split 8 14 (Split 6 8
   Bound Bound) Bound)) (Split 8 14 (Split 5 5 (Split 6 8 Bound Bound) (Split 6 8 Bound Bound))
   Bound)) (Split 8 14 (Split 5 5 (Split 8 3 (Split 6 2 Bound Bound) Bound) (Split 8 3 Bound
   Bound)) Bound)); Bound; Bound; Bound; Split 6 10 (Split 8 8 Bound Bound) (Split 8 8 (Split 8 14
   Bound Bound) Bound); Split 8 10 (Split 7 14 Bound Bound) (Split 8 8 Bound Bound); Split 7 14
   (Split 8 8 Bound Bound) (Split 8 8 (Split 6 10 (Split 8 14 (Split 8 3 (Split 6 0 Bound Bound)
   Bound) Bound) (Split 8 14 (Split 8 3 (Split 6 0 Bound Bound) Bound) Bound)) (Split 6 10 (Split
   8 14 Bound Bound) Bound)); Bound ])));
  Proof_of 8 7 4736 (First 0 10 (History 0 1 (History 1 2 (History 2 3 (By_cases 3 [ Bound; Bound;
   Bound; Bound; Bound; Bound; Split 9 14 Bound Bound; Split 8 14 Bound (Split 9 8 (Split 7 10
   (Split 7 6 Bound Bound) (Split 7 6 Bound Bound)) (Split 7 10 (Split 7 0 (Split 9 7 Bound Bound)
   Bound) (Split 7 0 Bound Bound))); Bound ]) (By_cases 3 [ Bound; Bound; Bound; Bound; Bound;
   Bound; Split 9 14 Bound Bound; Split 8 14 Bound (Split 9 8 (Split 7 10 (Split 7 6 Bound Bound)
   (Split 7 6 Bound Bound)) (Split 7 10 (Split 7 0 Bound Bound) (Split 7 0 Bound Bound))); Bound
   ]) (History 3 4 (Proved 4) (Proved 4) (Proved 4))) (History 2 3 (By_cases 3 [ Bound; Bound;
   Bound; Bound; Bound; Bound; Split 9 14 Bound Bound; Split 8 14 Bound (Split 9 8 (Split 7 10
   (Split 7 6 Bound Bound) (Split 7 6 Bound Bound)) (Split 7 10 (Split 7 0 Bound Bound) (Split 7 0
   Bound Bound))); Bound ]) (By_cases 3 [ Bound; Bound; Bound; Bound; Bound; Bound; Split 9 14
   Bound Bound; Split 8 14 Bound (Split 9 8 (Split 7 10 (Split 7 6 Bound Bound) (Split 7 6 Bound
   Bound)) (Split 7 10 (Split 7 0 Bound Bound) (Split 7 0 Bound Bound))); Bound ]) (By_cases 3 [
   Bound; Bound; Bound; Bound; Bound; Bound; Split 9 14 Bound Bound; Split 8 14 Bound (Split 9 8
   (Split 7 10 (Split 7 6 Bound Bound) (Split 7 6 Bound Bound)) (Split 7 10 (Split 7 0 Bound
   Bound) (Split 7 0 Bound Bound))); Bound ])) (History 2 3 (By_cases 3 [ Bound; Bound; Bound;
   Bound; Bound; Bound; Split 9 14 Bound Bound; Split 8 14 (Split 9 8 Bound Bound) (Split 9 8
   (Split 7 10 (Split 7 6 Bound Bound) (Split 7 6 Bound Bound)) (Split 7 10 (Split 7 0 (Split 9 7
   Bound Bound) Bound) (Split 7 0 Bound Bound))); Bound ]) (By_cases 3 [ Bound; Bound; Bound;
   Bound; Bound; Bound; Split 9 14 Bound Bound; Split 8 14 (Split 9 8 Bound Bound) (Split 9 8
   (Split 7 10 (Split 7 6 Bound Bound) (Split 7 6 Bound Bound)) (Split 7 10 (Split 7 0 (Split 9 7
   Bound Bound) Bound) (Split 7 0 Bound Bound))); Bound ]) (By_cases 3 [ Bound; Bound; Bound;
   Bound; Bound; Bound; Split 9 14 Bound Bound; Split 8 14 (Split 9 8 Bound Bound) (Split 9 8
   (Split 7 10 (Split 7 6 Bound Bound) (Split 7 6 Bound Bound)) (Split 7 10 (Split 7 0 (Split 9 7
   Bound Bound) Bound) (Split 7 0 Bound Bound))); Bound ]))) (History 1 2 (History 2 3 (By_cases 3
   [ Bound; Bound; Bound; Bound; Bound; Bound; Split 9 14 Bound Bound; Split 8 14 Bound (Split 9 8
   (Split 7 10 (Split 7 6 Bound Bound) (Split 7 6 Bound Bound)) (Split 7 10 (Split 7 0 (Split 9 7
   Bound Bound) Bound) (Split 7 0 Bound Bound))); Bound ]) (By_cases 3 [ Bound; Bound; Bound;
   Bound; Bound; Bound; Split 9 14 Bound Bound; Split 8 14 Bound (Split 9 8 (Split 7 10 (Split 7 6
   Bound Bound) (Split 7 6 Bound Bound)) (Split 7 10 (Split 7 0 Bound Bound) (Split 7 0 Bound
   Bound))); Bound ]) (History 3 4 (By_cases 4 [ Bound; Bound; Bound; Bound; Bound; Bound; Bound;
   Split 8 14 Bound Bound; Bound ]) (By_cases 4 [ Bound; Bound; Bound; Bound; Bound; Bound; Bound;
   Split 8 14 Bound Bound; Bound ]) (By_cases 4 [ Bound; Bound; Bound; Bound; Bound; Bound; Bound;
   Split 8 14 Bound Bound; Bound ]))) (History 2 3 (By_cases 3 [ Bound; Bound; Bound; Bound;
   Bound; Bound; Split 9 14 Bound Bound; Split 8 14 Bound (Split 9 8 (Split 7 10 (Split 7 6 Bound
   Bound) (Split 7 6 Bound Bound)) (Split 7 10 (Split 7 0 (Split 9 7 Bound Bound) Bound) (Split 7
   0 Bound Bound))); Bound ]) (By_cases 3 [ Bound; Bound; Bound; Bound; Bound; Bound; Split 9 14
   Bound Bound; Split 8 14 (Split 9 8 Bound Bound) (Split 9 8 (Split 7 10 (Split 7 6 Bound Bound)
   (Split 7 6 Bound Bound)) (Split 7 10 (Split 7 0 (Split 9 7 Bound Bound) Bound) (Split 7 0 Bound
   Bound))); Bound ]) (By_cases 3 [ Bound; Bound; Bound; Bound; Bound; Bound; Split 9 14 Bound
   Bound; Split 8 14 (Split 9 8 Bound Bound) (Split 9 8 (Split 7 10 (Split 7 6 Bound Bound) (Split
   7 6 Bound Bound)) (Split 7 10 (Split 7 0 (Split 9 7 Bound Bound) Bound) (Split 7 0 (Split 9 7
   Bound Bound) Bound))); Bound ])) (History 2 3 (By_cases 3 [ Bound; Bound; Bound; Bound; Bound;
   Bound; Split 9 14 Bound Bound; Split 8 14 (Split 9 8 Bound Bound) (Split 9 8 (Split 7 10 (Split
   7 6 Bound Bound) (Split 7 6 Bound Bound)) (Split 7 10 (Split 7 0 (Split 9 7 Bound Bound) Bound)
   (Split 7 0 Bound Bound))); Bound ]) (By_cases 3 [ Bound; Bound; Bound; Bound; Bound; Bound;
   Split 9 14 Bound Bound; Split 8 14 (Split 9 8 Bound Bound) (Split 9 8 (Split 7 10 (Split 7 6
   Bound Bound) (Split 7 6 Bound Bound)) (Split 7 10 (Split 7 0 (Split 9 7 Bound Bound) Bound)
   (Split 7 0 Bound Bound))); Bound ]) (By_cases 3 [ Bound; Bound; Bound; Bound; Bound; Bound;
   Split 9 14 Bound Bound; Split 8 14 (Split 9 8 Bound Bound) (Split 9 8 (Split 7 10 (Split 7 6
   Bound Bound) (Split 7 6 Bound Bound)) (Split 7 10 (Split 7 0 (Split 9 7 Bound Bound) Bound)
   (Split 7 0 Bound Bound))); Bound ]))) (History 1 2 (History 2 3 (By_cases 3 [ Bound; Bound;
   Bound; Bound; Bound; Bound; Split 9 14 Bound Bound; Split 8 14 Bound (Split 9 8 (Split 7 10
   (Split 7 6 Bound Bound) (Split 7 6 Bound Bound)) (Split 7 10 (Split 7 0 Bound Bound) (Split 7 0
   Bound Bound))); Bound ]) (By_cases 3 [ Bound; Bound; Bound; Bound; Bound; Bound; Split 9 14
   Bound Bound; Split 8 14 Bound (Split 9 8 (Split 7 10 (Split 7 6 Bound Bound) (Split 7 6 Bound
   Bound)) (Split 7 10 (Split 7 0 Bound Bound) (Split 7 0 Bound Bound))); Bound ]) (By_cases 3 [
   Bound; Bound; Bound; Bound; Bound; Bound; Split 9 14 Bound Bound; Split 8 14 (Split 9 8 Bound
   Bound) (Split 9 8 (Split 7 10 (Split 7 6 Bound Bound) (Split 7 6 Bound Bound)) (Split 7 10
   (Split 7 0 (Split 9 7 Bound Bound) Bound) (Split 7 0 Bound Bound))); Bound ])) (History 2 3
   (By_cases 3 [ Bound; Bound; Bound; Bound; Bound; Bound; Split 9 14 Bound Bound; Split 8 14
   Bound (Split 9 8 (Split 7 10 (Split 7 6 Bound Bound) (Split 7 6 Bound Bound)) (Split 7 10
   (Split 7 0 (Split 9 7 Bound Bound) Bound) (Split 7 0 Bound Bound))); Bound ]) (By_cases 3 [
   Bound; Bound; Bound; Bound; Bound; Bound; Split 9 14 Bound Bound; Split 8 14 (Split 9 8 Bound
   Bound) (Split 9 8 (Split 7 10 (Split 7 6 Bound Bound) (Split 7 6 Bound Bound)) (Split 7 10
   (Split 7 0 (Split 9 7 Bound Bound) Bound) (Split 7 0 (Split 9 7 Bound Bound) Bound))); Bound ])
   (By_cases 3 [ Bound; Bound; Bound; Bound; Bound; Bound; Split 9 14 Bound Bound; Split 8 14
   (Split 9 8 Bound Bound) (Split 9 8 (Split 7 10 (Split 9 7 (Split 7 6 Bound Bound) Bound) (Split
   9 7 (Split 7 6 Bound Bound) Bound)) (Split 7 10 (Split 7 0 (Split 9 7 Bound Bound) Bound)
   (Split 7 0 (Split 9 7 Bound Bound) Bound))); Bound ])) (History 2 3 (By_cases 3 [ Bound; Bound;
   Bound; Bound; Bound; Bound; Split 9 14 Bound Bound; Split 8 14 Bound (Split 9 8 (Split 7 10
   (Split 7 6 Bound Bound) Bound) (Split 7 10 (Split 7 0 Bound Bound) Bound)); Bound ]) (By_cases
   3 [ Bound; Bound; Bound; Bound; Bound; Bound; Split 9 14 Bound Bound; Split 8 14 Bound (Split 9
   8 (Split 7 10 (Split 7 6 Bound Bound) Bound) (Split 7 10 (Split 7 0 Bound Bound) Bound)); Bound
   ]) (By_cases 3 [ Bound; Bound; Bound; Bound; Bound; Bound; Bound; Split 8 14 Bound (Split 9 8
   (Split 7 10 Bound Bound) (Split 7 10 Bound Bound)); Bound ])))) (First 0 1 (History 1 2
   (History 2 3 (By_cases 3 [ Bound; Bound; Bound; Bound; Bound; Bound; Split 9 14 Bound Bound;
   Split 8 14 Bound (Split 9 8 (Split 7 10 Bound Bound) (Split 7 10 (Split 7 0 Bound Bound)
   Bound)); Bound ]) (By_cases 3 [ Bound; Bound; Bound; Bound; Bound; Bound; Bound; Split 8 14
   Bound (Split 9 8 (Split 7 10 Bound Bound) (Split 7 10 Bound Bound)); Bound ]) (History 3 4
   (Proved 4) (Proved 4) (Proved 4))) (History 2 3 (By_cases 3 [ Bound; Bound; Bound; Bound;
   Bound; Bound; Bound; Split 8 14 Bound (Split 9 8 (Split 7 10 Bound Bound) (Split 7 10 (Split 7
   0 Bound Bound) Bound)); Bound ]) (By_cases 3 [ Bound; Bound; Bound; Bound; Bound; Bound; Bound;
   Split 8 14 Bound (Split 9 8 (Split 7 10 Bound Bound) (Split 7 10 Bound Bound)); Bound ])
   (By_cases 3 [ Bound; Bound; Bound; Bound; Bound; Bound; Bound; Split 8 14 Bound (Split 9 8
   (Split 7 10 Bound Bound) (Split 7 10 Bound Bound)); Bound ])) (History 2 3 (By_cases 3 [ Bound;
   Bound; Bound; Bound; Bound; Bound; Bound; Split 8 14 Bound (Split 9 8 (Split 7 10 Bound Bound)
   (Split 7 10 Bound Bound)); Bound ]) (By_cases 3 [ Bound; Bound; Bound; Bound; Bound; Bound;
   Bound; Split 8 14 Bound (Split 9 8 (Split 7 10 Bound Bound) (Split 7 10 Bound Bound)); Bound ])
   (By_cases 3 [ Bound; Bound; Bound; Bound; Bound; Bound; Bound; Split 8 14 Bound (Split 9 8
   (Split 7 10 Bound Bound) (Split 7 10 Bound Bound)); Bound ]))) (First 1 2 (History 2 3
   (By_cases 3 [ Bound; Bound; Bound; Bound; Bound; Bound; Bound; Split 8 14 Bound (Split 9 8
   (Split 7 10 Bound Bound) (Split 7 10 (Split 7 0 Bound Bound) Bound)); Bound ]) (By_cases 3 [
   Bound; Bound; Bound; Bound; Bound; Bound; Bound; Split 8 14 Bound (Split 9 8 (Split 7 10 Bound
   Bound) (Split 7 10 (Split 7 0 Bound Bound) Bound)); Bound ]) (By_cases 3 [ Bound; Bound; Bound;
   Bound; Bound; Bound; Bound; Split 8 14 Bound (Split 9 8 (Split 7 10 Bound Bound) (Split 7 10
   Bound Bound)); Bound ])) (First 2 3 (By_cases 3 [ Bound; Bound; Bound; Bound; Bound; Bound;
   Bound; Split 8 14 Bound (Split 9 8 Bound Bound); Bound ]) (By_cases 3 [ Bound; Bound; Bound;
   Bound; Bound; Bound; Bound; Split 8 14 Bound (Split 9 8 Bound Bound); Bound ])))));
  Proof_of 8 9 6461 (First 0 10 (History 0 1 (History 1 2 (History 2 3 (By_cases 3 [ Bound; Bound;
   Bound; Bound; Split 9 4 Bound Bound; Bound; Bound; Split 8 10 Bound Bound; Bound ]) (By_cases 3
   [ Bound; Bound; Bound; Bound; Split 9 4 Bound Bound; Bound; Bound; Split 8 10 Bound Bound;
   Bound ]) (By_cases 3 [ Bound; Bound; Bound; Bound; Split 9 4 Bound Bound; Bound; Bound; Split 8
   10 Bound Bound; Bound ])) (History 2 3 (By_cases 3 [ Bound; Bound; Bound; Bound; Split 9 4
   Bound Bound; Bound; Bound; Split 8 10 Bound Bound; Bound ]) (By_cases 3 [ Bound; Bound; Bound;
   Bound; Split 9 4 Bound Bound; Bound; Bound; Split 8 10 Bound Bound; Bound ]) (By_cases 3 [
   Bound; Bound; Bound; Bound; Split 9 4 Bound Bound; Bound; Bound; Split 8 10 Bound Bound; Bound
   ])) (History 2 3 (By_cases 3 [ Bound; Bound; Bound; Bound; Split 9 4 Bound Bound; Bound; Bound;
   Split 8 10 Bound Bound; Bound ]) (By_cases 3 [ Bound; Bound; Bound; Bound; Split 9 4 Bound
   Bound; Bound; Bound; Split 8 10 Bound Bound; Bound ]) (By_cases 3 [ Bound; Bound; Bound; Bound;
   Split 9 4 Bound Bound; Bound; Bound; Split 8 10 Bound Bound; Bound ]))) (History 1 2 (History 2
   3 (By_cases 3 [ Bound; Bound; Bound; Bound; Split 9 4 Bound Bound; Bound; Bound; Split 8 10
   Bound Bound; Bound ]) (By_cases 3 [ Bound; Bound; Bound; Bound; Split 9 4 Bound Bound; Bound;
   Bound; Split 8 10 Bound Bound; Bound ]) (By_cases 3 [ Bound; Bound; Bound; Bound; Split 9 4
   Bound Bound; Bound; Bound; Split 8 10 Bound Bound; Bound ])) (History 2 3 (By_cases 3 [ Bound;
   Bound; Bound; Bound; Split 9 4 Bound Bound; Bound; Bound; Split 8 10 Bound Bound; Bound ])
   (By_cases 3 [ Bound; Bound; Bound; Bound; Split 9 4 Bound Bound; Bound; Bound; Split 8 10 Bound
   Bound; Bound ]) (By_cases 3 [ Bound; Bound; Bound; Bound; Split 9 4 Bound (Split 8 4 Bound
   Bound); Bound; Bound; Split 8 10 Bound Bound; Bound ])) (History 2 3 (By_cases 3 [ Bound;
   Bound; Bound; Bound; Split 9 4 Bound Bound; Bound; Bound; Split 8 10 Bound Bound; Bound ])
   (By_cases 3 [ Bound; Bound; Bound; Bound; Split 9 4 Bound Bound; Bound; Bound; Split 8 10 Bound
   Bound; Bound ]) (By_cases 3 [ Bound; Bound; Bound; Bound; Split 9 4 Bound Bound; Bound; Bound;
   Split 8 10 Bound Bound; Bound ]))) (History 1 2 (History 2 3 (By_cases 3 [ Bound; Bound; Bound;
   Bound; Split 9 4 Bound Bound; Bound; Bound; Split 8 10 Bound Bound; Bound ]) (By_cases 3 [
   Bound; Bound; Bound; Bound; Split 9 4 Bound Bound; Bound; Bound; Split 8 10 Bound Bound; Bound
   ]) (By_cases 3 [ Bound; Bound; Bound; Bound; Split 9 4 Bound Bound; Bound; Bound; Split 8 10
   Bound Bound; Bound ])) (History 2 3 (By_cases 3 [ Bound; Bound; Bound; Bound; Split 9 4 Bound
   Bound; Bound; Bound; Split 8 10 Bound Bound; Bound ]) (By_cases 3 [ Bound; Bound; Bound; Bound;
   Split 9 4 Bound Bound; Bound; Bound; Split 8 10 Bound Bound; Bound ]) (By_cases 3 [ Bound;
   Bound; Bound; Bound; Split 9 4 Bound (Split 8 4 Bound Bound); Bound; Bound; Split 8 10 Bound
   Bound; Bound ])) (By_cases 2 [ Bound; Bound; Bound; Split 8 4 (Split 8 8 Bound Bound) (Split 8
   8 (Split 9 7 (Split 7 5 Bound Bound) Bound) (Split 9 7 Bound Bound)); Split 9 4 (Split 9 8
   (Split 6 9 (Split 7 6 (Split 7 9 (Split 5 10 Bound Bound) (Split 5 10 Bound Bound)) Bound)
   (Split 7 6 Bound Bound)) (Split 6 9 (Split 8 2 Bound Bound) Bound)) (Split 8 4 (Split 9 8
   (Split 8 10 (Split 7 2 (Split 7 7 Bound Bound) Bound) (Split 7 2 (Split 8 0 (Split 8 6 (Split 7
   7 Bound Bound) Bound) Bound) Bound)) (Split 8 10 Bound Bound)) (Split 9 8 (Split 8 10 (Split 8
   0 Bound Bound) (Split 8 0 (Split 8 6 (Split 7 13 Bound Bound) Bound) Bound)) (Split 8 10 Bound
   Bound))); Split 8 6 Bound Bound; Split 8 9 Bound Bound; Split 8 10 (Split 9 9 (Split 8 6 Bound
   Bound) Bound) (Split 9 9 (Split 8 6 (Split 8 7 Bound (Split 7 10 Bound (Split 7 6 Bound
   Bound))) Bound) Bound); Bound ]))) (First 0 1 (History 1 2 (By_cases 2 [ Bound; Bound; Bound;
   Split 8 4 (Split 8 8 Bound Bound) (Split 8 8 (Split 9 7 (Split 7 5 Bound Bound) Bound) (Split 9
   7 Bound Bound)); Split 9 4 (Split 9 8 (Split 6 9 (Split 7 6 (Split 7 9 (Split 5 10 Bound Bound)
   (Split 5 10 Bound Bound)) Bound) (Split 7 6 Bound Bound)) (Split 6 9 (Split 8 2 Bound Bound)
   Bound)) (Split 8 4 (Split 9 8 (Split 8 10 (Split 7 7 Bound (Split 7 2 Bound Bound)) (Split 7 2
   (Split 8 0 (Split 8 6 Bound Bound) Bound) Bound)) (Split 8 10 Bound Bound)) (Split 9 8 (Split 8
   10 (Split 8 0 Bound Bound) (Split 8 0 (Split 8 6 (Split 7 13 Bound Bound) Bound) Bound)) (Split
   8 10 Bound Bound))); Split 8 6 Bound Bound; Split 8 9 Bound Bound; Split 8 10 (Split 9 9 (Split
   8 6 Bound Bound) Bound) (Split 9 9 (Split 8 6 (Split 8 7 Bound (Split 7 10 Bound (Split 7 6
   Bound Bound))) Bound) Bound); Bound ]) (By_cases 2 [ Bound; Bound; Bound; Split 8 4 (Split 8 8
   Bound Bound) (Split 8 8 (Split 9 7 (Split 7 5 Bound Bound) Bound) (Split 9 7 Bound Bound));
   Split 9 4 (Split 9 8 (Split 6 9 (Split 7 6 (Split 7 9 (Split 5 10 Bound Bound) (Split 5 10
   Bound Bound)) Bound) (Split 7 6 Bound Bound)) (Split 6 9 (Split 8 2 Bound Bound) Bound)) (Split
   8 4 (Split 9 8 (Split 8 10 (Split 7 7 Bound (Split 7 2 Bound Bound)) (Split 7 2 (Split 8 0
   (Split 8 6 Bound Bound) Bound) Bound)) (Split 8 10 Bound Bound)) (Split 9 8 (Split 8 10 (Split
   8 0 Bound Bound) (Split 8 0 (Split 8 6 (Split 7 13 Bound Bound) Bound) Bound)) (Split 8 10
   Bound Bound))); Split 8 6 Bound Bound; Split 8 9 Bound Bound; Split 8 10 (Split 9 9 (Split 8 6
   Bound Bound) Bound) (Split 9 9 (Split 8 6 (Split 8 7 Bound (Split 7 10 Bound (Split 7 6 Bound
   Bound))) Bound) Bound); Bound ]) (By_cases 2 [ Bound; Bound; Bound; Split 8 4 Bound (Split 8 8
   (Split 9 7 (Split 7 5 Bound Bound) Bound) (Split 9 7 Bound Bound)); Split 9 4 (Split 9 8 (Split
   6 9 (Split 7 6 (Split 7 9 Bound Bound) Bound) (Split 7 6 Bound Bound)) (Split 6 9 (Split 8 2
   Bound Bound) Bound)) (Split 8 4 (Split 9 8 (Split 8 10 (Split 7 7 Bound Bound) (Split 7 2
   (Split 8 0 (Split 8 6 Bound Bound) Bound) Bound)) (Split 8 10 Bound Bound)) (Split 9 8 (Split 8
   10 (Split 8 0 Bound Bound) (Split 8 0 (Split 8 6 Bound Bound) Bound)) (Split 8 10 Bound
   Bound))); Bound; Split 8 9 Bound Bound; Split 8 10 (Split 9 9 (Split 8 6 Bound Bound) Bound)
   (Split 9 9 (Split 8 6 (Split 8 7 Bound (Split 7 10 Bound Bound)) Bound) Bound); Bound ]))
   (First 1 2 (By_cases 2 [ Bound; Bound; Bound; Split 8 4 Bound (Split 8 8 Bound Bound); Split 9
   4 (Split 9 8 (Split 6 9 (Split 7 6 Bound Bound) Bound) (Split 6 9 Bound Bound)) (Split 8 4
   (Split 9 8 (Split 8 10 Bound (Split 7 2 Bound Bound)) Bound) (Split 9 8 (Split 8 10 Bound
   Bound) Bound)); Bound; Bound; Split 8 10 Bound (Split 8 6 (Split 8 7 Bound Bound) Bound); Bound
   ]) (By_cases 2 [ Bound; Bound; Bound; Split 8 4 Bound (Split 8 8 (Split 9 7 Bound Bound)
   Bound); Split 9 4 (Split 9 8 (Split 6 9 (Split 7 6 Bound Bound) Bound) (Split 6 9 Bound Bound))
   (Split 8 4 (Split 9 8 (Split 8 10 Bound (Split 7 2 Bound Bound)) Bound) (Split 9 8 (Split 8 10
   Bound Bound) Bound)); Bound; Bound; Split 8 10 (Split 8 6 Bound Bound) (Split 8 6 (Split 8 7
   Bound (Split 7 10 Bound Bound)) Bound); Bound ]))));
  Proof_of 9 0 9606 (By_cases 0 [ Bound; Bound; Bound; Bound; Split 6 10 (Split 7 0 Bound Bound)
   Bound; Bound; Bound; Bound; Bound ]);
  Proof_of 9 1 27964 (By_cases 0 [ Bound; Bound; Bound; Bound; Bound; Split 7 10 Bound Bound;
   Bound; Bound; Bound ]);
  Proof_of 9 2 27420 (By_cases 0 [ Bound; Bound; Bound; Bound; Bound; Bound; Split 8 10 Bound
   (Split 9 0 (Split 6 15 Bound Bound) Bound); Bound; Bound ]);
  Proof_of 9 3 162119 (First 0 10 (Proved 0) (Proved 0));
  Proof_of 9 4 37800 (First 0 10 (History 0 1 (Proved 1) (Proved 1) (Proved 1)) (First 0 1 (Proved
   1) (Proved 1)));
  Proof_of 9 5 6921 (First 0 10 (History 0 1 (History 1 2 (Proved 2) (Proved 2) (Proved 2))
   (History 1 2 (Proved 2) (Proved 2) (Proved 2)) (History 1 2 (Proved 2) (Proved 2) (Proved 2)))
   (First 0 1 (By_cases 1 [ Split 9 4 (Split 5 4 (Split 9 15 (Split 5 8 Bound Bound) Bound) (Split
   4 5 (Split 9 15 (Split 5 8 (Split 5 2 Bound Bound) (Split 5 2 Bound Bound)) (Split 5 2 Bound
   Bound)) (Split 9 15 (Split 5 8 (Split 5 2 Bound (Split 3 13 Bound Bound)) (Split 5 2 Bound
   Bound)) (Split 5 2 Bound Bound)))) Bound; Bound; Bound; Bound; Bound; Bound; Bound; Bound;
   Bound ]) (By_cases 1 [ Split 9 4 (Split 5 4 (Split 9 15 Bound Bound) (Split 4 5 (Split 9 15
   (Split 5 2 Bound Bound) Bound) (Split 9 15 (Split 5 2 Bound Bound) Bound))) Bound; Bound;
   Bound; Bound; Bound; Bound; Bound; Bound; Bound ])));
  Proof_of 9 6 3823 (First 0 10 (History 0 1 (History 1 2 (History 2 3 (Proved 3) (Proved 3)
   (Proved 3)) (History 2 3 (Proved 3) (Proved 3) (Proved 3)) (History 2 3 (By_cases 3 [ Bound;
   Split 6 4 Bound Bound; Bound; Bound; Bound; Bound; Bound; Bound; Bound ]) (By_cases 3 [ Bound;
   Split 6 4 Bound Bound; Bound; Bound; Bound; Bound; Bound; Bound; Bound ]) (By_cases 3 [ Bound;
   Split 6 4 Bound Bound; Bound; Bound; Bound; Bound; Bound; Bound; Bound ]))) (History 1 2
   (History 2 3 (Proved 3) (Proved 3) (By_cases 3 [ Bound; Split 6 4 Bound Bound; Bound; Bound;
   Bound; Bound; Bound; Bound; Bound ])) (History 2 3 (Proved 3) (Proved 3) (By_cases 3 [ Bound;
   Split 6 4 Bound Bound; Bound; Bound; Bound; Bound; Bound; Bound; Bound ])) (History 2 3
   (By_cases 3 [ Bound; Split 6 4 Bound Bound; Bound; Bound; Bound; Bound; Bound; Bound; Bound ])
   (Proved 3) (Proved 3))) (History 1 2 (History 2 3 (Proved 3) (Proved 3) (Proved 3)) (History 2
   3 (Proved 3) (By_cases 3 [ Bound; Split 6 4 Bound Bound; Bound; Bound; Bound; Bound; Bound;
   Bound; Bound ]) (By_cases 3 [ Bound; Split 6 4 Bound Bound; Bound; Bound; Bound; Bound; Bound;
   Bound; Bound ])) (History 2 3 (By_cases 3 [ Bound; Split 6 4 Bound (Split 5 5 Bound Bound);
   Bound; Bound; Bound; Bound; Bound; Bound; Bound ]) (By_cases 3 [ Bound; Split 6 4 Bound (Split
   5 5 Bound Bound); Bound; Bound; Bound; Bound; Bound; Bound; Bound ]) (Proved 3)))) (First 0 1
   (History 1 2 (History 2 3 (Proved 3) (Proved 3) (Proved 3)) (History 2 3 (Proved 3) (Proved 3)
   (Proved 3)) (History 2 3 (By_cases 3 [ Bound; Split 6 4 Bound Bound; Bound; Bound; Bound;
   Bound; Bound; Bound; Bound ]) (Proved 3) (Proved 3))) (First 1 2 (History 2 3 (Proved 3)
   (Proved 3) (Proved 3)) (First 2 3 (Proved 3) (Proved 3)))));
  Proof_of 9 7 2879 (First 0 10 (History 0 1 (History 1 2 (History 2 3 (History 3 4 (By_cases 4 [
   Bound; Bound; Bound; Bound; Bound; Bound; Bound; Split 9 10 Bound Bound; Bound ]) (By_cases 4 [
   Bound; Bound; Bound; Bound; Bound; Bound; Bound; Split 9 10 Bound Bound; Bound ]) (By_cases 4 [
   Bound; Bound; Bound; Bound; Bound; Bound; Bound; Split 9 10 Bound Bound; Bound ])) (History 3 4
   (By_cases 4 [ Bound; Bound; Bound; Bound; Bound; Bound; Bound; Split 9 10 Bound Bound; Bound ])
   (By_cases 4 [ Bound; Bound; Bound; Bound; Bound; Bound; Bound; Split 9 10 Bound Bound; Bound ])
   (By_cases 4 [ Bound; Bound; Bound; Bound; Bound; Bound; Bound; Split 9 10 Bound Bound; Bound
   ])) (History 3 4 (By_cases 4 [ Bound; Bound; Bound; Bound; Bound; Bound; Bound; Split 9 10
   Bound Bound; Bound ]) (By_cases 4 [ Bound; Bound; Bound; Bound; Bound; Bound; Bound; Split 9 10
   Bound Bound; Bound ]) (By_cases 4 [ Bound; Bound; Bound; Bound; Bound; Bound; Bound; Split 9 10
   Bound Bound; Bound ]))) (History 2 3 (History 3 4 (By_cases 4 [ Bound; Bound; Bound; Bound;
   Bound; Bound; Bound; Split 9 10 Bound Bound; Bound ]) (By_cases 4 [ Bound; Bound; Bound; Bound;
   Bound; Bound; Bound; Split 9 10 Bound Bound; Bound ]) (By_cases 4 [ Bound; Bound; Bound; Bound;
   Bound; Bound; Bound; Split 9 10 Bound Bound; Bound ])) (History 3 4 (By_cases 4 [ Bound; Bound;
   Bound; Bound; Bound; Bound; Bound; Split 9 10 Bound Bound; Bound ]) (By_cases 4 [ Bound; Bound;
   Bound; Bound; Bound; Bound; Bound; Split 9 10 Bound Bound; Bound ]) (By_cases 4 [ Bound; Bound;
   Bound; Bound; Bound; Bound; Bound; Split 9 10 Bound Bound; Bound ])) (History 3 4 (By_cases 4 [
   Bound; Bound; Bound; Bound; Bound; Bound; Bound; Split 9 10 Bound Bound; Bound ]) (By_cases 4 [
   Bound; Bound; Bound; Bound; Bound; Bound; Bound; Split 9 10 Bound Bound; Bound ]) (By_cases 4 [
   Bound; Bound; Bound; Bound; Bound; Bound; Bound; Split 9 10 Bound Bound; Bound ]))) (History 2
   3 (History 3 4 (By_cases 4 [ Bound; Bound; Bound; Bound; Bound; Bound; Bound; Split 9 10 Bound
   Bound; Bound ]) (By_cases 4 [ Bound; Bound; Bound; Bound; Bound; Bound; Bound; Split 9 10 Bound
   Bound; Bound ]) (By_cases 4 [ Bound; Bound; Bound; Bound; Bound; Bound; Bound; Split 9 10 Bound
   Bound; Bound ])) (History 3 4 (By_cases 4 [ Bound; Bound; Split 7 4 Bound Bound; Bound; Bound;
   Bound; Bound; Split 9 10 Bound Bound; Bound ]) (By_cases 4 [ Bound; Bound; Bound; Bound; Bound;
   Bound; Bound; Split 9 10 Bound Bound; Bound ]) (By_cases 4 [ Bound; Bound; Bound; Bound; Bound;
   Bound; Bound; Split 9 10 Bound Bound; Bound ])) (History 3 4 (By_cases 4 [ Bound; Bound; Split
   7 4 Bound Bound; Bound; Bound; Bound; Bound; Split 9 10 Bound Bound; Bound ]) (By_cases 4 [
   Bound; Bound; Bound; Bound; Bound; Bound; Bound; Split 9 10 Bound Bound; Bound ]) (By_cases 4 [
   Bound; Bound; Bound; Bound; Bound; Bound; Bound; Split 9 10 Bound Bound; Bound ])))) (History 1
   2 (History 2 3 (History 3 4 (By_cases 4 [ Bound; Bound; Bound; Bound; Bound; Bound; Bound;
   Split 9 10 Bound Bound; Bound ]) (By_cases 4 [ Bound; Bound; Bound; Bound; Bound; Bound; Bound;
   Split 9 10 Bound Bound; Bound ]) (By_cases 4 [ Bound; Bound; Bound; Bound; Bound; Bound; Bound;
   Split 9 10 Bound Bound; Bound ])) (History 3 4 (By_cases 4 [ Bound; Bound; Bound; Bound; Bound;
   Bound; Bound; Split 9 10 Bound Bound; Bound ]) (By_cases 4 [ Bound; Bound; Bound; Bound; Bound;
   Bound; Bound; Split 9 10 Bound Bound; Bound ]) (By_cases 4 [ Bound; Bound; Bound; Bound; Bound;
   Bound; Bound; Split 9 10 Bound Bound; Bound ])) (History 3 4 (By_cases 4 [ Bound; Bound; Bound;
   Bound; Bound; Bound; Bound; Split 9 10 Bound Bound; Bound ]) (By_cases 4 [ Bound; Bound; Bound;
   Bound; Bound; Bound; Bound; Split 9 10 Bound Bound; Bound ]) (By_cases 4 [ Bound; Bound; Bound;
   Bound; Bound; Bound; Bound; Split 9 10 Bound Bound; Bound ]))) (History 2 3 (History 3 4
   (By_cases 4 [ Bound; Bound; Bound; Bound; Bound; Bound; Bound; Split 9 10 Bound Bound; Bound ])
   (By_cases 4 [ Bound; Bound; Bound; Bound; Bound; Bound; Bound; Split 9 10 Bound Bound; Bound ])
   (By_cases 4 [ Bound; Bound; Bound; Bound; Bound; Bound; Bound; Split 9 10 Bound Bound; Bound
   ])) (History 3 4 (By_cases 4 [ Bound; Bound; Bound; Bound; Bound; Bound; Bound; Split 9 10
   Bound Bound; Bound ]) (By_cases 4 [ Bound; Bound; Bound; Bound; Bound; Bound; Bound; Split 9 10
   Bound Bound; Bound ]) (By_cases 4 [ Bound; Bound; Bound; Bound; Bound; Bound; Bound; Split 9 10
   Bound Bound; Bound ])) (History 3 4 (By_cases 4 [ Bound; Bound; Bound; Bound; Bound; Bound;
   Bound; Split 9 10 Bound Bound; Bound ]) (By_cases 4 [ Bound; Bound; Bound; Bound; Bound; Bound;
   Bound; Split 9 10 Bound Bound; Bound ]) (By_cases 4 [ Bound; Bound; Bound; Bound; Bound; Bound;
   Bound; Split 9 10 (Split 8 14 Bound Bound) Bound; Bound ]))) (History 2 3 (History 3 4
   (By_cases 4 [ Bound; Bound; Bound; Bound; Bound; Bound; Bound; Split 9 10 Bound Bound; Bound ])
   (By_cases 4 [ Bound; Bound; Bound; Bound; Bound; Bound; Bound; Split 9 10 Bound Bound; Bound ])
   (By_cases 4 [ Bound; Bound; Bound; Bound; Bound; Bound; Bound; Split 9 10 Bound Bound; Bound
   ])) (History 3 4 (By_cases 4 [ Bound; Bound; Bound; Bound; Bound; Bound; Bound; Split 9 10
   Bound Bound; Bound ]) (By_cases 4 [ Bound; Bound; Bound; Bound; Bound; Bound; Bound; Split 9 10
   Bound Bound; Bound ]) (By_cases 4 [ Bound; Bound; Bound; Bound; Bound; Bound; Bound; Split 9 10
   Bound Bound; Bound ])) (History 3 4 (By_cases 4 [ Bound; Bound; Split 7 4 Bound Bound; Bound;
   Bound; Bound; Bound; Split 9 10 Bound Bound; Bound ]) (By_cases 4 [ Bound; Bound; Bound; Bound;
   Bound; Bound; Bound; Split 9 10 Bound Bound; Bound ]) (By_cases 4 [ Bound; Bound; Bound; Bound;
   Bound; Bound; Bound; Split 9 10 Bound Bound; Bound ])))) (History 1 2 (History 2 3 (History 3 4
   (By_cases 4 [ Bound; Bound; Bound; Bound; Bound; Bound; Bound; Split 9 10 Bound Bound; Bound ])
   (By_cases 4 [ Bound; Bound; Bound; Bound; Bound; Bound; Bound; Split 9 10 Bound Bound; Bound ])
   (By_cases 4 [ Bound; Bound; Bound; Bound; Bound; Bound; Bound; Split 9 10 Bound Bound; Bound
   ])) (History 3 4 (By_cases 4 [ Bound; Bound; Bound; Bound; Bound; Bound; Bound; Split 9 10
   Bound Bound; Bound ]) (By_cases 4 [ Bound; Bound; Bound; Bound; Bound; Bound; Bound; Split 9 10
   Bound Bound; Bound ]) (By_cases 4 [ Bound; Bound; Bound; Bound; Bound; Bound; Bound; Split 9 10
   Bound Bound; Bound ])) (History 3 4 (By_cases 4 [ Bound; Bound; Bound; Bound; Bound; Bound;
   Bound; Split 9 10 Bound Bound; Bound ]) (By_cases 4 [ Bound; Bound; Bound; Bound; Bound; Bound;
   Bound; Split 9 10 Bound Bound; Bound ]) (By_cases 4 [ Bound; Bound; Bound; Bound; Bound; Bound;
   Bound; Split 9 10 Bound Bound; Bound ]))) (History 2 3 (History 3 4 (By_cases 4 [ Bound; Bound;
   Bound; Bound; Bound; Bound; Bound; Split 9 10 Bound Bound; Bound ]) (By_cases 4 [ Bound; Bound;
   Bound; Bound; Bound; Bound; Bound; Split 9 10 Bound Bound; Bound ]) (By_cases 4 [ Bound; Bound;
   Bound; Bound; Bound; Bound; Bound; Split 9 10 Bound Bound; Bound ])) (History 3 4 (By_cases 4 [
   Bound; Bound; Bound; Bound; Bound; Bound; Bound; Split 9 10 Bound Bound; Bound ]) (By_cases 4 [
   Bound; Bound; Bound; Bound; Bound; Bound; Bound; Split 9 10 Bound Bound; Bound ]) (By_cases 4 [
   Bound; Bound; Bound; Bound; Bound; Bound; Bound; Split 9 10 Bound Bound; Bound ])) (History 3 4
   (By_cases 4 [ Bound; Bound; Bound; Bound; Bound; Bound; Bound; Split 9 10 Bound Bound; Bound ])
   (By_cases 4 [ Bound; Bound; Bound; Bound; Bound; Bound; Bound; Split 9 10 Bound Bound; Bound ])
   (By_cases 4 [ Bound; Bound; Bound; Bound; Bound; Bound; Bound; Split 9 10 (Split 8 14 Bound
   Bound) Bound; Bound ]))) (History 2 3 (By_cases 3 [ Bound; Bound; Split 7 4 (Split 7 8 (Split 7
   2 Bound Bound) (Split 7 2 Bound Bound)) (Split 6 5 (Split 7 8 (Split 7 2 (Split 8 7 (Split 6 4
   Bound Bound) Bound) (Split 8 7 (Split 5 13 Bound Bound) Bound)) (Split 7 2 (Split 8 7 (Split 6
   4 Bound Bound) Bound) (Split 8 7 (Split 5 13 Bound Bound) Bound))) (Split 7 8 (Split 7 2 (Split
   8 7 (Split 6 4 Bound Bound) Bound) (Split 8 7 (Split 5 13 (Split 4 11 Bound (Split 6 4 Bound
   Bound)) (Split 6 4 Bound Bound)) Bound)) (Split 7 2 (Split 8 7 Bound Bound) (Split 8 7 Bound
   Bound)))); Bound; Bound; Bound; Split 7 10 Bound Bound; Split 9 10 (Split 8 14 Bound (Split 7
   10 (Split 9 8 Bound Bound) (Split 9 8 Bound Bound))) (Split 9 8 (Split 8 14 Bound Bound)
   Bound); Bound ]) (By_cases 3 [ Bound; Bound; Split 7 4 (Split 7 8 (Split 7 2 Bound Bound)
   (Split 7 2 Bound Bound)) (Split 6 5 (Split 7 8 (Split 7 2 (Split 8 7 (Split 6 4 Bound Bound)
   Bound) (Split 8 7 (Split 5 13 Bound Bound) Bound)) (Split 7 2 (Split 8 7 (Split 6 4 Bound
   Bound) Bound) (Split 8 7 (Split 5 13 Bound Bound) Bound))) (Split 7 8 (Split 7 2 (Split 8 7
   (Split 6 4 Bound Bound) Bound) (Split 8 7 (Split 5 13 (Split 4 11 Bound (Split 6 4 Bound
   Bound)) (Split 6 4 Bound Bound)) (Split 5 13 Bound Bound))) (Split 7 2 (Split 8 7 Bound Bound)
   (Split 8 7 Bound Bound)))); Bound; Bound; Bound; Split 7 10 Bound Bound; Split 9 10 (Split 8 14
   Bound (Split 7 10 (Split 9 8 Bound Bound) (Split 9 8 Bound Bound))) (Split 9 8 (Split 8 14
   Bound Bound) Bound); Bound ]) (By_cases 3 [ Bound; Bound; Split 7 4 (Split 8 4 (Split 7 8 Bound
   Bound) Bound) (Split 8 4 (Split 7 8 (Split 6 5 Bound Bound) Bound) Bound); Bound; Bound; Bound;
   Bound; Split 9 10 (Split 8 14 Bound (Split 7 10 (Split 9 8 Bound Bound) Bound)) (Split 8 4
   (Split 9 8 Bound Bound) Bound); Bound ])))) (First 0 1 (History 1 2 (History 2 3 (By_cases 3 [
   Bound; Bound; Split 7 4 (Split 7 8 (Split 7 2 Bound Bound) (Split 7 2 Bound Bound)) (Split 6 5
   (Split 7 8 (Split 7 2 (Split 8 7 (Split 6 4 Bound Bound) Bound) (Split 8 7 (Split 5 13 Bound
   Bound) Bound)) (Split 7 2 (Split 8 7 (Split 6 4 Bound Bound) Bound) (Split 8 7 Bound Bound)))
   (Split 7 8 (Split 7 2 (Split 8 7 (Split 6 4 Bound Bound) Bound) (Split 8 7 (Split 5 13 (Split 4
   11 Bound (Split 6 10 Bound Bound)) (Split 6 10 Bound Bound)) Bound)) (Split 7 2 (Split 8 7
   Bound Bound) (Split 8 7 Bound Bound)))); Bound; Bound; Bound; Bound; Split 9 10 (Split 8 14
   Bound (Split 7 10 (Split 9 8 Bound Bound) (Split 9 8 Bound Bound))) (Split 9 8 (Split 8 14
   Bound Bound) Bound); Bound ]) (By_cases 3 [ Bound; Bound; Split 7 4 (Split 7 8 Bound (Split 7 2
   Bound Bound)) (Split 6 5 (Split 7 8 (Split 7 2 (Split 8 7 Bound Bound) (Split 8 7 Bound Bound))
   (Split 7 2 (Split 8 7 Bound Bound) (Split 8 7 Bound Bound))) (Split 7 8 (Split 7 2 (Split 8 7
   (Split 6 4 Bound Bound) Bound) (Split 8 7 (Split 5 13 Bound Bound) Bound)) (Split 7 2 (Split 8
   7 Bound Bound) (Split 8 7 Bound Bound)))); Bound; Bound; Bound; Bound; Split 9 10 (Split 8 14
   Bound (Split 7 10 Bound Bound)) (Split 8 14 Bound (Split 7 10 Bound Bound)); Bound ]) (By_cases
   3 [ Bound; Bound; Split 7 4 (Split 7 8 Bound (Split 7 2 Bound Bound)) (Split 6 5 (Split 7 8
   (Split 7 2 (Split 8 7 Bound Bound) (Split 8 7 Bound Bound)) (Split 7 2 (Split 8 7 Bound Bound)
   (Split 8 7 Bound Bound))) (Split 7 8 (Split 7 2 (Split 8 7 (Split 6 4 Bound Bound) Bound)
   (Split 8 7 (Split 5 13 Bound Bound) Bound)) (Split 7 2 (Split 8 7 Bound Bound) (Split 8 7 Bound
   Bound)))); Bound; Bound; Bound; Bound; Split 9 10 (Split 8 14 Bound (Split 7 10 (Split 9 8
   Bound Bound) (Split 9 8 Bound Bound))) (Split 8 14 Bound (Split 7 10 Bound Bound)); Bound ]))
   (History 2 3 (By_cases 3 [ Bound; Bound; Split 7 4 (Split 7 8 Bound (Split 7 2 Bound Bound))
   (Split 6 5 (Split 7 8 (Split 7 2 (Split 8 7 Bound Bound) (Split 8 7 Bound Bound)) (Split 7 2
   (Split 8 7 Bound Bound) (Split 8 7 Bound Bound))) (Split 7 8 (Split 7 2 (Split 8 7 (Split 6 4
   Bound Bound) Bound) (Split 8 7 (Split 5 13 Bound Bound) Bound)) (Split 7 2 (Split 8 7 Bound
   Bound) (Split 8 7 Bound Bound)))); Bound; Bound; Bound; Bound; Split 9 10 (Split 8 14 Bound
   (Split 7 10 (Split 9 8 Bound Bound) (Split 9 8 Bound Bound))) (Split 9 8 (Split 8 14 Bound
   Bound) Bound); Bound ]) (By_cases 3 [ Bound; Bound; Split 7 4 (Split 7 8 Bound (Split 7 2 Bound
   Bound)) (Split 6 5 (Split 7 8 (Split 7 2 (Split 8 7 Bound Bound) (Split 8 7 Bound Bound))
   (Split 7 2 (Split 8 7 Bound Bound) (Split 8 7 Bound Bound))) (Split 7 8 (Split 7 2 (Split 8 7
   (Split 6 4 Bound Bound) Bound) (Split 8 7 (Split 5 13 Bound Bound) Bound)) (Split 7 2 (Split 8
   7 Bound Bound) (Split 8 7 Bound Bound)))); Bound; Bound; Bound; Bound; Split 9 10 (Split 8 14
   Bound (Split 7 10 (Split 9 8 Bound Bound) Bound)) (Split 8 14 Bound (Split 7 10 Bound Bound));
   Bound ]) (By_cases 3 [ Bound; Bound; Split 7 4 (Split 7 8 Bound (Split 7 2 Bound Bound)) (Split
   6 5 (Split 7 8 (Split 7 2 (Split 8 7 Bound Bound) (Split 8 7 Bound Bound)) (Split 7 2 (Split 8
   7 Bound Bound) (Split 8 7 Bound Bound))) (Split 7 8 (Split 7 2 (Split 8 7 (Split 6 4 Bound
   Bound) Bound) (Split 8 7 (Split 5 13 Bound Bound) Bound)) (Split 7 2 (Split 8 7 Bound Bound)
   (Split 8 7 Bound Bound)))); Bound; Bound; Bound; Bound; Split 9 10 (Split 8 14 Bound (Split 7
   10 (Split 9 8 Bound Bound) Bound)) (Split 8 14 Bound (Split 7 10 Bound Bound)); Bound ]))
   (History 2 3 (History 3 4 (Proved 4) (Proved 4) (Proved 4)) (By_cases 3 [ Bound; Bound; Split 7
   4 (Split 7 8 Bound (Split 7 2 Bound Bound)) (Split 6 5 (Split 7 8 (Split 7 2 (Split 8 7 Bound
   Bound) (Split 8 7 Bound Bound)) (Split 7 2 (Split 8 7 Bound Bound) (Split 8 7 Bound Bound)))
   (Split 7 8 (Split 7 2 (Split 8 7 Bound Bound) (Split 8 7 (Split 5 13 Bound Bound) Bound))
   (Split 7 2 (Split 8 7 Bound Bound) (Split 8 7 Bound Bound)))); Bound; Bound; Bound; Bound;
   Split 9 10 (Split 8 14 Bound (Split 7 10 Bound Bound)) (Split 8 14 Bound (Split 7 10 Bound
   Bound)); Bound ]) (By_cases 3 [ Bound; Bound; Split 7 4 (Split 8 4 Bound Bound) (Split 8 4
   (Split 7 8 (Split 6 5 Bound Bound) Bound) Bound); Bound; Bound; Bound; Bound; Split 9 10 (Split
   8 14 Bound (Split 7 10 (Split 9 8 Bound Bound) Bound)) (Split 8 4 Bound Bound); Bound ])))
   (First 1 2 (History 2 3 (By_cases 3 [ Bound; Bound; Split 7 4 (Split 7 8 Bound (Split 7 2 Bound
   Bound)) (Split 6 5 (Split 7 8 (Split 7 2 (Split 8 7 Bound Bound) (Split 8 7 Bound Bound))
   (Split 7 2 (Split 8 7 Bound Bound) (Split 8 7 Bound Bound))) (Split 7 8 (Split 7 2 (Split 8 7
   (Split 6 4 Bound Bound) Bound) (Split 8 7 (Split 5 13 Bound Bound) Bound)) (Split 7 2 (Split 8
   7 Bound Bound) (Split 8 7 Bound Bound)))); Bound; Bound; Bound; Bound; Split 9 10 (Split 8 14
   Bound (Split 7 10 (Split 9 8 Bound Bound) (Split 9 8 Bound Bound))) (Split 9 8 (Split 8 14
   Bound Bound) Bound); Bound ]) (By_cases 3 [ Bound; Bound; Split 7 4 (Split 7 8 Bound (Split 7 2
   Bound Bound)) (Split 6 5 (Split 7 8 (Split 7 2 (Split 8 7 Bound Bound) (Split 8 7 Bound Bound))
   (Split 7 2 (Split 8 7 Bound Bound) (Split 8 7 Bound Bound))) (Split 7 8 (Split 7 2 (Split 8 7
   Bound Bound) (Split 8 7 (Split 5 13 Bound Bound) Bound)) (Split 7 2 (Split 8 7 Bound Bound)
   (Split 8 7 Bound Bound)))); Bound; Bound; Bound; Bound; Split 9 10 (Split 8 14 Bound (Split 7
   10 (Split 9 8 Bound Bound) (Split 9 8 Bound Bound))) (Split 9 8 (Split 8 14 Bound Bound)
   Bound); Bound ]) (By_cases 3 [ Bound; Bound; Split 7 4 (Split 8 4 Bound Bound) (Split 8 4
   (Split 7 8 (Split 6 6 Bound Bound) Bound) Bound); Bound; Bound; Bound; Bound; Split 9 10 (Split
   8 14 Bound (Split 7 10 (Split 9 8 Bound Bound) Bound)) (Split 8 4 Bound Bound); Bound ]))
   (First 2 3 (By_cases 3 [ Bound; Bound; Split 7 4 Bound (Split 8 4 (Split 7 8 Bound Bound)
   Bound); Bound; Bound; Bound; Bound; Split 9 10 (Split 8 14 Bound (Split 7 10 Bound Bound))
   (Split 8 4 Bound Bound); Bound ]) (By_cases 3 [ Bound; Bound; Split 7 4 Bound (Split 8 4 Bound
   Bound); Bound; Bound; Bound; Bound; Split 9 10 (Split 8 14 Bound Bound) Bound; Bound ])))));
  Proof_of 9 8 8469 (First 0 10 (History 0 1 (History 1 2 (History 2 3 (By_cases 3 [ Bound; Bound;
   Bound; Bound; Split 9 4 (Split 9 8 Bound Bound) (Split 8 4 (Split 9 8 Bound Bound) Bound);
   Bound; Bound; Split 8 10 Bound (Split 8 7 Bound Bound); Split 9 14 Bound (Split 8 10 (Split 8 6
   (Split 8 0 Bound Bound) (Split 8 0 Bound Bound)) (Split 8 6 Bound (Split 8 0 Bound Bound))) ])
   (By_cases 3 [ Bound; Bound; Bound; Bound; Split 9 4 Bound (Split 8 4 Bound Bound); Bound;
   Bound; Split 8 10 Bound (Split 8 7 Bound Bound); Split 9 14 Bound (Split 8 10 (Split 8 6 (Split
   8 0 Bound Bound) (Split 8 0 Bound Bound)) (Split 8 6 Bound (Split 8 0 Bound Bound))) ])
   (By_cases 3 [ Bound; Bound; Bound; Bound; Split 9 4 (Split 9 8 Bound Bound) (Split 8 4 (Split 9
   8 Bound Bound) Bound); Bound; Bound; Split 8 10 Bound (Split 8 7 Bound Bound); Split 9 14 Bound
   (Split 8 10 (Split 8 6 (Split 8 0 Bound Bound) (Split 8 0 Bound Bound)) (Split 8 6 (Split 8 0
   Bound Bound) (Split 8 0 Bound Bound))) ])) (History 2 3 (By_cases 3 [ Bound; Bound; Bound;
   Bound; Split 9 4 Bound (Split 8 4 Bound Bound); Bound; Bound; Split 8 10 Bound (Split 8 7 Bound
   Bound); Split 9 14 Bound (Split 8 10 (Split 8 6 (Split 8 0 Bound Bound) (Split 8 0 Bound
   Bound)) (Split 8 6 Bound (Split 8 0 Bound Bound))) ]) (By_cases 3 [ Bound; Bound; Bound; Bound;
   Split 9 4 Bound (Split 8 4 (Split 9 8 Bound Bound) Bound); Bound; Bound; Split 8 10 Bound
   (Split 8 7 Bound Bound); Split 9 14 Bound (Split 8 10 (Split 8 6 (Split 8 0 Bound Bound) (Split
   8 0 Bound Bound)) (Split 8 6 (Split 8 0 Bound Bound) (Split 8 0 Bound Bound))) ]) (By_cases 3 [
   Bound; Bound; Bound; Bound; Split 9 4 Bound (Split 8 4 Bound Bound); Bound; Bound; Split 8 10
   Bound (Split 8 7 Bound Bound); Split 9 14 Bound (Split 8 10 (Split 8 6 (Split 8 0 Bound Bound)
   (Split 8 0 Bound Bound)) (Split 8 6 Bound (Split 8 0 Bound Bound))) ])) (History 2 3 (By_cases
   3 [ Bound; Bound; Bound; Bound; Split 9 4 (Split 9 8 Bound Bound) (Split 8 4 (Split 9 8 Bound
   Bound) Bound); Bound; Bound; Split 8 10 Bound (Split 8 7 Bound Bound); Split 9 14 Bound (Split
   8 10 (Split 8 6 (Split 8 0 Bound Bound) (Split 8 0 Bound Bound)) (Split 8 6 (Split 8 0 Bound
   Bound) (Split 8 0 Bound Bound))) ]) (By_cases 3 [ Bound; Bound; Bound; Bound; Split 9 4 (Split
   9 8 Bound Bound) (Split 8 4 (Split 9 8 Bound Bound) Bound); Bound; Bound; Split 8 10 Bound
   (Split 8 7 Bound Bound); Split 9 14 Bound (Split 8 10 (Split 8 6 (Split 8 0 Bound Bound) (Split
   8 0 Bound Bound)) (Split 8 6 (Split 8 0 Bound Bound) (Split 8 0 Bound Bound))) ]) (By_cases 3 [
   Bound; Bound; Bound; Bound; Split 9 4 (Split 9 8 Bound Bound) (Split 8 4 (Split 9 8 Bound
   Bound) Bound); Bound; Bound; Split 8 10 Bound (Split 8 7 Bound Bound); Split 9 14 Bound (Split
   8 10 (Split 8 6 (Split 8 0 Bound Bound) (Split 8 0 Bound Bound)) (Split 8 6 (Split 8 0 Bound
   Bound) (Split 8 0 Bound Bound))) ]))) (History 1 2 (History 2 3 (By_cases 3 [ Bound; Bound;
   Bound; Bound; Split 9 4 Bound (Split 8 4 (Split 9 8 Bound Bound) Bound); Bound; Bound; Split 8
   10 Bound (Split 8 7 Bound Bound); Split 9 14 Bound (Split 8 10 (Split 8 6 (Split 8 0 Bound
   Bound) (Split 8 0 Bound Bound)) (Split 8 6 Bound (Split 8 0 Bound Bound))) ]) (By_cases 3 [
   Bound; Bound; Bound; Bound; Split 9 4 Bound (Split 8 4 Bound Bound); Bound; Bound; Split 8 10
   Bound (Split 8 7 Bound Bound); Split 9 14 Bound (Split 8 10 (Split 8 6 (Split 8 0 Bound Bound)
   (Split 8 0 Bound Bound)) (Split 8 6 Bound (Split 8 0 Bound Bound))) ]) (By_cases 3 [ Bound;
   Bound; Bound; Split 8 4 Bound Bound; Split 9 4 (Split 9 8 Bound Bound) (Split 8 4 (Split 9 8
   Bound Bound) (Split 9 8 Bound Bound)); Bound; Bound; Split 8 10 Bound (Split 8 6 Bound Bound);
   Split 9 14 Bound (Split 8 6 (Split 8 10 (Split 8 0 Bound Bound) (Split 8 0 Bound Bound)) (Split
   8 10 (Split 8 0 Bound Bound) (Split 8 0 Bound Bound))) ])) (History 2 3 (By_cases 3 [ Bound;
   Bound; Bound; Bound; Split 9 4 (Split 9 8 Bound Bound) (Split 8 4 (Split 9 8 Bound Bound)
   Bound); Bound; Bound; Split 8 10 Bound (Split 8 7 Bound Bound); Split 9 14 Bound (Split 8 10
   (Split 8 6 (Split 8 0 Bound Bound) (Split 8 0 Bound Bound)) (Split 8 6 (Split 8 0 Bound Bound)
   (Split 8 0 Bound Bound))) ]) (By_cases 3 [ Bound; Bound; Bound; Bound; Split 9 4 (Split 9 8
   Bound Bound) (Split 8 4 (Split 9 8 Bound Bound) (Split 9 8 Bound Bound)); Bound; Bound; Split 8
   10 Bound (Split 8 7 Bound Bound); Split 9 14 Bound (Split 8 10 (Split 8 6 (Split 8 0 Bound
   Bound) (Split 8 0 Bound Bound)) (Split 8 6 (Split 8 0 Bound Bound) (Split 8 0 Bound Bound))) ])
   (By_cases 3 [ Bound; Bound; Bound; Split 8 4 Bound Bound; Split 9 4 (Split 9 8 Bound Bound)
   (Split 8 4 (Split 9 8 Bound Bound) (Split 9 8 Bound Bound)); Bound; Bound; Split 8 10 Bound
   (Split 8 7 Bound (Split 8 6 Bound Bound)); Split 9 14 Bound (Split 8 10 (Split 8 6 (Split 8 0
   Bound Bound) (Split 8 0 Bound Bound)) (Split 8 6 (Split 8 0 Bound Bound) (Split 8 0 Bound
   Bound))) ])) (History 2 3 (By_cases 3 [ Bound; Bound; Bound; Bound; Split 9 4 (Split 9 8 Bound
   Bound) (Split 8 4 (Split 9 8 Bound Bound) Bound); Bound; Bound; Split 8 10 Bound (Split 8 7
   Bound Bound); Split 9 14 Bound (Split 8 10 (Split 8 6 (Split 8 0 Bound Bound) (Split 8 0 Bound
   Bound)) (Split 8 6 (Split 8 0 Bound Bound) (Split 8 0 Bound Bound))) ]) (By_cases 3 [ Bound;
   Bound; Bound; Bound; Split 9 4 (Split 9 8 Bound Bound) (Split 8 4 (Split 9 8 Bound Bound)
   Bound); Bound; Bound; Split 8 10 Bound (Split 8 7 Bound Bound); Split 9 14 Bound (Split 8 10
   (Split 8 6 (Split 8 0 Bound Bound) (Split 8 0 Bound Bound)) (Split 8 6 (Split 8 0 Bound Bound)
   (Split 8 0 Bound Bound))) ]) (By_cases 3 [ Bound; Bound; Bound; Bound; Split 9 4 (Split 9 8
   Bound Bound) (Split 8 4 (Split 9 8 Bound Bound) Bound); Bound; Bound; Split 8 10 Bound (Split 8
   7 Bound Bound); Split 9 14 Bound (Split 8 10 (Split 8 6 (Split 8 0 Bound Bound) (Split 8 0
   Bound Bound)) (Split 8 6 (Split 8 0 Bound Bound) (Split 8 0 Bound Bound))) ]))) (History 1 2
   (History 2 3 (By_cases 3 [ Bound; Bound; Bound; Bound; Split 9 4 Bound (Split 8 4 Bound Bound);
   Bound; Bound; Split 8 10 Bound Bound; Split 9 14 Bound (Split 8 10 (Split 8 6 Bound (Split 8 0
   Bound Bound)) (Split 8 6 Bound Bound)) ]) (By_cases 3 [ Bound; Bound; Bound; Bound; Split 9 4
   Bound (Split 8 4 Bound Bound); Bound; Bound; Split 8 10 Bound (Split 8 7 Bound Bound); Split 9
   14 Bound (Split 8 10 (Split 8 6 (Split 8 0 Bound Bound) (Split 8 0 Bound Bound)) (Split 8 6
   Bound Bound)) ]) (By_cases 3 [ Bound; Bound; Bound; Bound; Split 9 4 (Split 9 8 Bound Bound)
   (Split 8 4 (Split 9 8 Bound Bound) Bound); Bound; Bound; Split 8 10 Bound (Split 8 7 Bound
   Bound); Split 9 14 Bound (Split 8 10 (Split 8 6 (Split 8 0 Bound Bound) (Split 8 0 Bound
   Bound)) (Split 8 6 (Split 8 0 Bound Bound) (Split 8 0 Bound Bound))) ])) (History 2 3 (By_cases
   3 [ Bound; Bound; Bound; Bound; Split 9 4 (Split 9 8 Bound Bound) (Split 8 4 (Split 9 8 Bound
   Bound) Bound); Bound; Bound; Split 8 10 Bound (Split 8 7 Bound Bound); Split 9 14 Bound (Split
   8 10 (Split 8 6 (Split 8 0 Bound Bound) (Split 8 0 Bound Bound)) (Split 8 6 (Split 8 0 Bound
   Bound) (Split 8 0 Bound Bound))) ]) (By_cases 3 [ Bound; Bound; Bound; Bound; Split 9 4 (Split
   9 8 Bound Bound) (Split 8 4 (Split 9 8 Bound Bound) (Split 9 8 Bound Bound)); Bound; Bound;
   Split 8 10 Bound (Split 8 7 Bound Bound); Split 9 14 Bound (Split 8 10 (Split 8 6 (Split 8 0
   Bound Bound) (Split 8 0 Bound Bound)) (Split 8 6 (Split 8 0 Bound Bound) (Split 8 0 Bound
   Bound))) ]) (By_cases 3 [ Bound; Bound; Bound; Split 8 4 Bound Bound; Split 9 4 (Split 9 8
   Bound Bound) (Split 8 4 (Split 9 8 Bound Bound) (Split 9 8 Bound Bound)); Bound; Bound; Split 8
   10 Bound (Split 8 7 Bound (Split 8 6 Bound Bound)); Split 9 14 Bound (Split 8 10 (Split 8 6
   (Split 8 0 Bound Bound) (Split 8 0 Bound Bound)) (Split 8 6 (Split 8 0 Bound Bound) (Split 8 0
   Bound Bound))) ])) (History 2 3 (By_cases 3 [ Bound; Bound; Bound; Bound; Split 9 4 Bound
   (Split 8 4 Bound Bound); Bound; Bound; Split 8 10 Bound Bound; Split 9 14 Bound (Split 8 10
   (Split 8 6 Bound (Split 8 0 Bound Bound)) (Split 8 6 Bound Bound)) ]) (By_cases 3 [ Bound;
   Bound; Bound; Bound; Split 9 4 Bound (Split 8 4 Bound Bound); Bound; Bound; Split 8 10 Bound
   Bound; Split 9 14 Bound (Split 8 10 (Split 8 6 Bound (Split 8 0 Bound Bound)) (Split 8 6 Bound
   Bound)) ]) (By_cases 3 [ Bound; Bound; Bound; Bound; Split 9 4 Bound (Split 8 4 Bound Bound);
   Bound; Bound; Split 8 10 Bound Bound; Split 9 14 Bound (Split 8 6 (Split 8 10 Bound Bound)
   (Split 8 10 Bound Bound)) ])))) (First 0 1 (History 1 2 (History 2 3 (By_cases 3 [ Bound;
   Bound; Bound; Bound; Split 9 4 Bound (Split 8 4 Bound Bound); Bound; Bound; Split 8 10 Bound
   Bound; Split 9 14 Bound (Split 8 10 (Split 8 6 Bound (Split 8 0 Bound Bound)) (Split 8 6 Bound
   Bound)) ]) (By_cases 3 [ Bound; Bound; Bound; Bound; Split 9 4 Bound (Split 8 4 Bound Bound);
   Bound; Bound; Split 8 10 Bound Bound; Split 9 14 Bound (Split 8 10 (Split 8 6 Bound Bound)
   (Split 8 6 Bound Bound)) ]) (By_cases 3 [ Bound; Bound; Bound; Bound; Split 9 4 Bound (Split 8
   4 Bound Bound); Bound; Bound; Split 8 10 Bound Bound; Split 9 14 Bound (Split 8 10 (Split 8 6
   Bound Bound) (Split 8 6 Bound Bound)) ])) (History 2 3 (By_cases 3 [ Bound; Bound; Bound;
   Bound; Split 9 4 Bound (Split 8 4 Bound Bound); Bound; Bound; Split 8 10 Bound Bound; Split 9
   14 Bound (Split 8 10 (Split 8 6 Bound Bound) (Split 8 6 Bound Bound)) ]) (By_cases 3 [ Bound;
   Bound; Bound; Bound; Split 9 4 Bound (Split 8 4 Bound Bound); Bound; Bound; Split 8 10 Bound
   Bound; Split 9 14 Bound (Split 8 10 (Split 8 6 Bound Bound) (Split 8 6 Bound Bound)) ])
   (By_cases 3 [ Bound; Bound; Bound; Bound; Split 9 4 Bound (Split 8 4 Bound Bound); Bound;
   Bound; Split 8 10 Bound Bound; Split 9 14 Bound (Split 8 10 (Split 8 6 Bound Bound) (Split 8 6
   Bound Bound)) ])) (History 2 3 (By_cases 3 [ Bound; Bound; Bound; Bound; Split 9 4 Bound (Split
   8 4 Bound Bound); Bound; Bound; Split 8 10 Bound Bound; Split 9 14 Bound (Split 8 10 (Split 8 6
   Bound Bound) (Split 8 6 Bound Bound)) ]) (By_cases 3 [ Bound; Bound; Bound; Bound; Split 9 4
   Bound (Split 8 4 Bound Bound); Bound; Bound; Split 8 10 Bound Bound; Split 9 14 Bound (Split 8
   10 (Split 8 6 Bound Bound) (Split 8 6 Bound Bound)) ]) (By_cases 3 [ Bound; Bound; Bound;
   Bound; Split 9 4 Bound (Split 8 4 Bound Bound); Bound; Bound; Split 8 10 Bound Bound; Split 9
   14 Bound (Split 8 6 (Split 8 10 Bound Bound) (Split 8 10 Bound Bound)) ]))) (First 1 2
   (By_cases 2 [ Bound; Bound; Bound; Split 8 4 Bound (Split 8 8 (Split 7 5 Bound Bound) Bound);
   Split 9 4 (Split 9 8 (Split 6 9 (Split 7 6 Bound Bound) Bound) (Split 6 9 (Split 8 2 Bound
   Bound) Bound)) (Split 8 4 (Split 9 8 (Split 8 10 (Split 7 2 (Split 7 7 Bound (Split 6 11 Bound
   Bound)) Bound) (Split 7 2 (Split 7 7 (Split 7 13 Bound Bound) (Split 7 13 (Split 6 11 Bound
   Bound) Bound)) Bound)) (Split 8 10 Bound (Split 7 9 Bound Bound))) (Split 9 8 (Split 8 10
   (Split 5 11 (Split 6 11 Bound Bound) Bound) (Split 7 13 (Split 6 11 (Split 5 11 Bound Bound)
   Bound) (Split 5 11 Bound Bound))) (Split 8 10 Bound (Split 7 9 Bound Bound)))); Split 9 14
   Bound Bound; Split 8 9 Bound Bound; Split 8 10 (Split 9 9 (Split 8 6 Bound Bound) Bound) (Split
   9 9 (Split 8 6 (Split 8 7 (Split 7 10 Bound Bound) (Split 7 10 Bound (Split 7 5 Bound Bound)))
   (Split 7 10 Bound Bound)) Bound); Split 9 14 (Split 8 6 (Split 8 0 Bound Bound) (Split 8 0
   (Split 9 11 Bound Bound) (Split 9 11 Bound Bound))) (Split 8 6 (Split 8 0 (Split 8 10 (Split 9
   11 Bound (Split 5 11 (Split 7 7 Bound Bound) (Split 7 7 Bound Bound))) (Split 9 11 Bound (Split
   5 11 (Split 6 13 Bound Bound) Bound))) (Split 8 10 Bound (Split 9 11 Bound Bound))) (Split 8 0
   (Split 8 10 (Split 7 14 (Split 9 11 Bound (Split 7 7 Bound Bound)) (Split 9 11 Bound Bound))
   (Split 9 11 Bound (Split 7 14 (Split 5 11 Bound Bound) Bound))) (Split 8 10 Bound Bound))) ])
   (First 2 3 (By_cases 3 [ Bound; Bound; Bound; Bound; Split 9 4 Bound Bound; Bound; Bound; Split
   8 10 Bound Bound; Split 9 14 Bound (Split 8 10 (Split 8 6 Bound Bound) (Split 8 6 Bound Bound))
   ]) (By_cases 3 [ Bound; Bound; Bound; Bound; Split 9 4 Bound Bound; Bound; Bound; Split 8 10
   Bound Bound; Split 9 14 Bound (Split 8 10 Bound Bound) ])))))
].

(** * Part 5. The theorem *)

Open Scope Q_scope.

(** The computation, done by the kernel's virtual machine. *)
Lemma certificate_holds :
  check_int (hidden_size model) (seq_len model) scale w_ih w_hh w_out lo hi noise proofs = true.
Proof. vm_cast_no_check (eq_refl true). Qed.

Lemma checked :
  check_Z (hidden_size model) (seq_len model) scale w_ih w_hh w_out lo hi noise proofs = true.
Proof. exact (Words.check_int_check_Z _ _ _ _ _ _ _ _ _ _ certificate_holds). Qed.

Lemma pairs_are_proved : forall m s, In (m, s) pairs ->
  exists p, In p proofs /\ at_m p = m /\ at_s p = s.
Proof.
  intros m s H. change pairs with (map (fun p => (at_m p, at_s p)) proofs) in H.
  apply in_map_iff in H. destruct H as (p & E & Hp). injection E as Em Es. exists p. auto.
Qed.

Theorem model_is_right : right_under_noise.
Proof.
  intros m s H M x HM Hx. destruct (pairs_are_proved m s H) as (p & Hp & <- & <-).
  exact (check_Z_sound _ _ _ _ _ _ _ _ _ _ checked p Hp M x HM Hx).
Qed.

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

Definition noisy_impulsesR (n m s : nat) (lo hi noise : Q) (M : R) (x : nat -> R) : Prop :=
  x m = M /\ Q2R lo * M <= x s /\ x s <= Q2R hi * M /\
  forall t, (t < n)%nat -> t <> m -> t <> s -> - (Q2R noise * M) <= x t /\ x t <= Q2R noise * M.

(** The proof: logits are continuous, and real inputs have rational ones of the pair beside them.
    *)

Lemma sumR_scale : forall k f a, sumR k (fun i => a * f i) = a * sumR k f.
Proof. induction k; intros; simpl; [ring | rewrite IHk; ring]. Qed.

Lemma Q2R_sum : forall k f, Q2R (sum k f) = sumR k (fun i => Q2R (f i)).
Proof. induction k; intros; simpl; [apply RMicromega.Q2R_0 | rewrite Q2R_plus, IHk;
    reflexivity]. Qed.

Lemma Q2R_relu : forall u, Q2R (relu u) = reluR (Q2R u).
Proof.
  intros u. unfold reluR. destruct (Qlt_le_dec u 0) as [H | H].
  - rewrite (Qeq_eqR _ _ (relu_neg u (Qlt_le_weak _ _ H))). apply Qlt_Rlt in H.
    rewrite RMicromega.Q2R_0 in *. rewrite Rmax_left; lra.
  - rewrite (Qeq_eqR _ _ (relu_pos u H)). apply Qle_Rle in H. rewrite RMicromega.Q2R_0 in H.
    rewrite Rmax_right; lra.
Qed.

Lemma state_real : forall N x t i, stateR N (fun t => Q2R (x t)) t i = Q2R (state N x t i).
Proof.
  intros N x t. induction t as [|t IH]; intros i; simpl; [symmetry; apply RMicromega.Q2R_0|].
  rewrite Q2R_relu, Q2R_plus, Q2R_sum, Q2R_mult. f_equal. f_equal. apply sumR_ext.
  intros k _. rewrite IH, Q2R_mult. reflexivity.
Qed.

Lemma logit_real : forall N x j, logitR N (fun t => Q2R (x t)) j = Q2R (logit N x j).
Proof.
  intros. unfold logitR, logit. rewrite Q2R_sum. apply sumR_ext. intros i _.
  rewrite state_real, Q2R_mult. reflexivity.
Qed.

Lemma stateR_scale : forall N x M t i, 0 <= M ->
  stateR N (fun t => M * x t) t i = M * stateR N x t i.
Proof.
  intros N x M t i HM. revert i. induction t as [|t IH]; intros i; simpl; [ring|].
  rewrite (sumR_ext _ _ (fun k => M * (Q2R (W_hh N i k) * stateR N x t k)))
    by (intros; rewrite IH; ring).
  rewrite sumR_scale.
  replace (M * sumR (hidden_size N) (fun k => Q2R (W_hh N i k) * stateR N x t k)
           + Q2R (W_ih N i) * (M * x t))
    with (M * (sumR (hidden_size N) (fun k => Q2R (W_hh N i k) * stateR N x t k)
               + Q2R (W_ih N i) * x t)) by ring.
  unfold reluR. rewrite <- RmaxRmult by exact HM. rewrite Rmult_0_r. reflexivity.
Qed.

Lemma logitR_scale : forall N x M j, 0 <= M -> logitR N (fun t => M * x t) j = M * logitR N x j.
Proof.
  intros. unfold logitR. rewrite <- sumR_scale. apply sumR_ext. intros. rewrite stateR_scale by
      auto.
  ring.
Qed.

(** A change of all entries by at most [e] changes a sum by at most [l e]. *)
Lemma sum_close : forall k w, exists l, 0 <= l /\ forall f g e, 0 <= e ->
  (forall i, (i < k)%nat -> Rabs (f i - g i) <= e) ->
  Rabs (sumR k (fun i => w i * f i) - sumR k (fun i => w i * g i)) <= l * e.
Proof.
  induction k as [|k IH]; intros w.
  - exists 0. split; [lra|]. intros. simpl. rewrite Rminus_0_r, Rabs_R0. lra.
  - destruct (IH w) as (l & Hl & H). exists (l + Rabs (w k)).
    assert (P := Rabs_pos (w k)). split; [lra|]. intros f g e He Hfg. simpl.
    specialize (H f g e He (fun i Hi => Hfg i ltac:(lia))).
    assert (D := Hfg k ltac:(lia)).
    replace (sumR k (fun i => w i * f i) + w k * f k - (sumR k (fun i => w i * g i) + w k * g k))
      with ((sumR k (fun i => w i * f i) - sumR k (fun i => w i * g i)) + w k * (f k - g k)) by
          ring.
    eapply Rle_trans; [apply Rabs_triang|]. rewrite Rabs_mult.
    assert (Rabs (w k) * Rabs (f k - g k) <= Rabs (w k) * e) by (apply Rmult_le_compat_l; lra).
        lra.
Qed.

Lemma reluR_close : forall a b, Rabs (reluR a - reluR b) <= Rabs (a - b).
Proof.
  intros a b. unfold reluR, Rmax. destruct (Rle_dec 0 a), (Rle_dec 0 b); unfold Rabs;
    repeat destruct (Rcase_abs _); lra.
Qed.

Lemma state_close : forall N t k, exists l, 0 <= l /\ forall x y e, 0 <= e ->
  (forall s, (s < t)%nat -> Rabs (x s - y s) <= e) ->
  forall i, (i < k)%nat -> Rabs (stateR N x t i - stateR N y t i) <= l * e.
Proof.
  intros N t. induction t as [|t IHt]; intros k.
  - exists 0. split; [lra|]. intros. simpl. rewrite Rminus_0_r, Rabs_R0. lra.
  - destruct (IHt (hidden_size N)) as (l & Hl & H). induction k as [|k IHk].
    + exists 0. split; [lra|]. intros. lia.
    + destruct IHk as (l1 & Hl1 & H1).
      destruct (sum_close (hidden_size N) (fun j => Q2R (W_hh N k j))) as (l2 & Hl2 & H2).
      assert (P := Rabs_pos (Q2R (W_ih N k))).
      assert (P2 : 0 <= l2 * l) by (apply Rmult_le_pos; assumption).
      exists (l1 + (l2 * l + Rabs (Q2R (W_ih N k)))). split; [lra|].
      intros x y e He Hxy i Hi.
      assert (Hle : 0 <= l * e) by (apply Rmult_le_pos; assumption).
      assert (C : 0 <= l1 * e) by (apply Rmult_le_pos; assumption).
      assert (C2 : 0 <= (l2 * l + Rabs (Q2R (W_ih N k))) * e) by (apply Rmult_le_pos; lra).
      destruct (Nat.eq_dec i k) as [-> | Hik].
      * simpl. eapply Rle_trans; [apply reluR_close|].
        specialize (H x y e He (fun s Hs => Hxy s ltac:(lia))).
        specialize (H2 (stateR N x t) (stateR N y t) (l * e) Hle H).
        assert (D := Hxy t ltac:(lia)).
        match goal with |- Rabs (?a + ?b * ?c - (?a' + ?b * ?c')) <= _ =>
          replace (a + b * c - (a' + b * c')) with ((a - a') + b * (c - c')) by ring end.
        eapply Rle_trans; [apply Rabs_triang|]. rewrite Rabs_mult.
        assert (Rabs (Q2R (W_ih N k)) * Rabs (x t - y t) <= Rabs (Q2R (W_ih N k)) * e)
          by (apply Rmult_le_compat_l; lra).
        lra.
      * specialize (H1 x y e He Hxy i ltac:(lia)). lra.
Qed.

Lemma logit_close : forall N j, exists l, 0 <= l /\ forall x y e, 0 <= e ->
  (forall s, (s < seq_len N)%nat -> Rabs (x s - y s) <= e) ->
  Rabs (logitR N x j - logitR N y j) <= l * e.
Proof.
  intros N j. destruct (state_close N (seq_len N) (hidden_size N)) as (l & Hl & H).
  destruct (sum_close (hidden_size N) (fun i => Q2R (W_out N j i))) as (l2 & Hl2 & H2).
  exists (l2 * l). split; [apply Rmult_le_pos; assumption|]. intros x y e He Hxy.
  rewrite Rmult_assoc. apply H2; [apply Rmult_le_pos; assumption|]. apply H; assumption.
Qed.

(** A rational number near [z], between a and b. *)
Definition near (K : positive) (a b : Q) (z : R) : Q :=
  Qmax a (Qmin b (up (z * IZR (Zpos K)) # K)).

Lemma near_close : forall K a b z, Q2R a <= z <= Q2R b ->
  (a <= near K a b z)%Q /\ (near K a b z <= b)%Q /\ Rabs (z - Q2R (near K a b z)) <= / IZR (Zpos
      K).
Proof.
  intros K a b z [Ha Hb]. unfold near. set (q := up (z * IZR (Zpos K)) # K).
  assert (P : 0 < IZR (Zpos K)) by (apply IZR_lt; lia).
  assert (Hq : Rabs (z - Q2R q) <= / IZR (Zpos K)).
  { unfold q, Q2R. simpl. destruct (archimed (z * IZR (Zpos K))) as [A1 A2].
    set (u := IZR (up (z * IZR (Zpos K)))) in *. set (k := IZR (Zpos K)) in *.
    assert (I : 0 < / k) by (apply Rinv_0_lt_compat; exact P).
    assert (E : z - u * / k = (z * k - u) * / k) by (field; lra).
    rewrite E, Rabs_mult, (Rabs_right (/ k)) by lra.
    assert (Rabs (z * k - u) <= 1) by (unfold Rabs; destruct (Rcase_abs _); lra). nra. }
  assert (Hab : (a <= b)%Q) by (apply Rle_Qle; lra).
  assert (V : forall v, (Qmax a (Qmin b q) == v)%Q -> (a <= v)%Q -> (v <= b)%Q ->
    Rabs (z - Q2R v) <= / IZR (Zpos K) ->
    (a <= Qmax a (Qmin b q))%Q /\ (Qmax a (Qmin b q) <= b)%Q /\
    Rabs (z - Q2R (Qmax a (Qmin b q))) <= / IZR (Zpos K)).
  { intros v E V1 V2 V3. rewrite <- (Qeq_eqR _ _ E) in V3. rewrite <- E in V1, V2. auto. }
  destruct (Q.min_spec b q) as [[C1 C2] | [C1 C2]].
  - apply (V b); [rewrite C2; apply Q.max_r; exact Hab | exact Hab | apply Qle_refl|].
    apply Qlt_Rlt in C1. revert Hq. unfold Rabs. repeat destruct (Rcase_abs _); lra.
  - destruct (Q.max_spec a q) as [[D1 D2] | [D1 D2]].
    + apply (V q); [rewrite C2; exact D2 | apply Qlt_le_weak; exact D1 | exact C1 | exact Hq].
    + apply (V a); [rewrite C2; exact D2 | apply Qle_refl | exact Hab|].
      apply Qle_Rle in D1. revert Hq. unfold Rabs. repeat destruct (Rcase_abs _); lra.
Qed.

Lemma margin_over_reals : forall N m s lo hi noise delta, (0 < delta)%Q ->
  (forall x, noisy_impulses (seq_len N) m s lo hi noise 1 x ->
   forall j, (j < seq_len N)%nat -> j <> s -> (logit N x j + delta <= logit N x s)%Q) ->
  m <> s ->
  forall M x, 0 < M -> noisy_impulsesR (seq_len N) m s lo hi noise M x ->
  forall j, (j < seq_len N)%nat -> j <> s -> logitR N x j < logitR N x s.
Proof.
  intros N m s lo hi noise delta Hdelta H Hms M x HM (X1 & X2 & X3 & X4) j Hj Hjs.
  set (z := fun t => x t / M).
  assert (Hx : forall t, x t = M * z t) by (intros; unfold z; field; lra).
  assert (E : forall j, logitR N x j = M * logitR N z j).
  { intros i. rewrite <- logitR_scale by lra. unfold logitR. apply sumR_ext. intros k _. f_equal.
    revert k. generalize (seq_len N) as t. induction t as [|t IH]; intros k; [reflexivity|].
    simpl. rewrite Hx, (sumR_ext _ _ (fun i => Q2R (W_hh N k i) * stateR N (fun t => M * z t) t
        i));
      [reflexivity|]. intros i0 _. rewrite IH. reflexivity. }
  rewrite !E. apply Rmult_lt_compat_l; [exact HM|].
  assert (Z1 : z m = 1) by (unfold z; rewrite X1; field; lra).
  assert (Hi : 0 < / M) by (apply Rinv_0_lt_compat; exact HM).
  assert (Z2 : Q2R lo <= z s <= Q2R hi).
  { split; apply (Rmult_le_reg_l M); try exact HM; rewrite <- Hx; lra. }
  assert (Z3 : forall t, (t < seq_len N)%nat -> t <> m -> t <> s ->
               Q2R (- noise) <= z t <= Q2R noise).
  { intros t Ht Htm Hts. destruct (X4 t Ht Htm Hts). rewrite Q2R_opp.
    split; apply (Rmult_le_reg_l M); try exact HM; rewrite <- Hx; lra. }
  destruct (logit_close N s) as (l1 & Hl1 & C1). destruct (logit_close N j) as (l2 & Hl2 & C2).
  apply Qlt_Rlt in Hdelta. rewrite RMicromega.Q2R_0 in Hdelta.
  destruct (archimed_cor1 (Q2R delta / (l1 + l2 + 1))) as (k & K1 & K2).
  { apply Rdiv_lt_0_compat; lra. }
  set (K := Pos.of_nat k).
  assert (EK : IZR (Zpos K) = INR k).
  { unfold K. rewrite INR_IZR_INZ. f_equal. rewrite <- positive_nat_Z, Nat2Pos.id by lia.
      reflexivity. }
  set (e := / IZR (Zpos K)). assert (He : 0 < e) by (unfold e; rewrite EK;
      apply Rinv_0_lt_compat, lt_0_INR; exact K2).
  set (y := fun t => if (t =? m)%nat then 1%Q
                     else if (t =? s)%nat then near K lo hi (z t) else near K (- noise) noise (z
                         t)).
  assert (Hy : noisy_impulses (seq_len N) m s lo hi noise 1 y).
  { unfold noisy_impulses, y. rewrite Nat.eqb_refl. split; [reflexivity|].
    destruct (Nat.eqb_spec s m) as [|_]; [congruence|]. rewrite Nat.eqb_refl, !Qmult_1_r.
    destruct (near_close K lo hi (z s) Z2) as (N1 & N2 & _). split; [exact N1|]. split; [exact
        N2|].
    intros t Ht Htm Hts. destruct (Nat.eqb_spec t m) as [|_]; [contradiction|].
    destruct (Nat.eqb_spec t s) as [|_]; [contradiction|]. rewrite !Qmult_1_r.
    destruct (near_close K (- noise) noise (z t) (Z3 t Ht Htm Hts)) as (N3 & N4 & _). auto. }
  assert (Hzy : forall t, (t < seq_len N)%nat -> Rabs (z t - Q2R (y t)) <= e).
  { intros t Ht. unfold y. destruct (Nat.eqb_spec t m) as [-> | Htm].
    - rewrite Z1, RMicromega.Q2R_1, Rminus_diag_eq, Rabs_R0 by reflexivity. lra.
    - destruct (Nat.eqb_spec t s) as [-> | Hts].
      + apply (near_close K lo hi (z s) Z2).
      + apply (near_close K (- noise) noise (z t) (Z3 t Ht Htm Hts)). }
  specialize (H y Hy j Hj Hjs). apply Qle_Rle in H. rewrite Q2R_plus, <- !logit_real in H.
  specialize (C1 z (fun t => Q2R (y t)) e ltac:(lra) Hzy).
  specialize (C2 z (fun t => Q2R (y t)) e ltac:(lra) Hzy).
  assert (B : (l1 + l2 + 1) * e < Q2R delta).
  { unfold e. rewrite EK. apply (Rmult_lt_compat_l (l1 + l2 + 1)) in K1; [|lra].
    replace ((l1 + l2 + 1) * (Q2R delta / (l1 + l2 + 1))) with (Q2R delta) in K1 by (field; lra).
    exact K1. }
  revert C1 C2. unfold Rabs. repeat destruct (Rcase_abs _); lra.
Qed.

Theorem check_Z_sound_R : forall d n scale ih hh out lo hi noise proofs,
  check_Z d n scale ih hh out lo hi noise proofs = true ->
  forall p, In p proofs -> forall M x, 0 < M ->
  noisy_impulsesR n (at_m p) (at_s p) lo hi noise M x ->
  forall j, (j < n)%nat -> j <> at_s p ->
  logitR (network_of_tables d n scale ih hh out) x j <
  logitR (network_of_tables d n scale ih hh out) x (at_s p).
Proof.
  intros d n scale ih hh out lo hi noise proofs H p Hp.
  destruct (check_Z_bounds d n scale ih hh out lo hi noise proofs H p Hp)
    as (_ & _ & Hms & delta & Hdelta & G).
  apply (margin_over_reals (network_of_tables d n scale ih hh out) (at_m p) (at_s p) lo hi noise
           delta Hdelta); [|exact Hms].
  intros x Hx j Hj Hjs. specialize (G 1%Q x ltac:(reflexivity) Hx j Hj Hjs).
  rewrite Qmult_1_r in G. exact G.
Qed.

(** The claim of Part 2 for real inputs. *)
Definition right_under_real_noise : Prop :=
  forall m s : nat, In (m, s) pairs ->
  forall (M : R) (x : nat -> R), 0 < M -> noisy_impulsesR 10 m s (4 # 5) (4 # 5) (3 # 100) M x ->
  forall j : nat, (j < 10)%nat -> j <> s -> logitR model x j < logitR model x s.

Theorem model_is_right_over_reals : right_under_real_noise.
Proof.
  intros m s H M x HM Hx. destruct (pairs_are_proved m s H) as (p & Hp & <- & <-).
  exact (check_Z_sound_R _ _ _ _ _ _ _ _ _ _ checked p Hp M x HM Hx).
Qed.

Print Assumptions model_is_right_over_reals.
