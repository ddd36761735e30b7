-- Comments that were wrong or hard to read.
comment on column mart.crime_group_rules.crime_group is 'The group, one of fifteen.';
comment on column ops.check_results.message is 'What was expected, what was found, what to do.';
comment on column ops.alerts.cause is 'The problem in a few words, as last seen; when it changes, people are told again.';
comment on table ops.alerts is 'One row per problem that people are told of, from its beginning to its end. At most one of each topic is open.';
comment on column ops.loads.last_seen_at is 'Its last heartbeat, UTC.';
comment on column ops.loads.portal_updated_at is 'When the portal last changed its rows, UTC.';
comment on column mart.data_status.portal_updated_at is 'When the portal last changed its rows, UTC.';
comment on column mart.freshness.portal_updated_at is 'When the portal last changed its rows, UTC.';
comment on column ops.loads.status is
'running; unchanged: nothing new at the portal; published; blocked by a check; failed; abandoned: no heartbeat.';
