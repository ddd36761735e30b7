-- alerts: what people are told of. One row a trouble, from its beginning to its end; whoever tells reads and marks it.
create table ops.alerts (
    alert_id bigint generated always as identity primary key,
    topic text not null check (topic in ('load', 'data')),
    cause text not null,
    message text not null,
    load_id text,
    began_at timestamp with time zone not null,
    seen_at timestamp with time zone not null,
    told_at timestamp with time zone,
    ended_at timestamp with time zone,
    end_told_at timestamp with time zone
);
create unique index alerts_one_open on ops.alerts (topic) where ended_at is null;
comment on table ops.alerts is
'One row per trouble that people are told of, from its beginning to its end. At most one of each topic is open.';
comment on column ops.alerts.alert_id is 'Number of the alert.';
comment on column ops.alerts.topic is 'load: loads do not end well; data: what the portal publishes is late.';
comment on column ops.alerts.cause is 'The trouble in a few words, as last seen; when it changes, people are told again.';
comment on column ops.alerts.message is 'What happened, and what to do, as last seen.';
comment on column ops.alerts.load_id is
'The run that saw it last; null if none did. Not always in ops.loads: a run can fail before its load is planned.';
comment on column ops.alerts.began_at is 'When it was seen first, UTC.';
comment on column ops.alerts.seen_at is 'When it was seen last, UTC.';
comment on column ops.alerts.told_at is 'When people were told of its cause, UTC; null if nobody was.';
comment on column ops.alerts.ended_at is 'When all was well again, UTC; null while it lasts.';
comment on column ops.alerts.end_told_at is 'When people were told of the end, UTC; null if nobody was.';
