-- end_long_reads: end the sessions of readers that are over their limits, whatever they have set; one row each.
-- Run by a member of their role. {statement_s}, {transaction_s}: how long a statement and a transaction may take, in seconds.
-- The role's own timeouts come first, with an error that says why; these are for sessions that lifted them.
select
    sessions.pid,
    sessions.application_name,
    sessions.state,
    extract(epoch from clock_timestamp() - sessions.xact_start)::integer as transaction_s,
    pg_terminate_backend(sessions.pid) as is_ended
from pg_stat_activity as sessions
where
    sessions.usename = 'austin_crime_reader'
    and sessions.backend_type = 'client backend'
    and (
        -- One statement, or a transaction that does nothing and keeps its locks.
        (sessions.state <> 'idle' and sessions.state_change < clock_timestamp() - make_interval(secs => {statement_s}))
        -- Many statements in one transaction: a load waits ten minutes for a lock.
        or sessions.xact_start < clock_timestamp() - make_interval(secs => {transaction_s})
    );
