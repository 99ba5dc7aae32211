(** The input that is M at position m, S at position s, and 0 elsewhere. *)
Definition impulses (m s : nat) (M S : Q) (t : nat) : Q :=
  if (t =? m)%nat then M else if (t =? s)%nat then S else 0.
