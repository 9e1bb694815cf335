// A libpq connection string as the environment variables that libpq reads, so that no secret is ever an argument.

const variables = {
  host: 'PGHOST', port: 'PGPORT', dbname: 'PGDATABASE', user: 'PGUSER', password: 'PGPASSWORD', sslmode: 'PGSSLMODE',
};

function keywordsOf(uri) {
  const url = new URL(uri);
  const parts = {
    host: url.hostname, port: url.port, dbname: url.pathname.slice(1), user: url.username, password: url.password,
    ...Object.fromEntries(url.searchParams),
  };
  const given = Object.entries(parts).filter(([, value]) => value !== '');
  return Object.fromEntries(given.map(([key, value]) => [key, decodeURIComponent(value)]));
}

function keywordsIn(text) {
  const pairs = text.matchAll(/(\w+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'|(\S+))/g);
  return Object.fromEntries([...pairs].map(([, key, quoted, plain]) => [key, plain ?? quoted.replace(/\\(.)/g, '$1')]));
}

export function parseDsn(dsn) {
  return /^postgres(ql)?:\/\//.test(dsn) ? keywordsOf(dsn) : keywordsIn(dsn);
}

export function formatDsn(keywords) {
  const quoted = (value) => `'${String(value).replace(/['\\]/g, '\\$&')}'`;
  return Object.entries(keywords).map(([key, value]) => `${key}=${quoted(value)}`).join(' ');
}

export function environmentOf(dsn) {
  const known = Object.entries(parseDsn(dsn)).filter(([key]) => key in variables);
  return Object.fromEntries(known.map(([key, value]) => [variables[key], value]));
}
