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
