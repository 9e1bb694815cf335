-- The install script of the extension: functions and types only. Tables, policies and the API are ordinary
-- objects made by sql/platform.sql, so that a dump holds them and DROP EXTENSION cannot take data along.
\echo Use "CREATE EXTENSION auxeira" to load this file. \quit
