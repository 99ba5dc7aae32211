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
