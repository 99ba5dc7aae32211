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
