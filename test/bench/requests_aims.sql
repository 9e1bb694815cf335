-- What requests are held to, as ratios within a run. Reading metrics and scores is compared with other servers: of what health
-- and actions take, the database takes nearly all, with whatever server before it; and a score is so little to read that there
-- is not much for a 304 to save.
insert into bench.results
select distinct subject, '0.10 ms', 1, 'requests/CPU s', 10000 from bench.results where subject like '%CPU of the shim'
union all select 'memory of the shim', '40 MB', 1, 'shims/GB', 25.6;

insert into bench.aims
select r.subject, 'shim', a.other, a.ratio
from (select distinct subject from bench.results) r
  join (values ('GET metrics%', 'pgbench', 0.7), ('GET score%', 'pgbench', 0.5), ('GET metrics%', 'Node, http and pg', 1.5),
               ('GET score%', 'Node, http and pg', 1.5),
               ('GET metrics%', 'PostGraphile', 6), ('%', '0.10 ms', 1), ('%', '40 MB', 1)) a (subject, other, ratio)
    on r.subject like a.subject
where exists (select from bench.results o where o.subject = r.subject and o.contender = a.other)
union all
select distinct subject, contender, 'shim', 3 from bench.results where contender = 'shim, 304' and subject like 'GET metrics%';
