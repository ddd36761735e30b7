-- gate: true if no check blocks the running load, with the messages of the blocking checks. From: ops.check_results.
select
    count(*) > 0 and count(*) filter (where results.severity = 'block' and results.status = 'failed') = 0 as may_publish,
    case
        when count(*) = 0
            then 'No check ran for a load that is running: trigger a new run.'
        else
            coalesce(
                string_agg(results.message, ' ' order by results.check_name) filter (
                    where results.severity = 'block' and results.status = 'failed'
                ),
                'Every check passed or was accepted.'
            )
    end as message
from ops.check_results as results
inner join ops.loads as loads using (load_id)
where loads.status = 'running';
