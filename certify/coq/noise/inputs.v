(** The inputs that are M at position m, between [lo M] and [hi M] at position s, and between
    [- noise M] and [noise M] elsewhere. *)
Definition noisy_impulses (n m s : nat) (lo hi noise M : Q) (x : nat -> Q) : Prop :=
  x m == M /\ lo * M <= x s /\ x s <= hi * M /\
  forall t, (t < n)%nat -> t <> m -> t <> s -> - (noise * M) <= x t /\ x t <= noise * M.
