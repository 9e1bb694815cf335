// What is in the database, so that a refused request can be shown to have left nothing.
import assert from 'node:assert/strict';
import { Session } from './sql.mjs';

// For each table the number of rows and a hash of them: a changed row is noticed too. Mails are sent at any time.
const everything = `
  select json_object_agg(c.relname, query_to_xml(format(
           'select count(*) as rows, md5(string_agg(t::text, chr(10) order by t::text)) as hash from %s t',
           case c.relname when 'mail_outbox' then '(select mail_id from auxeira.mail_outbox)' else c.oid::regclass::text
           end), false, false, '')::text order by c.relname)
  from pg_class c
  where c.relnamespace = 'auxeira'::regnamespace and c.relkind in ('r', 'p');`;

const sessions = new Map();

async function contents({ dsn }) {
  if (!sessions.has(dsn)) sessions.set(dsn, new Session(dsn));
  const tables = JSON.parse(await sessions.get(dsn).run(everything));
  const short = (xml) => xml.replace(/<[^>]*>|\s+/g, ' ').trim().replace(/ +/g, ' ');
  return Object.fromEntries(Object.entries(tables).map(([table, xml]) => [table, short(xml)]));
}

const without = (tables, except) =>
  Object.fromEntries(Object.entries(tables).filter(([table]) => !except.includes(table)));

// Only for a database that nobody else uses meanwhile.
export async function leavesNoRow(service, attempt, { except = [] } = {}) {
  const before = await contents(service);
  const result = await attempt();
  assert.deepEqual(without(await contents(service), except), without(before, except));
  return result;
}

// What a refused login leaves: that it was tried, and is to be waited for.
export const leavesAttempts = (service, attempt) =>
  leavesNoRow(service, attempt, { except: ['access_events', 'login_delays'] });
