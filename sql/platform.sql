-- Installs the platform: roles, tables, policies, API functions. Run by a superuser with psql, in the database
-- that is to hold it, after CREATE EXTENSION auxeira (which it does itself when that has not been done):
--
--   psql -f sql/platform.sql
--
-- All or nothing, in one transaction. A database that already has this version is left alone.
\set ON_ERROR_STOP on
\set QUIET on
set client_min_messages = warning;

select to_regclass('auxeira.schema_version') is not null as installed \gset
\if :installed
  \echo 'The platform is installed already.'
\else
  begin;
  -- Whoever made the schema beforehand could change everything in it.
  do $$
  begin
    if exists (select from pg_namespace n join pg_roles r on r.oid = n.nspowner
               where n.nspname in ('auxeira', 'auxeira_api', 'bi') and not r.rolsuper) then
      raise exception using errcode = '42501', message = 'a schema of the platform exists and is not a superuser''s',
        hint = 'Drop the schemas auxeira, auxeira_api and bi, or take another database.';
    end if;
  end
  $$;
  create extension if not exists auxeira;
  \ir platform/10-roles.sql
  \ir platform/20-foundation.sql
  \ir platform/25-visibility.sql
  \ir platform/26-access.sql
  \ir platform/27-delays.sql
  \ir platform/28-mail.sql
  \ir platform/30-accounts.sql
  \ir platform/31-sessions.sql
  \ir platform/32-passwords.sql
  \ir platform/33-second-factor.sql
  \ir platform/34-api-keys.sql
  \ir platform/35-relationships.sql
  \ir platform/36-identity.sql
  \ir platform/37-organizations.sql
  \ir platform/38-invitations.sql
  \ir platform/39-addresses.sql
  \ir platform/39-own-account.sql
  \ir platform/40-metrics.sql
  \ir platform/45-company-facts.sql
  \ir platform/50-scoring.sql
  \ir platform/51-benchmarks.sql
  \ir platform/60-synthesis.sql
  \ir platform/61-templates.sql
  \ir platform/70-gamification.sql
  \ir platform/80-investments.sql
  \ir platform/81-integrations.sql
  \ir platform/82-documents.sql
  \ir platform/83-programs.sql
  \ir platform/84-facts.sql
  \ir platform/85-ecosystem.sql
  \ir platform/86-ecosystem-companies.sql
  \ir platform/87-ecosystem-deals.sql
  \ir platform/88-ecosystem-dashboards.sql
  \ir platform/88-synthetic-parents.sql
  \ir platform/89-ecosystem-building.sql
  \ir platform/89-synthetic-sessions.sql
  \ir platform/90-operations.sql
  \ir platform/91-conditional-requests.sql
  \ir platform/91-events.sql
  \ir platform/91-idempotency.sql
  \ir platform/91-lists.sql
  \ir platform/92-report-series.sql
  \ir platform/93-report-companies.sql
  \ir platform/94-ledger.sql
  \ir platform/94-report-children.sql
  \ir platform/94-report-founders.sql
  \ir platform/94-report-rows.sql
  \ir platform/95-ledger-sealing.sql
  \ir platform/95-synthetic-report.sql
  \ir platform/96-ledger-reading.sql
  \ir platform/96-ledger-reverting.sql
  \ir platform/97-ledger-evidence.sql
  \ir platform/97-ledger-platform.sql
  \ir platform/98-ledger-retention.sql
  \ir platform/98-ledger-service.sql
  \ir platform/98-operation-figures.sql
  \ir platform/99-privileges.sql
  commit;
  \echo 'The platform is installed.'
\endif
