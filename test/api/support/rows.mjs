// What is in the database, so that a refused request can be shown to have left nothing.
import assert from 'node:assert/strict';
import { Session } from './sql.mjs';

// What the ledger says of the tables that may change may change, too.
const openChanges = (except) => `
  (select o.* from auxeira.ledger_open o join auxeira.ledger_tables t using (table_id)
   where not t.label = any ('{${except.map((table) => `auxeira.${table}`)}}'))`;

// Events of rows that changed before find their place at any time.
const moving = ['event_outbox', 'live_events'];

// For each table the number of rows and a hash of them: a changed row is noticed too. Mails are sent at any time.
const everything = (except) => `
  select json_object_agg(c.relname, query_to_xml(format(
           'select count(*) as rows, md5(string_agg(t::text, chr(10) order by t::text)) as hash from %s t',
           case c.relname
             when 'mail_outbox' then '(select mail_id from auxeira.mail_outbox)'
             when 'ledger_open' then $open$${openChanges(except)}$open$
             else c.oid::regclass::text
           end), false, false, '')::text order by c.relname)
  from pg_class c
  where c.relnamespace = 'auxeira'::regnamespace and c.relkind in ('r', 'p')
    and not c.relname = any ('{${[...moving, ...except]}}');`;

const sessions = new Map();

async function contents({ dsn }, except) {
  if (!sessions.has(dsn)) sessions.set(dsn, new Session(dsn));
  const tables = JSON.parse(await sessions.get(dsn).run(everything(except)));
  const short = (xml) => xml.replace(/<[^>]*>|\s+/g, ' ').trim().replace(/ +/g, ' ');
  return Object.fromEntries(Object.entries(tables).map(([table, xml]) => [table, short(xml)]));
}

// Only for a database that nobody else uses meanwhile.
export async function leavesNoRow(service, attempt, { except = [] } = {}) {
  const before = await contents(service, except);
  const result = await attempt();
  assert.deepEqual(await contents(service, except), before);
  return result;
}

// What a refused login leaves: that it was tried, and is to be waited for. The first change of a connection names its actor.
export const leavesAttempts = (service, attempt) =>
  leavesNoRow(service, attempt, { except: ['access_events', 'login_delays', 'ledger_actors'] });
