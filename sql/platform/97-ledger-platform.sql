-- The ledger: the tables of the platform have history. Synthetic rows have none: the row of their session has it, and they
-- can be made from it again. All but these:
--   the ledger's own, which the tree of hashes proves; api_functions and schema_version, which come with the platform;
--   account_tokens, refresh_tokens and recovery_codes, whose keys are hashes of secrets (access_events tells of their use);
--   synthetic_members and synthetic_claims, which follow from a session of synthetic data (its own row has history);
--   login_delays, mail_outbox, synthesis_turns, writing_turns, rights_changes, change_marks, idempotent_answers, event_outbox,
--   live_events and event_turns, which hold what is under way and no facts.
set local role auxeira_owner;

create function auxeira.platform_history() returns table (relation regclass, secret_columns text[], exempt_column text) language sql stable
begin atomic
  select c.oid::regclass, coalesce(s.columns, '{}'),
    coalesce((select a.attname::text from pg_attribute a where a.attrelid = c.oid and a.attname = 'is_synthetic'), '')
  from pg_class c
    left join (values
      ('api_keys', array['key_hash']), ('integration_credentials', array['sealed']), ('invitations', array['token_hash']),
      ('totp_secrets', array['sealed']), ('user_credentials', array['password_hash', 'rehashed_from'])) s (name, columns)
      on s.name = c.relname
  where c.relnamespace = 'auxeira'::regnamespace and c.relkind = 'r' and not c.relispartition
    and c.relname !~ '^ledger_'
    and c.relname <> all (array['api_functions', 'schema_version', 'account_tokens', 'refresh_tokens', 'recovery_codes',
                                'login_delays', 'mail_outbox', 'synthesis_turns', 'synthetic_members', 'synthetic_claims',
                                'writing_turns', 'rights_changes', 'change_marks', 'idempotent_answers', 'event_outbox', 'live_events',
                                'event_turns'])
  order by c.relname;
end;
comment on function auxeira.platform_history() is 'The tables of the platform that have history, with their secret columns, and the one that exempts synthetic rows.';
revoke execute on function auxeira.platform_history() from public;

select auxeira.enable_history(p.relation, p.secret_columns, null, p.exempt_column) from auxeira.platform_history() p \g /dev/null

reset role;
