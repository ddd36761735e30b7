-- A load that a check blocks waits for a person: what was asked, until when, and the decision.
create table ops.decisions (
    load_id text not null references ops.loads (load_id),
    attempt integer not null,
    check_names text[] not null,
    asked_at timestamp with time zone not null,
    waits_until timestamp with time zone not null,
    decision text check (decision in ('publish', 'reject', 'none')),
    decided_by text,
    decided_at timestamp with time zone,
    primary key (load_id, attempt)
);
comment on table ops.decisions is
'One row per attempt of a load that asked a person whether to publish although checks blocked it.';
comment on column ops.decisions.load_id is 'The load.';
comment on column ops.decisions.attempt is 'The attempt of the load.';
comment on column ops.decisions.check_names is 'The checks that blocked it; a decision to publish accepts exactly these.';
comment on column ops.decisions.asked_at is 'When it began to wait, UTC.';
comment on column ops.decisions.waits_until is 'Until when it waits, UTC: shortly before the next nightly load.';
comment on column ops.decisions.decision is
'publish; reject; none: nobody decided in time, which publishes nothing. Null while it waits.';
comment on column ops.decisions.decided_by is 'Who decided; null if nobody did.';
comment on column ops.decisions.decided_at is 'When, UTC; null while it waits.';
