-- Erasure and holds: what a person may have forgotten goes, and every proof still holds.
\set ON_ERROR_STOP on
set client_min_messages = error;
create extension if not exists pgtap;
create schema test;
select plan(58);

create table test.patients (id integer primary key, name text, city text, visits integer);
insert into test.patients values (1, 'Ada', 'Ulm', 1), (2, 'Bea', 'Bonn', 1);
select auxeira.enable_history('test.patients') \g /dev/null
update test.patients set city = 'Köln', visits = 2 where id = 1;
update test.patients set name = 'Ada B.' where id = 1;
select auxeira.ledger_seal() is not null as sealed \gset
select set_config('auxeira.reason', 'asked by Ada', false), set_config('auxeira.request_id', 'ada-1', false),
  set_config('auxeira.trace_id', '4bf92f3577b34da6a3ce929d0e0e4736', false) \g /dev/null
update test.patients set visits = 3 where id = 1;
select set_config('auxeira.reason', '', false), set_config('auxeira.request_id', '', false), set_config('auxeira.trace_id', '', false) \g /dev/null
update test.patients set name = null where id = 1;

create function test.fault(statement text) returns text language plpgsql as $$
begin
  execute statement;
  return 'no error';
exception when others then
  return sqlstate || ' ' || sqlerrm;
end
$$;
create function test.versions(what text) returns text language plpgsql as $$
declare
  answer text;
begin
  execute format('select string_agg(coalesce((%s)::text, ''-''), '' / '' order by version)
                  from auxeira.history(''test.patients'', ''1'')', what) into answer;
  return answer;
end
$$;
-- Everything that the ledger keeps of the row, as text.
create function test.kept() returns text language sql as $$
  select string_agg(convert_from(replace(encode(coalesce(difference, ''), 'escape'), '\000', ' ')::bytea, 'SQL_ASCII'), ' ')
  from auxeira.ledger_all c join auxeira.ledger_tables t using (table_id) where t.relation = 'test.patients'::regclass
$$;
select is((select count(*) from auxeira.ledger_verify()), 0::bigint, 'nothing is wrong before');
select head from auxeira.ledger_blocks order by block desc limit 1 \gset
select change_id as first from auxeira.history('test.patients', '1') order by version limit 1 \gset
select auxeira.ledger_receipt(:first) ->> 'leaf' as leaf \gset
select alike(test.kept(), '%Ada%', 'the ledger knows a name that the row does not have any more');

select is(test.versions('concat_ws('' '', reason, request_id, trace_id)'), ' /  /  / asked by Ada ada-1 4bf92f3577b34da6a3ce929d0e0e4736 / ',
          'and why and by which request it was changed');

-- --- Holds --------------------------------------------------------------------------------------------------------------

select auxeira.ledger_hold('test.patients', '1', 'the case Ulm') as hold \gset
select is(test.fault($$ select auxeira.ledger_erase('test.patients', '1', 'consent withdrawn') $$),
          '55006 the history of the row is held', 'what is held is not erased');
select lives_ok(format('select auxeira.ledger_release(%L, ''the case is closed'')', :'hold'), 'a hold is released');
select is(test.fault(format('select auxeira.ledger_release(%L, ''again'')', :'hold')), 'P0002 there is no such hold', 'once');
select auxeira.ledger_hold('test.patients', null, 'an audit') as hold \gset
select is(test.fault($$ select auxeira.ledger_erase('test.patients', '1', 'consent withdrawn') $$),
          '55006 the history of the row is held', 'a hold of the whole table holds each row');
select auxeira.ledger_release(:'hold', 'the audit is over') \g /dev/null
select matches(test.fault($$ select auxeira.ledger_hold('test.patients', '1', ' ') $$), '^23514', 'a hold has a reason');
select matches(test.fault(format('select auxeira.ledger_release(%L, null)',
  auxeira.ledger_hold('test.patients', '2', 'another case'))), '^23514', 'and so has its end');
select is((select count(*) from auxeira.ledger_tables t join auxeira.ledger_all c using (table_id)
           where t.relation = 'auxeira.ledger_holds'::regclass), 5::bigint, 'holds are in the ledger themselves');

-- --- Bad input ------------------------------------------------------------------------------------------------------------

select is(test.fault($$ select auxeira.ledger_erase('test.patients', '1', 'consent withdrawn', '{id}') $$),
          '22023 the key of a row cannot be erased from its history', 'a key stays');
select is(test.fault($$ select auxeira.ledger_erase('test.patients', '9', 'consent withdrawn') $$),
          'P0002 the row has no history', 'a row that never was');
select matches(test.fault($$ select auxeira.ledger_erase('test.patients', '1', '') $$), '^23514', 'an erasure has a legal basis');
select alike(test.kept(), '%Ada%', 'and what is refused erases nothing');

-- --- What was tampered with -------------------------------------------------------------------------------------------------

create function test.after(statement text, question text) returns text language plpgsql as $$
declare
  answer text;
begin
  alter table test.patients disable trigger auxeira_history_update;
  execute statement;
  alter table test.patients enable always trigger auxeira_history_update;
  answer := test.fault(question);
  raise exception 'undone' using detail = answer;
exception when others then
  get stacked diagnostics answer = pg_exception_detail;
  return answer;
end
$$;
select is(test.after('update test.patients set visits = 666 where id = ' || n, $$ select auxeira.ledger_erase('test.patients', '1', 'x', '{name}') $$),
          answer, 'a row that was altered is not erased' || without)
from (values (1, 'XX001 the history of the row is not in order, and nothing is erased', ''), (2, 'no error', ', others are')) t (n, answer, without);

-- --- Erasing columns --------------------------------------------------------------------------------------------------------

select is(auxeira.ledger_erase('test.patients', '1', 'Art. 17 (1) b', '{name}'), 5::bigint, 'a column is erased from every change');
select unalike(test.kept(), '%Ada%', 'the ledger does not have its values');
select alike(test.kept(), '%Ulm%', 'and has those of others');
select is(test.versions('operation'), 'B / U / U / U / U / E', 'the erasure is a change');
select is(test.versions('"row" -> ''name'''), '{"erased": true} / {"erased": true} / {"erased": true} / {"erased": true} / null / null',
          'versions say that it was erased');
select is(test.versions('"row" ->> ''city'''), 'Ulm / Köln / Köln / Köln / Köln / Köln', 'and what is left');
select is(test.versions('standing'), 'erased / erased / erased / erased / erased / proven', 'they are proven no more; the row is');
select is(test.versions('concat_ws('' '', reason, request_id, trace_id)'), ' /  /  /  /  / Art. 17 (1) b', 'nor why and by which request');
select is((select reason from auxeira.history('test.patients', '1') where operation = 'E'), 'Art. 17 (1) b', 'on which legal basis');
select is((select concat_ws(' ', columns, legal_basis, changes) from auxeira.ledger_erasures), '{name} Art. 17 (1) b 5', 'and in the list');
select is(test.fault($$ select auxeira.revert('test.patients', '1', 1) $$), '22023 a part of version 1 was erased',
          'nobody goes back to it');
select is_empty($$ select * from auxeira.ledger_verify() $$, 'the ledger is as good as before');

select is(test.after('update auxeira.ledger_changes set reason = ''forged'' where change_id = ' || :first,
  $$ select auxeira.ledger_erase('test.patients', '1', 'x') $$), 'XX001 the history of the row is not in order, and nothing is erased',
  'what it left and was altered since is not erased');
select salt as earlier_salt from auxeira.ledger_erasure_salts where change_id = :first \gset

-- --- Proofs ------------------------------------------------------------------------------------------------------------------

select is((select encode(substr(proof, 17), 'hex') from auxeira.ledger_changes where change_id = :first), :'leaf', 'the leaf is what it was');
select is((select head from auxeira.ledger_blocks where head = :'head'), :'head', 'the head too');
select ok(auxeira.ledger_seal() is not null, 'sealing goes on');
select is(auxeira.ledger_consistency((select min(tree_size) from auxeira.ledger_blocks), (select max(tree_size) from auxeira.ledger_blocks))
          ->> 'version', '1', 'and the old head is the beginning of the new one');
select is(test.fault(format('select auxeira.ledger_receipt(%s)', :first)), format('XX001 change %s cannot be proved', :first),
          'no receipt of what is gone');
select ok((select substr(proof, 1, 16) = decode(repeat('00', 16), 'hex') from auxeira.ledger_changes where change_id = :first),
          'there is no salt to try values with');

-- --- Erasing all ---------------------------------------------------------------------------------------------------------------

delete from test.patients where id = 1;
select auxeira.ledger_erase('test.patients', '1', 'Art. 17 (1) b') \g /dev/null
select unalike(test.kept(), '%Köln%', 'of a row that is gone nothing is left');
select is(test.versions('standing'), 'erased / erased / erased / erased / erased / erased / erased / proven', 'but that it was');
select is_empty($$ select * from auxeira.ledger_verify() $$, 'and the ledger is as good as before');

select isnt(salt, :'earlier_salt', 'the hash that the earlier erasure left has no salt any more') from auxeira.ledger_erasure_salts
where change_id = :first;
select is((select string_agg(cardinality(change_ids)::text, ' ' order by marked_by) from auxeira.ledger_erasures), '5 7',
          'each erasure has hashes of what it left');

-- --- Guessing ----------------------------------------------------------------------------------------------------------------------

-- Whoever has all of the ledger tries every value that a column could have had.
create table test.cards (id integer primary key, pin text);
insert into test.cards values (1, '4711');
select auxeira.enable_history('test.cards') \g /dev/null
select auxeira.ledger_seal() \g /dev/null
select auxeira.ledger_receipt(change_id)::jsonb as receipt, change_id as card from auxeira.history('test.cards', '1') \gset
update test.cards set pin = null;

create function test.pins_that_fit(metadata text, row_of_4711 text, salt bytea, leaf bytea) returns text language sql as $$
  select string_agg(guess.pin, ' ')
  from (select lpad(n::text, 4, '0') from generate_series(0, 9999) n) guess (pin),
    (select decode(metadata, 'hex'), decode(row_of_4711, 'hex')) known (metadata, encoded)
  where sha256('\x00' || salt || int4send(length(known.metadata)) || known.metadata || '\x01'
    || decode(replace(row_of_4711, encode('4711', 'hex'), encode(guess.pin::bytea, 'hex')), 'hex')) = leaf $$;
select is(test.pins_that_fit(:'receipt'::jsonb ->> 'metadata', :'receipt'::jsonb ->> 'row', substr(proof, 1, 16), substr(proof, 17)), '4711',
          'before an erasure, 10,000 guesses find the PIN') from auxeira.ledger_changes where change_id = :card;
select auxeira.ledger_erase('test.cards', '1', 'Art. 17 (1) b') \g /dev/null
select is(test.pins_that_fit(:'receipt'::jsonb ->> 'metadata', :'receipt'::jsonb ->> 'row', salt, substr(proof, 17)), null,
          'after it they find nothing, ' || what)
from auxeira.ledger_changes, lateral (values ('with the salt that is stored', substr(proof, 1, 16)), ('with none', '')) s (what, salt)
where change_id = :card;
select is((select substr(proof, 17) from auxeira.ledger_changes where change_id = :card), decode(:'receipt'::jsonb ->> 'leaf', 'hex'),
          'although the leaf is there');

-- --- Earlier eras ---------------------------------------------------------------------------------------------------------------

create table test.guests (id integer primary key, name text);
insert into test.guests values (1, 'Ottilie'), (2, 'Paul');
select auxeira.enable_history('test.guests') \g /dev/null
update test.guests set name = 'Ottilie Q.' where id = 1;
select auxeira.ledger_hold('test.guests', '2', 'the case Bonn') as hold \gset
select auxeira.disable_history('test.guests') \g /dev/null
select auxeira.ledger_seal() \g /dev/null
select auxeira.enable_history('test.guests') \g /dev/null
update test.guests set name = null where id = 1;
create function test.guests_kept() returns text language sql as $$
  select string_agg(convert_from(replace(encode(coalesce(difference, ''), 'escape'), '\000', ' ')::bytea, 'SQL_ASCII'), ' ')
  from auxeira.ledger_all c join auxeira.ledger_tables t using (table_id) where t.relation = 'test.guests'::regclass
$$;
select alike(test.guests_kept(), '%Ottilie%', 'an earlier era knows a name');
select is(test.fault($$ select auxeira.ledger_erase('test.guests', '2', 'consent withdrawn') $$), '55006 the history of the row is held',
  'a hold of an earlier era holds');
select is(auxeira.ledger_erase('test.guests', '1', 'Art. 17 (1) b'), 5::bigint, 'what earlier eras say is erased, too');
select unalike(test.guests_kept(), '%Ottilie%', 'and nothing has the name');
select is((select string_agg(operation || version || standing, ' ' order by version) from auxeira.history('test.guests', '1')),
  'B1erased U2erased X3erased E4proven B5erased U6erased E7proven', 'each era says so');
select is((select count(*) from auxeira.ledger_erasures e join auxeira.ledger_tables t using (table_id)
  where t.relation = 'test.guests'::regclass), 2::bigint, 'and so does the list');
select auxeira.ledger_release(:'hold', 'closed'), auxeira.disable_history('test.guests') \g /dev/null
select is(auxeira.ledger_erase('test.guests', '2', 'Art. 17 (1) b'), 4::bigint, 'of a table whose history has ended it can be erased, too');
select unalike(test.guests_kept(), '%Paul%', 'and is');
create table test.rooms (id integer primary key, code text not null);
insert into test.rooms values (1, 'a');
select auxeira.enable_history('test.rooms') \g /dev/null
select auxeira.ledger_hold('test.rooms', null, 'an audit') as hold, auxeira.disable_history('test.rooms') \gset
alter table test.rooms drop constraint rooms_pkey, add primary key (code);
select auxeira.enable_history('test.rooms') \g /dev/null
select is(test.fault($$ select auxeira.ledger_erase('test.rooms', '"a"', 'consent withdrawn') $$), '55006 the history of the row is held',
  'a hold of the table holds when its key is another since, too');
select ok(auxeira.ledger_seal() is not null, 'and sealed');
select is_empty($$ select * from auxeira.ledger_verify() $$, 'and the ledger is as good as before');

-- The salt in any table, and the value, however they are written down.
create function test.tables_with(what bytea) returns text language plpgsql as $$
declare
  target regclass;
  found boolean;
  tables text[] := '{}';
begin
  for target in select c.oid from pg_class c where c.relnamespace = 'auxeira'::regnamespace and c.relkind = 'r' loop
    execute format('select exists (select from %s t where position($1 in convert_to(t::text, ''UTF8'')) > 0
      or position(encode($1, ''hex'') in t::text) > 0)', target) into found using what;
    if found then tables := tables || target::text; end if;
  end loop;
  return array_to_string(tables, ' ');
end
$$;
select is(test.tables_with(decode(:'receipt'::jsonb ->> 'salt', 'hex')), '', 'nothing has the salt any more');
select matches(test.tables_with(decode(:'receipt'::jsonb ->> 'leaf', 'hex')), 'auxeira.ledger_changes_', 'which would be found');

-- What looks erased and was not is found.
update auxeira.ledger_changes set proof = auxeira.without_salt(proof)
where change_id = (select change_id from auxeira.history('test.patients', '2') limit 1);
select is((select string_agg(distinct problem, ', ') from auxeira.ledger_verify()), 'an erased change without an erasure',
          'salts that went otherwise are found');
select * from finish();
