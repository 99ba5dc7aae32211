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
