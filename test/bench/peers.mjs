// The peers of the shim, each a process of its own on a free port of loopback: `node` answers with node:http and pg, by the
// same functions; `postgraphile` answers GraphQL, with row-level security by a claim. Says {"url", "token"} once it listens.
// node test/bench/peers.mjs KIND, with AUXEIRA_URL, AUXEIRA_APP_DSN, AUXEIRA_DSN and AUXEIRA_WORKERS; ORG.
import { createPublicKey, randomBytes, verify } from 'node:crypto';
import { createServer } from 'node:http';
import jwt from 'jsonwebtoken';
import pg from 'pg';
import { postgraphile } from 'postgraphile';

const { AUXEIRA_URL: url, ORG: org } = process.env;

// As libpq reads it: name='value' or name=value.
const connectionOf = (dsn) => {
  const found = Object.fromEntries([...dsn.matchAll(/(\w+)=(?:'([^']*)'|(\S+))/g)].map(([, name, quoted, bare]) => [name, quoted ?? bare]));
  return { host: found.host, port: Number(found.port), database: found.dbname, user: found.user, password: found.password };
};
const poolOf = (dsn) => new pg.Pool({ ...connectionOf(dsn), max: Number(process.env.AUXEIRA_WORKERS) });

async function keysOf() {
  const { keys } = await (await fetch(`${url}/.well-known/jwks.json`)).json();
  return new Map(keys.map((key) => [key.kid, createPublicKey({ key, format: 'jwk' })]));
}

// A token is verified with each request, as servers written by hand do. Gives what the database is told of who calls.
const guard = (keys) => (token) => {
  const [header, payload, signature] = token.split('.');
  const { kid } = JSON.parse(Buffer.from(header, 'base64url'));
  if (!verify(null, Buffer.from(`${header}.${payload}`), keys.get(kid), Buffer.from(signature, 'base64url'))) return undefined;
  const { sub, sid, ver, exp } = JSON.parse(Buffer.from(payload, 'base64url'));
  return exp * 1000 > Date.now() ? JSON.stringify({ sub, sid, ver, requestId: 'bench' }) : undefined;
};

const routes = [
  ['GET', /^\/api\/dashboard\/metrics$/, 'get_metrics', () => '{}'],
  ['GET', /^\/api\/sse\/score\/(.*)$/, 'get_sse_score', ([, startupId]) => JSON.stringify({ startupId })],
  ['GET', /^\/api\/health$/, 'health', () => '{}'],
  ['POST', /^\/api\/gamification\/action$/, 'complete_action', (_, body) => body],
];

const bodyOf = async (request) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
};

async function answer(pool, claimsOf, request) {
  const [, , name, argument] = routes.find(([method, path]) => method === request.method && path.test(request.url)) ?? [];
  if (name === undefined) return { status: 404, body: '{}' };
  const token = request.headers.authorization?.slice('Bearer '.length);
  const claims = name === 'health' ? '{}' : claimsOf(token ?? '..');
  if (claims === undefined) return { status: 401, body: '{}' };
  const match = request.url.match(routes.find((route) => route[2] === name)[1]);
  const text = argument(match, request.method === 'POST' ? await bodyOf(request) : '');
  const { rows } = await pool.query({
    name: 'call', text: 'select status, body::text from auxeira.call($1::jsonb, $2::text, $3::jsonb)',
    values: [claims, name, text],
  });
  return rows[0];
}

async function reference() {
  const pool = poolOf(process.env.AUXEIRA_APP_DSN);
  const claimsOf = guard(await keysOf());
  const handle = async (request, response) => {
    const { status, body } = await answer(pool, claimsOf, request).catch((error) => ({ status: 500, body: JSON.stringify(error.message) }));
    response.writeHead(status, { 'content-type': 'application/json' }).end(body);
  };
  return { handle, token: '' };
}

async function graphql() {
  const secret = randomBytes(32).toString('base64');
  const handle = postgraphile(poolOf(process.env.AUXEIRA_DSN), 'bench_graphql',
    { jwtSecret: secret, jwtPgTypeIdentifier: 'bench_graphql.token', jwtVerifyOptions: { audience: null }, disableQueryLog: true });
  return { handle, token: jwt.sign({ role: 'bench_reader', org_id: org }, secret, { expiresIn: '1h' }) };
}

const { handle, token } = await { node: reference, postgraphile: graphql }[process.argv[2]]();
const server = createServer(handle);
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ url: `http://127.0.0.1:${server.address().port}`, token })));
